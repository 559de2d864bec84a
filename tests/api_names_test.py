"""Names have one owner: what a second account that claims them meets."""
import itertools
import json

import pytest

from support.api import failed, succeeded

_numbers = itertools.count(1)
BODY = {"ssl": {"method": "http", "type": "dv"},
        "everseal": {"origin": {"host": "192.0.2.7", "scheme": "http"}}}


@pytest.fixture(scope="module")
def other(shared):
    """The API of a second account."""
    account = shared.api.post("/accounts", {"name": f"second {next(_numbers)}"})["id"]
    done = shared.cli("api", "POST", f"/accounts/{account}/tokens", json.dumps({
        "name": "t", "policies": [{"effect": "allow",
                                   "resources": {"com.cloudflare.api.account." + account: "*"},
                                   "permission_groups": [{"name": "write"}]}]}))
    return shared.api.with_token(json.loads(done.stdout)["result"]["value"])


@pytest.fixture
def domain():
    return f"owned{next(_numbers)}-tests.net"


@pytest.fixture
def theirs(other):
    """A zone of the second account, active."""
    return other.post("/zones", {"name": f"second{next(_numbers)}-tests.net"})


def test_a_second_claim_of_a_zone_waits_for_proof(shared, other, domain):
    first = shared.api.post("/zones", {"name": domain})
    second = other.post("/zones", {"name": domain})
    assert (first["status"], second["status"]) == ("active", "pending")
    assert second["verification_key"] and second["id"] != first["id"]
    other.put(f"/zones/{second['id']}/activation_check", {})
    assert other.get(f"/zones/{second['id']}")["status"] == "pending"
    assert shared.api.get(f"/zones/{first['id']}")["status"] == "active"
    answer = other.call("POST", f"/zones/{second['id']}/custom_hostnames", {
        "hostname": "shop.elsewhere-tests.org", **BODY})
    failed(answer, 409, 1439)


def test_records_of_a_pending_zone_are_not_served(shared, other, domain):
    shared.api.post("/zones", {"name": domain})
    second = other.post("/zones", {"name": domain})
    other.post(f"/zones/{second['id']}/dns_records", {
        "type": "A", "name": "www", "content": "192.0.2.66", "proxied": True})
    failed(other.call("GET", f"/everseal/names/www.{domain}"), 404, 1008)


def test_a_custom_hostname_that_is_held_waits_for_proof(shared, other, domain, theirs):
    zone = shared.api.post("/zones", {"name": domain})
    name = f"shop.{domain.replace('-tests.net', '-customers.org')}"
    mine = shared.api.post(f"/zones/{zone['id']}/custom_hostnames", {"hostname": name, **BODY})
    made = succeeded(other.call("POST", f"/zones/{theirs['id']}/custom_hostnames", {
        "hostname": name, **BODY}), 201)
    assert made["status"] == "pending" and made["verification_errors"]
    assert made["ssl"]["status"] == "pending_validation"
    record = made["ssl"]["validation_records"][0]
    assert record["txt_name"] == made["ownership_verification"]["name"]
    assert record["txt_value"] == made["ownership_verification"]["value"]
    assert made["ssl"]["txt_value"] == record["txt_value"]  # older clients read it here
    assert "deployment" not in made["everseal"]
    patched = succeeded(other.call("PATCH", f"/zones/{theirs['id']}/custom_hostnames/"
                                            f"{made['id']}", BODY), 202)
    assert patched["status"] == "pending"
    served = shared.api.get(f"/everseal/names/{name}")
    assert served["custom_hostname_id"] == mine["id"]
    failed(other.call("GET", f"/everseal/names/{name}"), 404, 1008)
    shared.api.delete(f"/zones/{zone['id']}/custom_hostnames/{mine['id']}")


def test_a_hostname_inside_the_zone_of_another_waits_too(shared, other, domain, theirs):
    shared.api.post("/zones", {"name": domain})
    made = other.post(f"/zones/{theirs['id']}/custom_hostnames", {
        "hostname": f"login.{domain}", **BODY})
    assert made["status"] == "pending"
    failed(shared.api.call("GET", f"/everseal/names/login.{domain}"), 404, 1008)


@pytest.mark.parametrize("name", ["com", "co.uk", "github.io", "localhost", "127.0.0.1", "::1",
                                  "0x7f.1", "single", "a..b.net", "-a.net", "a_b.net", "*.a.net",
                                  f"{'a' * 64}.net", ".".join(["abcdefg"] * 33) + ".net"])
def test_what_nobody_may_hold(shared, theirs, other, name):
    for api, path, body in (
            (shared.api, "/zones", {"name": name}),
            (other, f"/zones/{theirs['id']}/custom_hostnames", {"hostname": name, **BODY})):
        answer = api.call("POST", path, body)
        assert answer.status_code == 400, (path, name, answer.text)
        assert answer.json()["errors"][0]["message"]
