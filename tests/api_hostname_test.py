"""Custom hostnames and the fallback origin (SSL for SaaS)."""
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.api import failed, succeeded
from support.instance import wait_until

pytestmark = pytest.mark.sanitize


@pytest.fixture
def zone(shared, name):
    return shared.api.post("/zones", {"name": name.split(".", 1)[1]})


@pytest.fixture
def hosts(zone):
    return f"/zones/{zone['id']}/custom_hostnames"


@pytest.fixture
def hostname(name):
    """In no zone of ours."""
    return name.replace("-tests.example.net", "-customers.net")


BODY = {"ssl": {"method": "http", "type": "dv"}}
ORIGIN = {"everseal": {"origin": {"host": "127.0.0.1", "scheme": "http", "http_port": 9}}}


def test_create_answers_201_and_the_whole_object(shared, hosts, hostname):
    made = succeeded(shared.api.call("POST", hosts, {
        "hostname": hostname.upper(), **BODY, **ORIGIN,
        "custom_metadata": {"customer": "17"}}), 201)
    assert list(made)[:2] == ["id", "hostname"]
    assert str(uuid.UUID(made["id"])) == made["id"] and made["hostname"] == hostname
    assert made["status"] == "active" and made["verification_errors"] == []
    assert made["custom_metadata"] == {"customer": "17"} and made["created_at"]
    proof = made["ownership_verification"]
    assert proof["type"] == "txt" and proof["name"] == f"_cf-custom-hostname.{hostname}"
    assert str(uuid.UUID(proof["value"])) == proof["value"]
    ssl = made["ssl"]
    assert (ssl["method"], ssl["type"], ssl["wildcard"]) == ("http", "dv", False)
    assert ssl["bundle_method"] == "ubiquitous" and ssl["hosts"] == [hostname]
    for key in ("validation_records", "validation_errors", "dcv_delegation_records",
                "certificates"):
        assert isinstance(ssl[key], list)
    assert made["everseal"]["origin"] == {"scheme": "http", "host": "127.0.0.1", "http_port": 9,
                                          "https_port": 443}
    one = f"{hosts}/{made['id']}"
    assert shared.api.get(one)["hostname"] == hostname
    assert shared.api.get(f"{hosts}/{made['id'].replace('-', '')}")["id"] == made["id"]


def test_it_becomes_active_with_a_certificate(shared, hosts, hostname):
    made = shared.api.post(hosts, {"hostname": hostname, **BODY, **ORIGIN})

    def active():
        now = shared.api.get(f"{hosts}/{made['id']}")
        done = now["everseal"]["deployment"]
        return now if now["ssl"]["status"] == "active" and done["live"] == done["of"] else None
    now = wait_until(active, words="an active certificate")
    ssl = now["ssl"]
    assert ssl["issuer"] and ssl["serial_number"] and ssl["expires_on"]
    assert len(ssl["certificates"]) == 1 and ssl["certificates"][0]["fingerprint_sha256"]
    why = shared.api.get(f"/everseal/why/{hostname}")
    assert why["custom_hostname_id"] == made["id"] and why["order"]["state"] == "live"
    assert why["candidates"][0]["rank"] == 1 and why["candidates"][0]["valid"] is True
    assert hostname in why["summary"] and why["deployment"]["live"] == 1
    zone = hosts.rsplit("/", 1)[0]
    certificates = shared.api.get(f"{zone}/everseal/certificates")
    assert certificates[0]["id"] == why["candidates"][0]["certificate"]
    assert certificates[0]["hosts"] == [hostname]
    one = shared.api.get(f"{zone}/everseal/certificates/{certificates[0]['id']}")
    assert one == certificates[0]
    assert any(row["name"] == hostname for row in shared.api.get(f"{zone}/everseal/events"))


def test_patch_answers_202_and_keeps_the_rest(shared, hosts, hostname):
    made = shared.api.post(hosts, {"hostname": hostname, **BODY, **ORIGIN})
    one = f"{hosts}/{made['id']}"
    same = succeeded(shared.api.call("PATCH", one, BODY), 202)
    assert same["ssl"]["id"] == made["ssl"]["id"]
    moved = succeeded(shared.api.call("PATCH", one, {
        "everseal": {"origin": {"http_port": 99}}}), 202)
    assert moved["everseal"]["origin"]["http_port"] == 99
    assert moved["everseal"]["origin"]["host"] == "127.0.0.1"
    assert succeeded(shared.api.call("PATCH", one, {}), 202)["hostname"] == hostname


def test_delete_answers_both_readings(shared, hosts, hostname):
    made = shared.api.post(hosts, {"hostname": hostname, **BODY})
    body = shared.api.call("DELETE", f"{hosts}/{made['id']}").json()
    assert body["id"] == made["id"] and body["result"] == {"id": made["id"]}
    assert body["success"] is True
    failed(shared.api.call("GET", f"{hosts}/{made['id']}"), 404, 1436)
    succeeded(shared.api.call("POST", hosts, {"hostname": hostname, **BODY}), 201)


def test_without_ssl(shared, hosts, hostname):
    made = shared.api.post(hosts, {"hostname": hostname})
    assert made["ssl"] is None
    again = shared.api.post(hosts, {"hostname": "b." + hostname, "ssl": None})
    assert again["ssl"] is None


def test_an_authority_that_cannot_issue_is_named(shared, hosts, hostname):
    answer = shared.api.call("POST", hosts, {
        "hostname": hostname, "ssl": {**BODY["ssl"], "certificate_authority": "google"}})
    assert succeeded(answer, 201)["ssl"]["certificate_authority"] == "google"
    assert "built-in CA" in answer.json()["messages"][0]["message"]


def test_list_filters(shared, hosts, hostname):
    for label in ("a", "b", "c"):
        shared.api.post(hosts, {"hostname": f"{label}.{hostname}", **(BODY if label != "c"
                                                                     else {})})
    row = shared.api.get(f"{hosts}?hostname=A.{hostname}")[0]
    cases = [("", 3), (f"hostname=a.{hostname}", 1), (f"hostname.exact=b.{hostname}", 1),
             (f"hostname.contain={hostname[1:]}", 3), ("hostname.startsWith=c.", 1),
             ("ssl=1", 2), ("ssl=false", 1), ("wildcard=false", 3), ("wildcard=true", 0),
             ("hostname_status=active", 3), ("hostname_status=pending", 0),
             (f"id={row['id']}", 1), ("order=ssl&direction=desc", 3), ("order=ssl_status", 3)]
    for query, count in cases:
        assert len(shared.api.get(f"{hosts}?{query}")) == count, query


def test_quota(shared, hosts, hostname):
    shared.api.post(hosts, {"hostname": hostname})
    quota = shared.api.get(hosts + "/quota")
    assert quota["used"] == 1 and quota["exceeded"] is False
    assert quota["allocated"] == quota["hard_cap"] > 0


def test_the_fallback_origin(shared, hosts, hostname):
    failed(shared.api.call("GET", hosts + "/fallback_origin"), 404, 1551)
    put = shared.api.put(hosts + "/fallback_origin", {
        "origin": "fallback.example.net", "everseal": {"origin": {"http_port": 8080}}})
    assert put["origin"] == "fallback.example.net" and put["errors"] == []
    got = shared.api.get(hosts + "/fallback_origin")
    assert got["status"] == "active" and got["created_at"] and got["updated_at"]
    made = shared.api.post(hosts, {"hostname": hostname, **BODY})
    assert made["everseal"]["origin"]["host"] == "fallback.example.net"
    why = shared.api.get(f"/everseal/names/{hostname}")
    assert why["origin"]["fallback"] is True and why["origin"]["http_port"] == 8080
    gone = shared.api.delete(hosts + "/fallback_origin")
    assert gone["status"] == "pending_deletion"
    failed(shared.api.call("GET", hosts + "/fallback_origin"), 404, 1551)
    failed(shared.api.call("DELETE", hosts + "/fallback_origin"), 404, 1551)


def test_two_at_once_one_wins(shared, hosts, hostname):
    """Equal requests in flight: one is made, the others hear of it."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shared.api.with_token(shared.api.token).call(
            "POST", hosts, {"hostname": hostname, **BODY}), range(8)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201] + 7 * [409]
    for answer in answers:
        if answer.status_code == 409:
            failed(answer, 409, 1406)
            assert answer.headers["x-should-retry"] == "false"
