"""zones.activation = txt: names are held by whoever proves control of their DNS."""
import json

import pytest

from support.dns import Dns
from support.instance import wait_until

BODY = {"ssl": {"method": "http", "type": "dv"}}


@pytest.fixture
def dns():
    server = Dns()
    yield server
    server.stop()


@pytest.fixture
def proven(everseal, dns):
    """An installation that wants proof, and looks for it often."""
    return everseal({"edge.workers": "1", "zones.activation": "txt", "dns.resolvers": dns.address,
                     "dns.proof_interval": "1s"})


def second_account(one):
    account = one.api.post("/accounts", {"name": "second"})["id"]
    done = one.cli("api", "POST", f"/accounts/{account}/tokens", json.dumps({
        "name": "t", "policies": [{"effect": "allow",
                                   "resources": {"com.cloudflare.api.account." + account: "*"},
                                   "permission_groups": [{"name": "write"}]}]}))
    return one.api.with_token(json.loads(done.stdout)["result"]["value"])


def active(api, path):
    wait_until(lambda: api.get(path)["status"] == "active", 15, words=f"{path} active")
    return api.get(path)


def prove_zone(dns, api, zone):
    dns.texts[f"everseal-verify.{zone['name']}"] = ["something else", zone["verification_key"]]
    return active(api, f"/zones/{zone['id']}")


def test_a_zone_is_active_once_its_key_is_published(proven, dns, origin, name):
    zone = proven.api.post("/zones", {"name": name})
    record = {"type": "A", "name": "www", "content": origin.host, "proxied": True,
              "everseal": {"origin": {"scheme": "http", "http_port": origin.port}}}
    proven.api.post(f"/zones/{zone['id']}/dns_records", record)
    assert zone["status"] == "pending"
    dns.texts[f"everseal-verify.{name}"] = ["0" * 32]
    wait_until(lambda: dns.asked.count(f"everseal-verify.{name}") > 1, 15, words="two looks")
    assert proven.api.get(f"/zones/{zone['id']}")["status"] == "pending"
    assert prove_zone(dns, proven.api, zone)["activated_on"]
    assert wait_until(lambda: served(proven, f"www.{name}"), 15) == 200


def served(one, host):
    try:
        return one.fetch(host).status
    except OSError:
        return None


def test_the_other_record_name_does_as_well(proven, dns, name):
    zone = proven.api.post("/zones", {"name": name})
    dns.texts[f"cloudflare-verify.{name}"] = [zone["verification_key"]]
    active(proven.api, f"/zones/{zone['id']}")


def test_a_custom_hostname_waits_for_its_token(proven, dns, origin, name):
    zone = proven.api.post("/zones", {"name": name})
    prove_zone(dns, proven.api, zone)
    host = name.replace("-tests.example.net", "-customers.net")
    row = proven.hostname(zone, host, origin)
    assert row["status"] == "pending" and served(proven, host) is None
    proof = row["ownership_verification"]
    dns.texts[proof["name"]] = [proof["value"]]
    active(proven.api, f"/zones/{zone['id']}/custom_hostnames/{row['id']}")
    assert wait_until(lambda: served(proven, host), 15) == 200


def test_proof_moves_a_zone_to_another_account(proven, dns, name):
    first = proven.api.post("/zones", {"name": name})
    prove_zone(dns, proven.api, first)
    other = second_account(proven)
    second = other.post("/zones", {"name": name})
    assert second["status"] == "pending"
    prove_zone(dns, other, second)
    assert proven.api.get(f"/zones/{first['id']}")["status"] == "moved"


def test_an_asked_for_check_does_not_wait_for_its_turn(everseal, dns, name):
    one = everseal({"edge.workers": "1", "zones.activation": "txt", "dns.resolvers": dns.address,
                    "dns.proof_interval": "1h"})
    zone = one.api.post("/zones", {"name": name})
    dns.texts[f"everseal-verify.{name}"] = [zone["verification_key"]]
    one.api.put(f"/zones/{zone['id']}/activation_check", {})
    active(one.api, f"/zones/{zone['id']}")
