"""A hijacked role: what it may not do ends it or is refused. Needs a build with -Dprobe=true."""
import os

import pytest

from support.instance import wait_until

ROLES = ["control", "applier", "ca", "edge"]
TRIES = ["open", "socket", "execve", "ptrace"]
REFUSED = ["Permission denied", "Operation not permitted"]


def outcome(instance, role, what):
    """How the attempt went: "killed", "refused", "allowed"; None while nobody knows."""
    text = instance.log_text()
    tried = f"probe {role} {what}: "
    if tried + "trying" not in text:
        return None
    if tried + "allowed" in text:
        return "allowed"
    if any(tried + words in text for words in REFUSED):
        return "refused"
    ends = [row for row in instance.log_rows() if row.get("event") == "process.ended"
            and row["name"] == role and row["text"].startswith("SIGSYS")]
    return "killed" if ends else None


@pytest.mark.probe
@pytest.mark.parametrize("what", TRIES)
@pytest.mark.parametrize("role", ROLES)
def test_a_hijacked_role_is_stopped(everseal, role, what):
    one = everseal({"edge.workers": "1"}, start=False, env={"EVERSEAL_PROBE": f"{role}:{what}"})
    one.spawn()
    answer = wait_until(lambda: outcome(one, role, what), 20, words=f"{role} tries {what}")
    assert answer == ("refused" if what == "open" else "killed")


def test_other_builds_try_nothing(everseal):
    one = everseal({"edge.workers": "1"}, env={"EVERSEAL_PROBE": "edge:execve"})
    assert one.pids("edge")
    assert "probe edge" not in one.log_text()


@pytest.mark.quick
def test_status_shows_every_layer_of_every_process(shared):
    text = shared.cli("status", "--sandbox").stdout
    for words in ("no_new_privs", "not dumpable", "core 0", "seccomp", "Landlock"):
        assert text.count(words) >= len(shared.processes()), words


@pytest.mark.quick
def test_the_kernel_agrees(shared):
    """What /proc says of each role: filter on, no new privileges, no capabilities, no core files."""
    for row in shared.processes():
        with open(f"/proc/{row['pid']}/status") as file:
            status = dict(line.split(":\t", 1) for line in file if ":\t" in line)
        assert status["NoNewPrivs"].strip() == "1", row
        assert status["Seccomp"].strip() == "2", row
        assert all(int(status[kind], 16) == 0 for kind in ("CapPrm", "CapEff", "CapAmb")), row
        with open(f"/proc/{row['pid']}/limits") as file:
            core = [line for line in file if line.startswith("Max core file size")][0]
        assert core.split()[4:6] == ["0", "0"], row


@pytest.mark.skipif(os.geteuid() != 0, reason="roles have users of their own only under root")
def test_each_role_has_a_user_of_its_own(shared):
    real = {}
    for row in shared.processes():
        with open(f"/proc/{row['pid']}/status") as file:
            real.setdefault(row["role"], set()).update(
                int(one) for line in file if line.startswith("Uid:") for one in line.split()[1:])
    assert all(len(uids) == 1 and 0 not in uids for uids in real.values()), real
    assert len(set.union(*real.values())) == len(real)
