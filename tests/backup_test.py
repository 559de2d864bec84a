"""The drill: change, back up, change, restore, change; every edge agrees in the end."""
import json
import shutil

import pytest


def test_drill(everseal, origin, name, work):
    one = everseal({"edge.workers": "2"})
    zone = one.zone(name.split(".", 1)[1], "flexible")
    domain = zone["name"]
    kept, lost, later = name, f"lost.{domain}", f"later.{domain}"

    one.wait_live(zone, one.hostname(zone, kept, origin))
    folder = work / f"backup-{domain}"
    told = one.cli("backup", str(folder)).stdout
    assert str(one.folder / "kek") in told
    assert sorted(p.name for p in folder.iterdir()) == ["backup.json", "ca.db", "truth.db"]

    one.wait_live(zone, one.hostname(zone, lost, origin))
    assert one.fetch(lost).status == 200
    epoch = one.cli_json("status")["epoch"]

    refused = one.cli("restore", str(folder), check=False)
    assert refused.returncode == 1 and str(one.process.pid) in refused.stderr

    one.stop()
    one.cli("restore", str(folder))
    one.start()
    assert one.cli_json("status")["epoch"] != epoch
    assert one.fetch(kept).status == 200
    with pytest.raises(OSError):
        one.fetch(lost)

    one.wait_live(zone, one.hostname(zone, later, origin))
    assert one.fetch(later).status == 200
    machines = one.cli_json("status")["machines"]
    assert machines and all(m["epoch"] == one.cli_json("status")["epoch"] for m in machines)


def test_backup_never_holds_the_kek(everseal, origin, name, work):
    one = everseal({"edge.workers": "1"})
    one.onboard(name, origin)
    folder = work / "backup-kek"
    one.cli("backup", str(folder))
    secrets = [word for line in (one.folder / "kek").read_text().splitlines()
               if not line.startswith(("#", "everseal-kek")) for word in line.split()[1:2]]
    assert secrets
    for file in folder.iterdir():
        assert not any(secret.encode() in file.read_bytes() for secret in secrets)


def test_backup_into_an_existing_folder_is_refused(shared, tmp_path):
    (tmp_path / "something").write_text("x")
    done = shared.cli("backup", str(tmp_path), check=False)
    assert done.returncode == 1 and str(tmp_path) in done.stderr


def test_restore_of_a_broken_backup_changes_nothing(everseal, work):
    one = everseal({"edge.workers": "1"})
    folder = work / "backup-broken"
    one.cli("backup", str(folder))
    one.stop()
    before = (one.folder / "truth/truth.db").read_bytes()
    damaged = bytearray((folder / "truth.db").read_bytes())
    damaged[4096:8192] = b"\xff" * 4096
    (folder / "truth.db").write_bytes(damaged)
    assert one.cli("restore", str(folder), check=False).returncode == 1
    (folder / "backup.json").unlink()
    assert "backup.json" in one.cli("restore", str(folder), check=False).stderr
    assert (one.folder / "truth/truth.db").read_bytes() == before
    one.start()


def test_a_deleted_replica_is_rebuilt(everseal, origin, name):
    one = everseal({"edge.workers": "1"})
    one.onboard(name, origin)
    one.stop()
    for part in ("public", "keys"):
        for file in (one.folder / "replica" / part).iterdir():
            file.unlink() if file.is_file() else shutil.rmtree(file)
    one.start()
    from support.instance import wait_until
    wait_until(lambda: served(one, name), words="the replica rebuilt")
    assert json.loads(one.fetch(name).body)["origin"] == "origin"


def served(one, name):
    try:
        return one.fetch(name).status == 200
    except OSError:
        return False
