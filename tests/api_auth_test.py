"""Who may do what: every route of the OpenAPI document, with every kind of credentials."""
import datetime
import itertools
import json

import pytest

from support.api import failed, raw, routes, succeeded
from support.instance import Everseal

NOBODY = "0123456789abcdef0123456789abcdef"
_numbers = itertools.count(1)


def policy(resource, group):
    return [{"effect": "allow", "resources": {"com.cloudflare.api.account." + resource: "*"},
             "permission_groups": [{"name": group}]}]


@pytest.fixture(scope="module")
def world(work):
    """An instance of its own, since routes are called that turn the whole of it."""
    instance = Everseal(work / "api-auth")
    try:
        yield World(instance.start())
    finally:
        instance.stop()


class World:
    def __init__(self, instance):
        self.instance, self.api, self.account = instance, instance.api, instance.account
        self.other = self.api.post("/accounts", {"name": "other"})["id"]
        past = (datetime.datetime.utcnow() - datetime.timedelta(hours=1)).isoformat() + "Z"
        self.zone_elsewhere = self.zone()
        self.tokens = {
            "read-only": self.token(self.account, "read"),
            "expired": self.token(self.account, "write", expires_on=past),
            "wrong-account": self.foreign_token(),
            "wrong-zone": self.token("zone." + self.zone_elsewhere, "write"),
            "right": self.api.token,
        }

    def zone(self):
        return self.api.post("/zones", {"name": f"auth{next(_numbers)}-tests.net"})["id"]

    def token(self, resource, group, **more):
        return self.api.post("/user/tokens", {"name": "t", "policies": policy(resource, group),
                                              **more})["value"]

    def foreign_token(self):
        """A token of the other account, made there by root over the socket."""
        body = {"name": "t", "policies": policy(self.other, "write")}
        done = self.instance.cli("api", "POST", f"/accounts/{self.other}/tokens",
                                 json.dumps(body))
        return json.loads(done.stdout)["result"]["value"]

    def fill(self, path, zone):
        return (path.replace("{zone_id}", zone).replace("{account_id}", self.account)
                .replace("{setting}", "ssl").replace("{name}", "nobody.example.net")
                .replace("{token_id}", NOBODY).replace("{record_id}", NOBODY)
                .replace("{hostname_id}", NOBODY).replace("{certificate_id}", NOBODY)
                .replace("{machine_id}", NOBODY).replace("{membership_id}", NOBODY))

    def ask(self, route, zone, headers):
        method, path = route[0], self.fill(route[1], zone)
        return self.api.with_token(None).call(method, path, json={}, headers=headers)

    def bearer(self, route, zone, token):
        return self.ask(route, zone, {"Authorization": "Bearer " + token})


def each(world, *scopes):
    return [r for r in routes(world.api) if not scopes or r[2] in scopes]


def test_no_credentials(world):
    zone = world.zone()
    for route in each(world):
        answer = world.ask(route, zone, {})
        if route[2] == "none":
            assert answer.status_code == 200, route
        else:
            failed(answer, 400, 9106)


@pytest.mark.parametrize("value", ["x", "Bearer", "Bearer ", "Bearer short", "Basic dTpw",
                                   "Bearer with blank" + 20 * "a", "Bearer " + 300 * "a",
                                   "Bearer " + 30 * "a" + "!"])
def test_malformed_credentials(world, value):
    zone = world.zone()
    for route in each(world, "user", "account", "zone", "system"):
        first = failed(world.ask(route, zone, {"Authorization": value}), 400, 6111)
        assert first["code"] == 6003


def test_two_tokens_are_none(world):
    line = f"Authorization: Bearer {world.api.token}\r\n"
    head = f"GET /client/v4/zones HTTP/1.0\r\nHost: x\r\n{line}{line}\r\n"
    answer = raw(world.instance.api_port, head)
    assert b" 400 " in answer.partition(b"\r\n")[0] and b'"code":6111' in answer


def test_unknown_token(world):
    zone = world.zone()
    for route in each(world, "user", "account", "zone", "system"):
        answer = world.bearer(route, zone, "cfat_" + 40 * "a")
        failed(answer, 401, 1000 if route[1].endswith("/verify") else 9109)


def test_expired_token(world):
    zone = world.zone()
    for route in each(world, "user", "account", "zone", "system"):
        answer = world.bearer(route, zone, world.tokens["expired"])
        failed(answer, 401, 1000 if route[1].endswith("/verify") else 9109)


def test_wrong_account(world):
    zone = world.zone()
    for route in each(world, "account", "zone", "system"):
        failed(world.bearer(route, zone, world.tokens["wrong-account"]), 403, 10000)


def test_wrong_zone(world):
    zone = world.zone()
    for route in each(world, "zone"):
        failed(world.bearer(route, zone, world.tokens["wrong-zone"]), 403, 10000)
    for route in each(world, "user", "account", "system"):
        if route[3] == "write":
            failed(world.bearer(route, zone, world.tokens["wrong-zone"]), 403, 10000)


def test_read_only(world):
    zone = world.zone()
    for route in each(world, "user", "account", "zone", "system"):
        answer = world.bearer(route, zone, world.tokens["read-only"])
        if route[3] == "write":
            failed(answer, 403, 10000)
        else:
            assert answer.status_code in (200, 400, 404), (route[:2], answer.text)


def test_right_token(world):
    for route in each(world):
        answer = world.bearer(route, world.zone(), world.tokens["right"])
        assert answer.status_code < 500 and answer.status_code not in (401, 403), \
            (route[:2], answer.text)


def test_unknown_route_is_404_and_wrong_method_405(world):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        failed(world.api.call(method, "/no/such/thing"), 404, 7003)
    paths = {}
    for method, path, *_ in each(world):
        paths.setdefault(path, set()).add(method)
    for path, methods in paths.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
            answer = world.api.call(method, world.fill(path, NOBODY), json={})
            assert answer.status_code in (404, 405), (method, path, answer.text)


def test_malformed_ids_are_no_route(world):
    for bad in ("x", "0123", NOBODY + "0", "g" * 32, "..", "%00" * 8):
        failed(world.api.call("GET", f"/zones/{bad}"), 404, 7003)


def test_global_keys_do_not_exist(world):
    api = world.api.with_token(None)
    failed(api.call("GET", "/zones", headers={"X-Auth-Email": "a@b.example",
                                              "X-Auth-Key": "0" * 37}), 403, 9103)


def test_a_token_beside_other_credentials_counts(world):
    more = {"X-Auth-Email": "a@b.example", "X-Auth-Key": "0" * 37,
            "X-Auth-User-Service-Key": "v1.0-x"}
    succeeded(world.api.call("GET", "/zones", headers=more))


def test_root_needs_no_token_on_the_socket_alone(world):
    assert world.instance.cli_json("zone", "list") is not None
    failed(world.api.with_token(None).call("GET", "/zones"), 400, 9106)


def test_tenants_do_not_see_each_other(world):
    theirs = world.api.with_token(world.tokens["wrong-account"])
    ours = world.zone()
    name = world.api.get(f"/zones/{ours}")["name"]
    assert theirs.get("/zones") == []
    assert theirs.get(f"/zones?name={name}") == []
    assert theirs.get(f"/zones?account.id={world.account}") == []
    assert [row["id"] for row in theirs.get("/accounts")] == [world.other]
    assert theirs.get("/user")["id"] == world.other
    assert all(row["id"] != ours for row in theirs.get("/zones?match=any&name=contains:auth"))
    failed(theirs.call("POST", "/zones", {"name": "x-tests.net",
                                          "account": {"id": world.account}}), 403, 10000)
    mine = world.api.get("/user/tokens?per_page=50")
    for row in mine:
        failed(theirs.call("GET", f"/user/tokens/{row['id']}"), 404, 1003)
        failed(theirs.call("DELETE", f"/user/tokens/{row['id']}"), 404, 1003)
    assert theirs.get("/everseal/audit") is not None
    assert all(row["account_id"] == world.other for row in theirs.get("/everseal/audit"))


def test_a_zones_token_sees_its_zone_alone(world):
    mine = world.zone()
    narrow = world.api.with_token(world.token("zone." + mine, "write"))
    world.api.post(f"/zones/{world.zone_elsewhere}/dns_records", {
        "type": "A", "name": "secret", "content": "192.0.2.1"})
    narrow.post(f"/zones/{mine}/dns_records", {"type": "A", "name": "x", "content": "192.0.2.1"})
    assert [row["id"] for row in narrow.get("/zones?per_page=50")] == [mine]
    rows = narrow.get("/everseal/audit?per_page=1000")
    assert rows and all(row["zone_id"] == mine for row in rows)
    me = narrow.get("/user/tokens/verify")["id"]
    assert [row["id"] for row in narrow.get("/user/tokens?per_page=50")] == [me]
    for row in world.api.get("/user/tokens?per_page=50"):
        if row["id"] != me:
            failed(narrow.call("GET", f"/user/tokens/{row['id']}"), 404, 1003)
    failed(narrow.call("POST", "/user/tokens", {"name": "more", "policies": policy(
        world.account, "write")}), 403, 10000)


def test_a_name_of_another_account_is_not_served(world, origin):
    zone = world.zone()
    name = world.api.get(f"/zones/{zone}")["name"]
    world.api.post(f"/zones/{zone}/dns_records", {
        "type": "A", "name": name, "content": "127.0.0.1", "proxied": True})
    succeeded(world.api.call("GET", f"/everseal/names/{name}"))
    theirs = world.api.with_token(world.tokens["wrong-account"])
    failed(theirs.call("GET", f"/everseal/names/{name}"), 404, 1008)


def test_tokens_are_never_logged(world):
    for token in world.tokens.values():
        assert token not in world.instance.log_text()


def test_a_rolled_token_ends_the_old_value(world):
    made = world.api.post("/user/tokens", {"name": "roll",
                                           "policies": policy(world.account, "read")})
    old = world.api.with_token(made["value"])
    assert old.get("/user/tokens/verify")["id"] == made["id"]
    new = world.api.put(f"/user/tokens/{made['id']}/value", {})
    assert isinstance(new, str) and new != made["value"]
    failed(old.call("GET", "/user/tokens/verify"), 401, 1000)
    assert world.api.with_token(new).get("/user/tokens/verify")["status"] == "active"
    world.api.delete(f"/user/tokens/{made['id']}")
    failed(world.api.with_token(new).call("GET", "/zones"), 401, 9109)


def test_a_disabled_token_is_refused(world):
    made = world.api.post("/user/tokens", {"name": "off",
                                           "policies": policy(world.account, "read")})
    body = {"name": "off", "policies": made["policies"], "status": "disabled"}
    assert world.api.put(f"/user/tokens/{made['id']}", body)["status"] == "disabled"
    failed(world.api.with_token(made["value"]).call("GET", "/zones"), 401, 9109)


def test_policies_that_say_less_than_a_token_can_are_refused(world):
    whole, zone = policy(world.account, "write"), policy("zone." + world.zone(), "write")
    cases = [
        [{**whole[0], "effect": "deny"}],
        [{**whole[0], "permission_groups": [{"name": "DNS Write"}]}],
        [{**whole[0], "resources": {"com.cloudflare.api.account.*": "*"}}],
        [{**whole[0], "resources": {"com.cloudflare.api.account." + world.account:
                                    {"com.cloudflare.api.account.zone.*": "*"}}}],
        whole + zone,
        [{**whole[0], "resources": {**whole[0]["resources"], **zone[0]["resources"]}}],
    ]
    for policies in cases:
        answer = world.api.call("POST", "/user/tokens", {"name": "x", "policies": policies})
        assert answer.status_code == 400, answer.text
    answer = world.api.call("POST", "/user/tokens", {
        "name": "x", "policies": policy(world.other, "write")})
    failed(answer, 403, 10000)
    answer = world.api.call("POST", "/user/tokens", {
        "name": "x", "policies": whole, "condition": {"request_ip": {"in": ["192.0.2.0/24"]}}})
    failed(answer, 400, 9207)


def test_metrics_are_for_direct_callers(world):
    port = world.instance.api_port
    for page in ("/metrics", "/healthz", "/readyz"):
        assert b" 200 " in raw(port, f"GET {page} HTTP/1.0\r\n\r\n").split(b"\r\n")[0]
        for mark in ("X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "Via: 1.1 x",
                     "CDN-Loop: everseal"):
            got = raw(port, f"GET {page} HTTP/1.0\r\n{mark}\r\n\r\n")
            assert b" 404 " in got.split(b"\r\n")[0]


def test_the_rate_limit_and_one_above(everseal):
    one = everseal({"api.rate.requests": "10"})
    used = 1  # the fixture has asked for the accounts
    while used < 10:
        answer = one.api.call("GET", "/user")
        succeeded(answer)
        used += 1
    assert 'r=0;' in answer.headers["Ratelimit"]
    answer = one.api.call("GET", "/user")
    failed(answer, 429, 10429)
    assert 1 <= int(answer.headers["Retry-After"]) <= 300
