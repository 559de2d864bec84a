"""The SQL is written once for SQLite and PostgreSQL: a real PostgreSQL runs every migration and prepares
every statement of the program's visible lists."""
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from support.instance import BUILD

CHECK = BUILD / "src" / "everseal-postgres-check"


def newest_tools():
    """Debian keeps the server's programs out of PATH, one folder a version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return folders[-1] if folders else None


@pytest.fixture(scope="module")
def cluster():
    """A private server on a Unix socket. It refuses to run as root, so root lends it a user."""
    tools = newest_tools()
    assert tools, "PostgreSQL is not installed: tools/deps test"
    folder = Path(tempfile.mkdtemp(prefix="everseal-pg-"))
    user = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    run = dict(check=True, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
               **user)
    data = folder / "data"
    subprocess.run([tools / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N",
                    "--locale=C", "-E", "UTF8"], **run)
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    ctl = [tools / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    subprocess.run([*ctl, "-o", options, "start"], **run)
    yield f"host={folder} user=postgres dbname=postgres"
    subprocess.run([*ctl, "-m", "immediate", "stop"], **run)
    shutil.rmtree(folder, ignore_errors=True)


def test_postgresql_takes_every_migration_and_statement(cluster):
    assert CHECK.exists(), "the build found no libpq: install libpq-dev"
    done = subprocess.run([CHECK, cluster], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    counted = [line for line in done.stdout.splitlines() if "statements prepared" in line]
    assert len(counted) == 2, done.stdout
    assert all(int(line.split()[1]) > 0 and int(line.split()[5]) > 0 for line in counted), counted
