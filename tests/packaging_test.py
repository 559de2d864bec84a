"""What `make install` puts in place."""
import subprocess

import pytest

from support.instance import BUILD, SANITIZED


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    done = subprocess.run(["meson", "install", "-C", str(BUILD), "--no-rebuild", "--destdir",
                           str(folder)], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def find(folder, name):
    return next(folder.rglob(name))


@pytest.mark.skipif(SANITIZED, reason="the sanitized build is not installed")
def test_files(installed):
    for name in ("everseal", "everseal.service", "everseal.1", "everseal.conf.5", "everseal.conf"):
        assert find(installed, name).stat().st_size > 0, name


@pytest.mark.skipif(SANITIZED, reason="the sanitized build is not installed")
def test_exposure_of_the_unit(installed, tmp_path):
    """systemd-analyze says 2.0 or less; its threshold counts tenths."""
    unit = tmp_path / "everseal.service"
    binary = find(installed, "everseal")
    lines = find(installed, "everseal.service").read_text().splitlines()
    lines = [f"ExecStart={binary} up" if line.startswith("ExecStart=") else line for line in lines]
    unit.write_text("\n".join(lines) + "\n")
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20",
                           "--no-pager", str(unit)], text=True, capture_output=True)
    assert "Overall exposure level" in done.stdout, done.stderr
    assert done.returncode == 0, done.stdout[-300:]
