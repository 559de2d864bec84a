"""A role that was taken over tries what it must not, from inside its sandbox (probing builds)."""
import pytest

from support.instance import wait_until

ROLES = ["control", "applier", "ca", "edge"]


@pytest.mark.probe
@pytest.mark.parametrize("what", ["open", "socket", "execve", "ptrace"])
@pytest.mark.parametrize("role", ROLES)
def test_is_refused(everseal, role, what):
    one = everseal({"edge.workers": "1"}, start=False, env={"EVERSEAL_PROBE": f"{role}:{what}"})
    one.spawn()
    tried = f"probe {role} {what}: "

    def outcome():
        killed = any(row["event"] == "process.ended" and row["name"] == role
                     and "SIGSYS" in row["text"] for row in one.log_rows() if "event" in row)
        answers = [line.split(tried)[1] for line in one.log_text().splitlines() if tried in line]
        return killed or any(answer != "trying" for answer in answers)
    wait_until(outcome, 20, words=f"{role} trying {what}")
    assert tried + "trying" in one.log_text()
    assert tried + "allowed" not in one.log_text()


@pytest.mark.quick
def test_status_prints_every_layer(shared):
    rows = {row["role"]: row["sandbox"] for row in shared.cli_json("status")["processes"]}
    for role in ROLES:
        for layer in ("seccomp", "no_new_privs", "limits"):
            assert layer in rows[role], (role, rows[role])
