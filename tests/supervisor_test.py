"""What the supervisor owes to whoever started it, and what is left when it is killed."""
import fcntl
import os
import signal
import socket

import pytest

from support.instance import READY_SECONDS, SANITIZED, children, wait_until


@pytest.mark.quick
def test_ready_is_written_to_the_descriptor_named(everseal):
    one = everseal({"edge.workers": "1"}, start=False)
    ours, theirs = os.pipe()
    one.spawn(f"--ready-fd={theirs}", pass_fds=[theirs])
    os.close(theirs)
    assert os.read(ours, 100) == b"ready\n"
    assert one.is_ready()
    os.close(ours)


def test_systemd_is_told(everseal, work):
    path = work / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(60 if SANITIZED else 20)
        one = everseal({"edge.workers": "1"}, start=False, env={"NOTIFY_SOCKET": str(path)})
        one.spawn()
        assert listener.recv(100) == b"READY=1"
        one.process.send_signal(signal.SIGTERM)
        assert listener.recv(100) == b"STOPPING=1"
    assert one.process.wait(30) == 0


@pytest.mark.sanitize
def test_service_outlives_a_killed_supervisor_until_the_next_takes_over(everseal, origin, name):
    one = everseal({"edge.workers": "2"})
    one.onboard(name, origin)
    left = children(one.process.pid)
    one.process.kill()
    one.process.wait()
    assert one.fetch(name).status == 200
    one.start()
    assert one.fetch(name).status == 200
    wait_until(lambda: not any(one.is_ours(pid) for pid in left), 30, words="the old roles gone")
    assert one.fetch(name).status == 200


def test_left_roles_end_by_themselves_when_nobody_comes(everseal):
    one = everseal({"edge.workers": "1", "supervisor.grace": "0s"})
    left = children(one.process.pid)
    one.process.kill()
    one.process.wait()
    wait_until(lambda: not any(one.is_ours(pid) for pid in left), 30, words="the roles to end")


def test_a_taken_port_is_named(everseal, shared):
    one = everseal({"edge.http.listen": f"127.0.0.1:{shared.http_port}"}, start=False)
    assert one.spawn().wait(20) == 1
    assert f"edge.http.listen: 127.0.0.1:{shared.http_port}" in one.log_text()


def test_an_api_for_everybody_is_refused(everseal):
    one = everseal({"api.listen": "0.0.0.0:2780"}, start=False)
    assert one.spawn().wait(20) == 1
    assert "not a loopback address" in one.log_text()


def test_listening_sockets_outlive_their_worker(everseal, origin, name):
    """While the only worker is away connections wait: none is refused."""
    one = everseal({"edge.workers": "1"})
    one.onboard(name, origin)
    for _ in range(5):
        victim = one.pids("edge")[0]
        os.kill(victim, signal.SIGKILL)
        assert one.fetch(name).status == 200
        wait_until(lambda: one.pids("edge") and one.pids("edge")[0] != victim)


def test_a_stuck_terminal_stops_nobody(everseal):
    """Nobody reads what it writes: requests are answered, lines are dropped, and it stops when told."""
    one = everseal({"edge.workers": "1", "access_log.file": "-"}, start=False)
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    one.spawn(out=theirs)
    os.close(theirs)
    wait_until(one.is_ready, READY_SECONDS)
    for _ in range(20):
        for _ in range(300):
            assert one.fetch("nobody.example.net", "/" + "x" * 4000, tls=False).status == 404
        if dropped(one) > 0:
            break
    assert dropped(one) > 0
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(30) == 0
    os.close(ours)


def dropped(instance):
    name = "everseal_edge_access_lines_dropped_total"
    return sum(value for row, value in instance.metrics().items() if row.startswith(name))
