"""How an instance starts, stops, is asked to, and refuses to."""
import os
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from support import edge
from support.instance import BINARY, SANITIZED, children, wait_until


def start_refused(instance, *more):
    """Starts it, expects it to end by itself, returns what it said."""
    process = instance.spawn(*more)
    assert process.wait(30) != 0
    return instance.log_text()


@pytest.mark.quick
def test_second_up_is_refused_with_the_pid(shared):
    done = subprocess.run([str(BINARY), "up", *shared.flags()], text=True, capture_output=True,
                          env=shared.env, timeout=30)
    assert done.returncode != 0
    assert str(shared.process.pid) in done.stderr
    assert shared.is_ready()


def test_first_start_shows_the_token_once_and_says_what_to_back_up(everseal):
    one = everseal({"edge.workers": "1"})
    text = one.log_text()
    assert "cfat_" in text and "kek" in text and "root.pem" in text
    assert os.stat(one.folder / "kek").st_mode & 0o777 == 0o600
    one.log.write_text("")
    one.restart()
    assert "cfat_" not in one.log_text()
    for path in one.folder.rglob("*"):
        if path.is_file() and path.stat().st_size < 1 << 20:
            assert b"cfat_" not in path.read_bytes(), path


def test_wrong_kek_stops_the_start_with_words(everseal, origin, name):
    one = everseal({"edge.workers": "1"})
    one.onboard(name, origin)
    one.stop()
    other = everseal({"edge.workers": "1"})
    other.stop()
    kept = (one.folder / "kek").read_bytes()
    (one.folder / "kek").write_bytes((other.folder / "kek").read_bytes())
    text = start_refused(one)
    assert "key-encryption key" in text or "KEK" in text
    (one.folder / "kek").write_bytes(kept)
    one.start()
    assert one.fetch(name).status == 200


def test_missing_kek_stops_the_start_and_makes_no_new_one(everseal):
    one = everseal({"edge.workers": "1"})
    one.stop()
    (one.folder / "kek").rename(one.folder / "kek.away")
    text = start_refused(one)
    assert "kek" in text
    assert not (one.folder / "kek").exists()
    (one.folder / "kek.away").rename(one.folder / "kek")
    one.start()


def test_readable_kek_is_refused(everseal):
    one = everseal({"edge.workers": "1"})
    one.stop()
    (one.folder / "kek").chmod(0o644)
    assert "0600" in start_refused(one) or "chmod" in one.log_text()


def test_a_kek_that_is_no_file_is_refused(everseal):
    one = everseal({"edge.workers": "1"})
    one.stop()
    (one.folder / "kek").unlink()
    os.mkfifo(one.folder / "kek", 0o600)
    assert "kek is not a file" in start_refused(one)


@pytest.mark.parametrize("database", ("truth/truth.db", "ca/ca.db"))
@pytest.mark.parametrize("how", ("missing", "empty"))
def test_a_lost_database_is_not_made_anew(everseal, origin, name, database, how):
    one = everseal({"edge.workers": "1"})
    one.onboard(name, origin)
    one.stop()
    lost = one.folder / database
    kept = lost.read_bytes()
    for path in lost.parent.glob(lost.name + "*"):
        path.unlink()
    if how == "empty":
        lost.touch()
    text = start_refused(one)
    assert database in text and "everseal restore" in text
    lost.write_bytes(kept)
    os.chown(lost, lost.parent.stat().st_uid, lost.parent.stat().st_gid)
    one.start()
    assert one.fetch(name, "/").status == 200


def test_newer_truth_is_refused(everseal):
    one = everseal({"edge.workers": "1"})
    one.stop()
    with sqlite3.connect(one.folder / "truth/truth.db") as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        table = None
        if version:
            db.execute(f"PRAGMA user_version = {version + 1000}")
        else:
            table = [row[0] for row in db.execute(
                "SELECT name FROM sqlite_master WHERE name LIKE '%schema%' OR name LIKE '%migration%'")][0]
            column = db.execute(f"PRAGMA table_info({table})").fetchall()[0][1]
            db.execute(f"UPDATE {table} SET {column} = {column} + 1000")
    one.spawn()
    wait_until(lambda: "newer" in one.log_text(), 20, words="a word about the newer truth")


@pytest.mark.sanitize
def test_term_lets_requests_in_flight_finish(everseal, origin, name):
    one = everseal({"edge.workers": "1", "shutdown.timeout": "20s"})
    one.onboard(name, origin)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(one.fetch(name, "/delay/2")))
    thread.start()
    wait_until(lambda: ("GET", "/delay/2") in origin.requests)
    one.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses(one.https), words="the listeners to close")
    assert not answers
    thread.join()
    assert answers[0].status == 200
    assert one.process.wait(20) == 0


def refuses(address):
    try:
        edge.connect(address, 1).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False


def test_second_term_ends_at_once(everseal, origin, name):
    one = everseal({"edge.workers": "1", "shutdown.timeout": "60s"})
    one.onboard(name, origin)
    thread = threading.Thread(target=lambda: pytest.raises(Exception, one.fetch, name, "/delay/25"))
    thread.start()
    wait_until(lambda: ("GET", "/delay/25") in origin.requests)
    below = children(one.process.pid)
    one.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert one.process.poll() is None
    one.process.send_signal(signal.SIGTERM)
    one.process.wait(10)
    wait_until(lambda: not any(one.is_ours(pid) for pid in below), words="all roles gone")
    thread.join(30)


def test_hup_opens_log_files_anew(everseal, origin, name):
    one = everseal({"edge.workers": "1", "log.file": "log/everseal.log",
                    "access_log.file": "log/access.log"})
    one.onboard(name, origin)
    access = one.folder / "log/access.log"
    one.fetch(name, "/before")
    wait_until(lambda: "/before" in access.read_text())
    for file in (access, one.folder / "log/everseal.log"):
        file.rename(f"{file}.1")
    one.process.send_signal(signal.SIGHUP)
    wait_until(access.exists, words="a new access log")
    one.fetch(name, "/after")
    wait_until(lambda: "/after" in access.read_text())
    assert "/after" not in (one.folder / "log/access.log.1").read_text()


def test_restart_serves_the_same_certificate(everseal, origin, name):
    one = everseal({"edge.workers": "1"})
    one.onboard(name, origin)
    before = one.fetch(name).certificate
    one.restart()
    assert one.fetch(name).certificate == before


@pytest.mark.sanitize
@pytest.mark.parametrize("role", ["control", "applier", "ca", "edge"])
def test_what_dies_comes_back_and_service_goes_on(everseal, origin, name, role):
    one = everseal({"edge.workers": "2"})
    one.onboard(name, origin)
    victim = one.pids(role)[0]
    os.kill(victim, signal.SIGKILL)
    if role != "edge":
        assert one.fetch(name).status == 200
    wait_until(lambda: quiet(lambda: len(one.pids(role)) == (2 if role == "edge" else 1)
                             and victim not in one.pids(role)), 40, 0.1, f"{role} restarted")
    wait_until(lambda: quiet(lambda: one.fetch(name).status == 200), 20, words="service")
    more = "b-" + name
    zone = one.zone(name.split(".", 1)[1])
    wait_until(lambda: quiet(lambda: one.wait_live(zone, one.hostname(zone, more, origin))), 40,
               words="a new hostname after the death")
    assert one.fetch(more).status == 200


def quiet(what):
    try:
        return what()
    except Exception:
        return None


@pytest.mark.skipif(SANITIZED, reason="several instances under sanitizers take too long")
def test_kek_rotate_wraps_anew_while_serving(everseal, origin, name):
    one = everseal({"edge.workers": "1"})
    one.onboard(name, origin)
    before = one.cli_json("kek", "status")["keks"]
    assert len(before) == 1
    ring = (one.folder / "kek").read_text()
    one.cli("kek", "rotate", "--wait")
    rows = {row["id"]: row["wrapped"] for row in one.cli_json("kek", "status")["keks"]}
    assert rows.get(before[0]["id"], 0) == 0 and sum(rows.values()) > 0
    assert before[0]["id"] in ring and before[0]["id"] not in (one.folder / "kek").read_text()
    assert one.fetch(name).status == 200
    one.restart()
    assert one.fetch(name).status == 200
    more = "c-" + name
    zone = one.zone(name.split(".", 1)[1])
    one.wait_live(zone, one.hostname(zone, more, origin))
    assert one.fetch(more).status == 200
