"""Nothing acknowledged is lost: not by kill -9 of any role at any moment, not by a full disk."""
import os
import random
import signal
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
import requests

from support import edge
from support.instance import SANITIZED, wait_until

ROUNDS = int(os.environ.get("EVERSEAL_CRASH_ROUNDS", "200"))
POSTS = 10 * ROUNDS  # in step: ten names are let through for each kill
POSTERS = 4
SETTINGS = {"edge.workers": "2", "api.rate.requests": "1000000", "supervisor.pause": "100ms"}


class Posting:
    """Posts hostnames from several threads until all are through; notes which were acknowledged."""

    def __init__(self, one, zone, origin, count):
        self.one, self.zone, self.origin = one, zone, origin
        self.names = [f"h{i}.{zone['name']}" for i in range(count)]
        self.todo = list(reversed(self.names))
        self.acknowledged = {}
        self.statuses = {}
        self.unclear = []
        self.allowed = 10
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(POSTERS)]
        for thread in self.threads:
            thread.start()

    def run(self):
        api = self.one.api.with_token(self.one.api.token)
        while not self.stopped.is_set():
            if len(self.names) - len(self.todo) >= self.allowed:
                time.sleep(0.005)
                continue
            try:
                name = self.todo.pop()
            except IndexError:
                return
            self.post(api, name)

    def post(self, api, name):
        body = {"hostname": name, "ssl": {"method": "http", "type": "dv"}, "everseal": {"origin": {
            "host": "127.0.0.1", "scheme": "http", "http_port": self.origin.port}}}
        while not self.stopped.is_set():
            try:
                answer = api.call("POST", f"/zones/{self.zone['id']}/custom_hostnames", body,
                                  timeout=20)
            except requests.RequestException:
                time.sleep(0.02)
                continue
            self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
            if answer.ok:
                self.acknowledged[name] = answer.json()["result"]["id"]
                return
            if answer.status_code == 409:
                return  # committed, but the answer was lost with the process
            if not is_clear(answer):
                self.unclear.append(f"{answer.status_code} {answer.text}")
            time.sleep(0.05)

    def is_done(self):
        return not any(thread.is_alive() for thread in self.threads)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)


def is_clear(answer):
    """Ours to put right, not the client's; and in words."""
    try:
        return answer.status_code in (500, 502, 503, 504) and answer.json()["errors"][0]["message"]
    except (ValueError, LookupError):
        return False


class Visiting:
    """Asks for acknowledged names over and over; a certificate of another name is a fault."""

    def __init__(self, posting):
        self.posting = posting
        self.good, self.wrong = 0, []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        one = self.posting.one
        context = edge.tls_context(one.ca)
        while not self.stopped.is_set():
            known = list(self.posting.acknowledged)
            if not known:
                time.sleep(0.05)
                continue
            name = random.choice(known)
            try:
                edge.handshake(one.https, name, context=context, timeout=1).close()
                self.good += 1
            except ssl.SSLCertVerificationError as e:
                self.wrong.append((name, str(e)))
            except OSError:
                time.sleep(0.01)  # not live yet, or its worker was killed

    def stop(self):
        self.stopped.set()
        self.thread.join(10)


def settle(one, posting):
    """Everything is up again, and every acknowledged name is served."""
    wait_until(lambda: calm(one), 60, 0.2, "all roles back")
    context = edge.tls_context(one.ca)
    for name in random.sample(sorted(posting.acknowledged), min(200, len(posting.acknowledged))):
        wait_until(lambda: served(one, name, context), 60, words=f"{name} served")


def calm(one):
    try:
        status = one.cli_json("status")
    except AssertionError:
        return False
    return all(row["state"] == "ready" for row in status["processes"]) and status["orders"] == 0 \
        and all(m["behind"] == 0 and m["state"] == "live" for m in status["machines"])


def served(one, name, context):
    try:
        edge.handshake(one.https, name, context=context, timeout=5).close()
        return True
    except ssl.SSLCertVerificationError:
        raise
    except OSError:
        return False


def listed(one, zone):
    names, page = set(), 1
    while True:
        rows = one.api.get(f"/zones/{zone['id']}/custom_hostnames?per_page=50&page={page}")
        names |= {row["hostname"] for row in rows}
        page += 1
        if not rows:
            return names


def kill_in_rounds(one, posting, rounds, between=None):
    """kill -9 of every process but the supervisor, in random order at random moments; ten names
    are let through for each. between(kills) is called after each kill."""
    pids, kills = [], 0
    end = time.monotonic() + 300
    while kills < rounds:
        assert time.monotonic() < end, f"{kills} of {rounds} kills: too few processes come back"
        if not pids:
            pids = [row["pid"] for row in rows_of(one)]
            random.shuffle(pids)
        if pids and one.is_ours(pid := pids.pop()):
            os.kill(pid, signal.SIGKILL)
            kills += 1
            posting.allowed = 10 * (kills + 1)
            if between:
                between(kills)
        time.sleep(random.uniform(0, 0.1))


def expect_nothing_lost(one, zone, posting, visiting):
    wait_until(posting.is_done, 240, 0.2, f"all names posted ({posting.statuses})")
    wait_until(lambda: visiting.good > 0, 60, words="a handshake of the visitor")
    visiting.stop()
    settle(one, posting)
    assert posting.unclear == [], "refusals say what is the matter"
    assert visiting.wrong == []
    missing = set(posting.acknowledged) - listed(one, zone)
    assert not missing, f"{len(missing)} acknowledged names are lost: {sorted(missing)[:5]}"


def expect_equal_to_rebuild(one, posting):
    one.stop()
    followed = one.cli_json("replica", "show")
    assert followed["records"]["name"] >= len(posting.acknowledged)
    for part in ("public", "keys"):
        for file in (one.folder / "replica" / part).iterdir():
            file.unlink()
    one.start()
    wait_until(lambda: calm(one), 60, 0.2, "the replica built anew")
    one.stop()
    rebuilt = one.cli_json("replica", "show")
    assert (rebuilt["records"], rebuilt["digest"]) == (followed["records"], followed["digest"])


@pytest.mark.skipif(SANITIZED, reason="kills processes, not memory faults")
def test_kill_any_role_at_any_moment(everseal, origin, name):
    one = everseal(SETTINGS)
    zone = one.zone(name.split(".", 1)[1], "flexible")
    posting = Posting(one, zone, origin, POSTS)
    visiting = Visiting(posting)
    kill_in_rounds(one, posting, ROUNDS)
    expect_nothing_lost(one, zone, posting, visiting)
    expect_equal_to_rebuild(one, posting)


def rows_of(one):
    """Straight from /proc: the API may be away just now."""
    from support.instance import children
    rows = []
    for pid in children(one.process.pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        role = next((w[1:].decode() for w in words if w.startswith(b"@")), None)
        if role:
            rows.append({"pid": pid, "role": role})
    return rows


@pytest.fixture
def small_disk(work):
    folder = work / "small"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", str(folder)],
                          capture_output=True)
    if done.returncode != 0:
        pytest.skip("a tmpfs of 64 MB needs the right to mount one")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    with open(folder / "ballast", "wb", buffering=0) as out:
        try:
            while True:
                out.write(b"\0" * 65536)
        except OSError:
            pass


def relieve(folder):
    (folder / "ballast").unlink(missing_ok=True)


@pytest.mark.skipif(SANITIZED, reason="kills processes, not memory faults")
def test_kill_any_role_while_the_disk_fills_up(everseal, origin, name, small_disk):
    one = everseal(SETTINGS, folder=small_disk / "data")
    zone = one.zone(name.split(".", 1)[1], "flexible")
    rounds = max(ROUNDS // 4, 8)
    posting = Posting(one, zone, origin, 10 * rounds)
    visiting = Visiting(posting)

    def weigh(kills):
        if kills % 8 == 4:
            fill(small_disk)
            time.sleep(0.3)
        if kills % 8 == 0:
            relieve(small_disk)
    kill_in_rounds(one, posting, rounds, weigh)
    relieve(small_disk)
    assert any(status >= 500 for status in posting.statuses), "the disk was never full"
    expect_nothing_lost(one, zone, posting, visiting)
    expect_equal_to_rebuild(one, posting)


@pytest.mark.skipif(SANITIZED, reason="fills disks, no memory faults")
def test_full_disk(everseal, origin, name, small_disk):
    one = everseal({"edge.workers": "1", "api.rate.requests": "1000000"},
                   folder=small_disk / "data")
    zone = one.zone(name.split(".", 1)[1], "flexible")
    first = one.wait_live(zone, one.hostname(zone, name, origin))
    fill(small_disk)
    refusals = []
    acknowledged = []
    for i in range(400):
        answer = one.api.call("POST", f"/zones/{zone['id']}/custom_hostnames", {
            "hostname": f"full{i}.{zone['name']}", "ssl": {"method": "http", "type": "dv"},
            "everseal": {"origin": {"host": "127.0.0.1", "scheme": "http",
                                    "http_port": origin.port}}})
        if answer.ok:
            acknowledged.append(answer.json()["result"]["hostname"])
        else:
            refusals.append(answer)
        if len(refusals) >= 20:
            break
    assert refusals, "the disk never filled up"
    for answer in refusals:
        assert is_clear(answer), answer.text
    assert one.fetch(name).status == 200, "the edge must not mind a full disk"

    relieve(small_disk)
    wait_until(lambda: one.api.call("PATCH", f"/zones/{zone['id']}/settings/ssl",
                                    {"value": "flexible"}).ok, 30, 0.2, "writes to resume")
    later = one.hostname(zone, f"later.{zone['name']}", origin)
    one.wait_live(zone, later, 60)
    assert set(acknowledged) | {first["hostname"], later["hostname"]} <= listed(one, zone)
    context = edge.tls_context(one.ca)
    for acked in acknowledged:
        wait_until(lambda: served(one, acked, context), 60, words=f"{acked} served")
    one.stop()
