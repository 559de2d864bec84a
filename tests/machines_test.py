"""Several machines follow one truth: each has a replica of its own, all are equal, and the API says on
how many of them a hostname is live."""
import os
import signal
import subprocess

import pytest

from support.instance import BUILD, wait_until

REPLICA = BUILD / "src" / "role" / "applier" / "everseal-replica"


class Machine:
    """A second applier on the feed socket, as another machine would have it."""

    def __init__(self, one, folder, name):
        self.socket, self.folder, self.name = one.folder / "run" / "feed.sock", folder, name
        self.process = subprocess.Popen([REPLICA, "follow", self.socket, folder, name],
                                        stderr=subprocess.DEVNULL)

    def end(self, how=signal.SIGKILL):
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(how)
        self.process.wait()


def rebuilt(one, folder, name):
    """Epoch, seq and digest of a replica that is built from nothing."""
    done = subprocess.run([REPLICA, "rebuild", one.folder / "run" / "feed.sock", folder, name],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def machine(work, name):
    made = []

    def make(one, label):
        made.append(Machine(one, work / f"{label}-{name}", label))
        return made[-1]
    yield make
    for m in made:
        m.end()


def deployment(one, zone, row):
    path = f"/zones/{zone['id']}/custom_hostnames/{row['id']}"
    return one.api.get(path)["everseal"]["deployment"]


def state_of(one, label):
    return next((m["state"] for m in one.cli_json("status")["machines"] if m["name"] == label), None)


def test_live_on_two_of_two_and_the_silent_one_is_named(everseal, machine, origin, name, work):
    one = everseal({"edge.workers": "1"})
    zone = one.zone(name.split(".", 1)[1], "flexible")
    first = one.onboard(f"first.{zone['name']}", origin, zone)
    second = machine(one, "second")
    wait_until(lambda: state_of(one, "second") == "live", words="the second machine heard of")
    wait_until(lambda: deployment(one, zone, first)["live"] == 2, words="the first name on both")
    row = one.onboard(f"both.{zone['name']}", origin, zone)
    assert (deployment(one, zone, row)["live"], deployment(one, zone, row)["of"]) == (2, 2)

    second.process.send_signal(signal.SIGSTOP)
    later = one.hostname(zone, f"later.{zone['name']}", origin)
    wait_until(lambda: deployment(one, zone, later)["silent"] == ["second"], 30,
               words="the silent machine named")
    now = deployment(one, zone, later)
    assert (now["live"], now["of"]) == (1, 2)
    assert state_of(one, "second") == "silent", "although its connection is still there"
    assert one.fetch(f"later.{zone['name']}").status == 200

    second.process.send_signal(signal.SIGCONT)
    wait_until(lambda: deployment(one, zone, later)["live"] == 2, 30, words="it catches up")


def test_replicas_by_replay_and_by_snapshot_are_equal(everseal, machine, origin, name, work):
    one = everseal({"edge.workers": "1"})
    zone = one.zone(name.split(".", 1)[1], "flexible")
    follower = machine(one, "follower")
    for i in range(20):
        row = one.hostname(zone, f"h{i}.{zone['name']}", origin)
        if i % 5 == 0:
            follower.process.send_signal(signal.SIGSTOP)
        if i % 5 == 3:
            follower.process.send_signal(signal.SIGCONT)
        if i % 4 == 0:
            one.api.delete(f"/zones/{zone['id']}/custom_hostnames/{row['id']}")
    wait_until(lambda: settled(one), 30, words="certificates for all, and for nobody else")
    anew = rebuilt(one, work / f"anew-{name}", "anew")
    shown = wait_until(lambda: at(one, int(anew[1])), words="the machine's own replica level")
    assert [shown["epoch"], str(shown["seq"]), shown["digest"]] == anew
    assert rebuilt(one, follower.folder, "follower") == anew
    assert shown["records"]["name"] == 15


def settled(one):
    """No order is open, and the certificates of deleted names are gone: the truth stands still."""
    status = one.cli_json("status")
    return status["orders"] == 0 and status["certificates"] == status["names"]


def at(one, seq):
    shown = one.cli_json("replica", "show")
    return shown if shown["seq"] == seq else None


def test_a_replica_deleted_under_way_is_built_anew(everseal, origin, name):
    one = everseal({"edge.workers": "2"})
    zone = one.zone(name.split(".", 1)[1], "flexible")
    one.onboard(f"before.{zone['name']}", origin, zone)
    for part in ("public", "keys"):
        for file in (one.folder / "replica" / part).iterdir():
            file.unlink()
    assert one.fetch(f"before.{zone['name']}").status == 200, "edges hold what they have mapped"
    for pid in one.pids("applier"):
        os.kill(pid, signal.SIGKILL)
    row = one.hostname(zone, f"after.{zone['name']}", origin)
    one.wait_live(zone, row)
    for _ in range(20):
        wait_until(lambda: served(one, f"after.{zone['name']}"), words="edges on the new replica")
        assert one.fetch(f"before.{zone['name']}").status == 200


def served(one, name):
    try:
        return one.fetch(name).status == 200
    except OSError:
        return False
