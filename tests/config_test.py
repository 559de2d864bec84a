"""Settings: what is refused is named with file, line, setting and remedy."""
import json
import subprocess
from pathlib import Path

import pytest

from support.instance import BINARY

ROOT = Path(__file__).resolve().parents[1]


def run(*words, env=None):
    return subprocess.run([str(BINARY), *words], text=True, capture_output=True, env=env or {})


@pytest.mark.quick
@pytest.mark.parametrize("line, told", [
    ("edge.worker = 2", "edge.worker"),
    ("edge.workers = many", "edge.workers"),
    ("edge.workers = 65", "64"),
    ("shutdown.timeout = 10", "shutdown.timeout"),
    ("log.level = loud", "debug"),
    ("edge.workers", "="),
    ("data.folder = y", "2"),
])
def test_check_names_file_line_and_setting(tmp_path, line, told):
    file = tmp_path / "everseal.conf"
    file.write_text(f"# fine\ndata.folder = x\n{line}\n")
    done = run("config", "check", str(file))
    assert done.returncode == 1
    assert f"{file}:3" in done.stderr and told in done.stderr


@pytest.mark.quick
def test_later_sources_win(tmp_path):
    file = tmp_path / "everseal.conf"
    file.write_text("edge.workers = 2\nlog.level = debug\n")
    done = run("config", "show", "--json", f"--config={file}", "--edge.workers=4",
               env={"EVERSEAL_EDGE_WORKERS": "3", "EVERSEAL_LOG_LEVEL": "warning"})
    shown = {row["name"]: row["value"] for row in json.loads(done.stdout)}
    assert shown["edge.workers"] == "4" and shown["log.level"] == "warning"


def test_the_example_is_accepted(tmp_path):
    file = tmp_path / "everseal.conf"
    file.write_text(run("config", "example").stdout)
    assert run("config", "check", str(file)).returncode == 0


def test_the_page_of_settings_is_the_table(tmp_path):
    """docs/settings.md is printed by the program; `everseal config explain` brings it up to date."""
    assert run("config", "explain").stdout == (ROOT / "docs/settings.md").read_text(), \
        "run: build/src/everseal config explain > docs/settings.md"


@pytest.mark.parametrize("words", [("config", "man"), ("help", "man")])
def test_manual_pages_have_no_mistakes(words, tmp_path):
    page = tmp_path / "page"
    page.write_text(run(*words).stdout)
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", str(page)], text=True,
                          capture_output=True)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_up_refuses_what_check_refuses(tmp_path):
    done = run("up", f"--data.folder={tmp_path}", "--edge.workers=none")
    assert done.returncode != 0 and "edge.workers" in done.stderr
