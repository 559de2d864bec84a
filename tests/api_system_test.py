"""The installation through its API: status, machines, key-encryption keys, figures, limits."""
import json
import socket
import time

import pytest

from support.api import failed, raw, succeeded
from support.instance import Everseal, wait_until


def test_status(shared):
    status = wait_until(
        lambda: (now := shared.api.get("/everseal/status")) and
        all(row["state"] == "ready" for row in now["processes"]) and now, words="all ready")
    assert {row["role"] for row in status["processes"]} >= {"control", "ca", "applier", "edge"}
    for row in status["processes"]:
        assert row["pid"] > 0 and row["sandbox"]
    assert len(status["epoch"]) == 32 and status["seq"] >= 0 and status["version"]
    machine = status["machines"][0]
    assert machine["state"] == "live" and machine["epoch"] == status["epoch"]
    for count in ("zones", "hostnames", "names", "certificates", "orders"):
        assert status[count] >= 0


def test_a_drained_machine_is_not_waited_for(everseal):
    one = everseal()
    machine = one.api.get("/everseal/machines")[0]
    path = f"/everseal/machines/{machine['id']}"
    failed(one.api.call("PATCH", path, {}), 400, 9207)
    drained = one.api.patch(path, {"drained": True})
    assert drained["state"] == "drained"
    zone = one.api.post("/zones", {"name": "drained-tests.net"})
    made = one.api.post(f"/zones/{zone['id']}/dns_records", {
        "type": "A", "name": "www", "content": "192.0.2.1", "proxied": True})
    assert made["everseal"]["deployment"]["of"] == 0
    assert one.api.patch(path, {"drained": False})["state"] == "live"
    assert one.api.get(f"/zones/{zone['id']}/dns_records/{made['id']}")[
        "everseal"]["deployment"]["of"] == 1
    failed(one.api.call("PATCH", f"/everseal/machines/{32 * '0'}", {"drained": True}), 404, 1008)


def test_the_key_encryption_key_rotates_while_serving(everseal, origin):
    one = everseal()
    one.onboard("shop.kek-tests.net", origin)
    before = one.api.get("/everseal/kek")["keks"]
    assert [row["state"] for row in before] == ["current"] and before[0]["wrapped"] == 1
    answer = one.api.call("POST", "/everseal/kek/rotate", {})
    assert succeeded(answer, 202)["rotation"]["phase"] != "idle"
    done = wait_until(lambda: (now := one.api.get("/everseal/kek"))["rotation"]["phase"] == "idle"
                      and now, words="the end of the rotation")
    assert done["rotation"]["error"] is None and done["rotation"]["left"] == 0
    assert [row["wrapped"] for row in done["keks"]] == [1]
    assert done["keks"][0]["id"] != before[0]["id"]
    assert one.fetch("shop.kek-tests.net").status == 200
    one.restart()
    assert one.fetch("shop.kek-tests.net").status == 200
    assert any(row["action"] == "kek.rotate" for row in one.api.get("/everseal/audit"))


def test_pending_zones(everseal):
    """With zones.activation = txt a zone waits for its proof, and hostnames for the zone."""
    one = everseal({"zones.activation": "txt", "dns.resolvers": "127.0.0.1:9"})
    zone = one.api.post("/zones", {"name": "pending-tests.net"})
    path = f"/zones/{zone['id']}"
    assert zone["status"] == "pending" and zone["activated_on"] is None
    assert zone["verification_key"]
    failed(one.api.call("POST", path + "/custom_hostnames", {"hostname": "a.customers.net"}),
           409, 1439)

    def too_soon():
        answer = one.api.call("PUT", path + "/activation_check", {})
        return [answer] if answer.status_code != 200 else None
    failed(wait_until(too_soon, words="the limit of checks")[0], 429, 1224)


def test_figures_of_the_api(shared):
    before = shared.metrics()
    for _ in range(3):
        shared.api.get("/user")
    failed(shared.api.call("GET", "/nowhere"), 404, 7003)
    after = shared.metrics()

    def grown(name, label=""):
        return sum(after[key] - before.get(key, 0) for key in after
                   if key.startswith(name) and label in key)
    assert grown("everseal_api_requests_total", 'code="2xx"') >= 3
    assert grown("everseal_api_requests_total", 'code="4xx"') >= 1
    assert grown("everseal_api_request_seconds_count") >= 4


@pytest.mark.parametrize("host,status", [
    ("localhost", b" 200 "), ("127.0.0.1", b" 200 "), ("[::1]:2780", b" 200 "),
    ("evil.example.net", b" 404 "), ("127.0.0.1.example.net", b" 404 ")])
def test_figures_are_not_for_pages_in_a_browser(shared, host, status):
    got = raw(shared.api_port, f"GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    assert status in got.split(b"\r\n")[0]


@pytest.fixture(scope="module")
def narrow(work):
    instance = Everseal(work / "api-narrow", {
        "api.line.max": "1k", "api.head.max": "2k", "api.connections.max": "3",
        "api.timeout.read": "1s", "api.timeout.idle": "1s"})
    try:
        yield instance.start()
    finally:
        instance.stop()


def line(n):
    """A request line of n bytes."""
    return "GET /client/v4/ips?".ljust(n - len(" HTTP/1.0"), "x") + " HTTP/1.0"


def test_the_longest_line_and_one_above(narrow):
    assert b" 200 " in raw(narrow.api_port, line(1024) + "\r\n\r\n").split(b"\r\n")[0]
    got = raw(narrow.api_port, line(1025) + "\r\n\r\n")
    assert b" 414 " in got.split(b"\r\n")[0] and b'"success":false' in got


def test_the_largest_head_and_one_above(narrow):
    base = "GET /client/v4/ips HTTP/1.0\r\nX: "
    for size, status in ((2048, b" 200 "), (2049, b" 431 ")):
        got = raw(narrow.api_port, base.ljust(size - 4, "x") + "\r\n\r\n")
        assert status in got.split(b"\r\n")[0]


def test_slow_requests_are_408(narrow):
    with socket.create_connection(("127.0.0.1", narrow.api_port), timeout=10) as s:
        s.sendall(b"GET /client/v4/ips HTTP/1.1\r\nHost: x\r\n")
        assert b" 408 " in s.recv(65536).split(b"\r\n")[0]
    with socket.create_connection(("127.0.0.1", narrow.api_port), timeout=10) as s:
        s.sendall(b"POST /client/v4/zones HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        assert b" 408 " in s.recv(65536).split(b"\r\n")[0]


def test_idle_connections_are_closed(narrow):
    with socket.create_connection(("127.0.0.1", narrow.api_port), timeout=10) as s:
        s.sendall(b"GET /client/v4/ips HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in s.recv(65536).split(b"\r\n")[0]
        assert s.recv(65536) == b""


def test_the_most_connections_and_one_above(narrow):
    def answered(s):
        s.sendall(b"GET /client/v4/ips HTTP/1.1\r\nHost: x\r\n\r\n")
        return s.recv(65536).split(b"\r\n")[0]
    wait_until(lambda: b" 200 " in raw(narrow.api_port, line(40) + "\r\n\r\n").split(b"\r\n")[0])
    time.sleep(1.2)
    held = [socket.create_connection(("127.0.0.1", narrow.api_port), timeout=10)
            for _ in range(4)]
    try:
        lines = [answered(s) for s in held[:3]]
        assert all(b" 200 " in one for one in lines), lines
        assert b" 503 " in held[3].recv(65536).split(b"\r\n")[0]
    finally:
        for s in held:
            s.close()


def test_a_tokens_last_use_is_kept(shared):
    made = shared.api.post("/user/tokens", {"name": "use", "policies": [{
        "effect": "allow", "permission_groups": [{"name": "read"}],
        "resources": {"com.cloudflare.api.account." + shared.account: "*"}}]})
    assert "last_used_on" not in shared.api.get(f"/user/tokens/{made['id']}")
    shared.api.with_token(made["value"]).get("/user")
    wait_until(lambda: "last_used_on" in shared.api.get(f"/user/tokens/{made['id']}"),
               words="the token's last use")


def remote_api(instance, zone_name):
    """The API as a hostname of the edge; returns its name and its zone."""
    zone = instance.zone(zone_name, "flexible")
    row = instance.api.post(f"/zones/{zone['id']}/custom_hostnames", {
        "hostname": f"api.{zone_name}", "ssl": {"method": "http", "type": "dv"},
        "everseal": {"origin": {"host": "127.0.0.1", "scheme": "http",
                                "http_port": instance.api_port}}})
    instance.wait_live(zone, row)
    return row["hostname"], zone


def test_the_api_is_no_origin_by_itself(shared):
    host, _ = remote_api(shared, "notremote-tests.net")
    assert shared.fetch(host, "/client/v4/ips").status == 502


def test_a_remote_api_is_a_hostname_of_the_edge(everseal):
    one = everseal({"api.remote": "yes"})
    host, zone = remote_api(one, "remote-tests.net")
    token = {"Authorization": f"Bearer {one.api.token}"}
    answer = one.fetch(host, "/client/v4/user", headers=token)
    assert answer.status == 200 and json.loads(answer.body)["success"] is True
    assert one.fetch(host, "/client/v4/user").status == 400
    for page in ("/metrics", "/healthz", "/readyz", "/"):
        assert one.fetch(host, page).status == 404
    body = json.dumps({"paused": False}).encode()
    answer = one.fetch(host, f"/client/v4/zones/{zone['id']}", method="PATCH", body=body,
                       headers={**token, "Content-Type": "application/json",
                                "X-Forwarded-For": "198.51.100.1"})
    assert answer.status == 200, answer.body
    seen = [row["address"] for row in one.api.get("/everseal/audit?per_page=5")]
    assert "127.0.0.1 via 127.0.0.1" in seen  # what the client claimed does not count
