"""The command line, as an operator walks through it."""
import json
import re

import pytest

pytestmark = pytest.mark.quick


def test_hostname_from_nothing_to_served(shared, origin, name):
    zone = name.split(".", 1)[1]
    shared.cli("zone", "add", zone)
    shared.cli("zone", "set", zone, "ssl", "flexible")
    done = shared.cli("hostname", "add", name, "--origin", origin.url, "--wait")
    assert re.search(r"\d s  certificate active, live on 1 of 1", done.stderr)
    answer = shared.fetch(name, "/from-the-cli")
    assert answer.status == 200 and answer.json()["target"] == "/from-the-cli"

    rows = shared.cli_json("hostname", "list", "--zone", zone)
    assert [row["hostname"] for row in rows] == [name]
    why = shared.cli_json("cert", "why", name)
    assert why["candidates"]
    assert name in shared.cli("hostname", "show", name).stdout

    shared.cli("hostname", "remove", name)
    assert shared.cli_json("hostname", "list", "--zone", zone) == []
    shared.cli("zone", "remove", zone)
    assert zone not in shared.cli("zone", "list").stdout


def test_records(shared, origin, name):
    zone = name.split(".", 1)[1]
    shared.cli("zone", "add", zone)
    shared.cli("record", "add", name, "A", "127.0.0.1", "--http-port", str(origin.port))
    rows = shared.cli_json("record", "list", "--zone", zone)
    assert [(r["name"], r["type"], r["content"]) for r in rows] == [(name, "A", "127.0.0.1")]
    shared.cli("record", "remove", rows[0]["id"], "--zone", zone)
    assert shared.cli_json("record", "list", "--zone", zone) == []


def test_tokens(shared):
    made = shared.cli_json("token", "create", "for a test", "--read-only")
    reader = shared.api.with_token(made["value"])
    assert reader.call("GET", "/zones").status_code == 200
    assert reader.call("POST", "/zones", {"name": "x.example"}).status_code == 403
    shared.cli("token", "remove", made["id"])
    assert reader.call("GET", "/zones").status_code == 401
    assert made["value"] not in shared.cli("token", "list").stdout


def test_status(shared):
    status = shared.cli_json("status")
    roles = sorted(row["role"] for row in status["processes"])
    assert roles.count("edge") == 2 and {"applier", "ca", "control"} <= set(roles)
    assert all(row["state"] == "ready" for row in status["processes"])
    words = shared.cli("status", "--sandbox").stdout
    assert "seccomp" in words and "landlock" in words.lower()
    assert all(line.strip() for line in words.splitlines())


def test_doctor_is_content(shared):
    done = shared.cli("doctor", check=False)
    assert "BAD" not in done.stdout, done.stdout
    assert done.returncode == 0


def test_doctor_asks_an_api_elsewhere(shared):
    """With nothing but what var/env tells, the folders of this machine are none of its business."""
    import subprocess
    from support.instance import BINARY
    done = subprocess.run([str(BINARY), "doctor", "--json"], text=True, capture_output=True,
                          env={"EVERSEAL_API": shared.api.base, "EVERSEAL_TOKEN": shared.api.token})
    states = {row["check"]: row["state"] for row in json.loads(done.stdout)}
    assert done.returncode == 0 and "BAD" not in states.values(), done.stdout
    assert states["data folder"] == states["key-encryption key"] == "-"
    assert states["processes"] == "ok"


def test_raw_requests(shared):
    answer = json.loads(shared.cli("api", "GET", "/user/tokens/verify",
                                   env={"EVERSEAL_TOKEN": shared.api.token}).stdout)
    assert answer["success"] and answer["result"]["status"] == "active"


@pytest.mark.parametrize("words, told", [
    (["hostname", "show", "nobody.example"], "nobody.example"),
    (["hostname", "add", "x.example.com", "--origin", "ftp://x"], "http://"),
    (["zone", "show", "nobody.example"], "nobody.example"),
    (["zone", "add", "com"], "com"),
    (["record", "add", "a.nobody.example", "A", "300.0.0.1", "--zone", "nobody.example"], "nobody"),
])
def test_failures_are_a_sentence(shared, words, told):
    done = shared.cli(*words, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("everseal: ") and told in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 3


@pytest.mark.parametrize("words", [["frobnicate"], ["zone", "frobnicate"], ["zone", "show"],
                                   ["status", "--colour"]])
def test_misuse_is_status_2(shared, words):
    done = shared.cli(*words, check=False)
    assert done.returncode == 2 and "--help" in done.stderr


def test_every_command_has_help_with_examples(shared):
    groups = re.findall(r"^  ([a-z]+)  ", shared.cli("--help").stdout, re.M)
    assert {"zone", "record", "hostname", "cert", "token", "status", "config", "backup", "restore",
            "kek", "doctor", "api"} <= set(groups)
    for group in groups:
        for line in re.findall(rf"^  everseal ({group}[ a-z]*)", shared.cli(group, "--help").stdout,
                               re.M):
            text = shared.cli(*line.split(), "--help").stdout
            assert "Examples:" in text, line


def test_nothing_there_is_said_with_the_remedy(work):
    import subprocess
    from support.instance import BINARY
    done = subprocess.run([str(BINARY), "zone", "list", "--data", str(work / "nothing")], text=True,
                          capture_output=True, env={})
    assert done.returncode == 1 and "everseal up" in done.stderr
