"""Logs are kept for as long as the settings say, and nothing needs what has been dropped."""
import shutil
import sqlite3

import pytest

from support.instance import SANITIZED, wait_until

HOUR = 3600 * 1000  # ms
DAY = 24 * HOUR
SETTINGS = {"retention.changes": "2h", "retention.audit": "3d", "retention.events": "2d"}
KEPT = {"change": 2 * HOUR, "audit": 3 * DAY, "event": 2 * DAY}


def rows(truth, table):
    where = "modified_at" if table == "cert_order" else "at"
    with sqlite3.connect(truth) as db:
        return {row[0]: row[1] for row in db.execute(f"select rowid, {where} from {table}")}


def age(truth, table, by):
    """Makes the rows of a stopped instance older."""
    where = "modified_at" if table == "cert_order" else "at"
    with sqlite3.connect(truth) as db:
        db.execute(f"update {table} set {where} = {where} - ?", (by,))


@pytest.mark.skipif(SANITIZED, reason="no new paths")
def test_what_is_older_than_its_setting_is_dropped(everseal, origin):
    one = everseal(SETTINGS)
    truth = one.folder / "truth" / "truth.db"
    one.onboard("old.retention.example.net", origin)
    one.stop()
    before = {table: rows(truth, table) for table in [*KEPT, "cert_order"]}
    assert all(before.values()), before
    for table, span in KEPT.items():  # just inside: a minute is left
        age(truth, table, span - 60 * 1000)
    one.start()
    one.onboard("young.retention.example.net", origin)
    one.stop()
    for table in before:
        assert set(before[table]) <= set(rows(truth, table)), table

    for table in KEPT:  # and outside
        age(truth, table, 2 * 60 * 1000)
    age(truth, "cert_order", KEPT["event"] + 60 * 1000)
    one.start()
    wait_until(lambda: not any(set(before[t]) & set(rows(truth, t)) for t in before),
               words="old rows to go")
    assert all(rows(truth, table) for table in KEPT)

    # Who was away for longer than changes are kept takes a snapshot.
    one.stop()
    shutil.rmtree(one.folder / "replica")
    one.start()
    for host in ("old.retention.example.net", "young.retention.example.net"):
        wait_until(lambda: one.fetch(host).status == 200, words=host)
