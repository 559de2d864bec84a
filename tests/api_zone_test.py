"""Zones, their settings, DNS records."""
import pytest

from support.api import failed, succeeded

pytestmark = [pytest.mark.quick, pytest.mark.sanitize]


@pytest.fixture
def zone(shared, name):
    return shared.api.post("/zones", {"name": name.split(".", 1)[1]})


def path(zone, rest=""):
    return f"/zones/{zone['id']}{rest}"


def test_the_life_of_a_zone(shared, name):
    wanted = name.split(".", 1)[1]
    zone = succeeded(shared.api.call("POST", "/zones", {
        "name": wanted.upper(), "account": {"id": shared.account}, "type": "full"}))
    assert zone["name"] == wanted and zone["status"] == "active" and zone["type"] == "full"
    assert zone["paused"] is False and zone["account"]["id"] == shared.account
    assert "#zone:edit" in zone["permissions"] and zone["activated_on"]
    assert shared.api.get(path(zone)) == zone
    paused = shared.api.patch(path(zone), {"paused": True})
    assert paused["paused"] is True and paused["name"] == wanted
    assert shared.api.patch(path(zone), {"paused": False})["paused"] is False
    assert shared.api.put(path(zone, "/activation_check"), {}) == {"id": zone["id"]}
    assert shared.api.delete(path(zone)) == {"id": zone["id"]}
    failed(shared.api.call("GET", path(zone)), 404, 1001)
    assert shared.api.get(f"/zones?name={wanted}") == []


def test_unicode_names_become_a_labels(shared, name):
    zone = shared.api.post("/zones", {"name": "bücher-" + name.split(".", 1)[1]})
    assert zone["name"].startswith("xn--") and zone["name"].isascii()


def test_settings(shared, zone):
    rows = {row["id"]: row for row in shared.api.get(path(zone, "/settings"))}
    assert rows["ssl"]["value"] == "full" and rows["ssl"]["editable"] is True
    for mode in ("off", "flexible", "full", "strict"):
        changed = shared.api.patch(path(zone, "/settings/ssl"), {"value": mode})
        assert changed["id"] == "ssl" and changed["value"] == mode and changed["modified_on"]
        assert shared.api.get(path(zone, "/settings/ssl"))["value"] == mode
    many = shared.api.patch(path(zone, "/settings"), {
        "items": [{"id": "ssl", "value": "full"}]})
    assert [row["id"] for row in many] == ["ssl"]
    for row in rows.values():
        one = shared.api.get(path(zone, f"/settings/{row['id']}"))
        assert one["id"] == row["id"] and "modified_on" in one and "value" in one


def test_a_failed_change_of_many_changes_none(shared, zone):
    answer = shared.api.call("PATCH", path(zone, "/settings"), {
        "items": [{"id": "ssl", "value": "strict"}, {"id": "ssl", "value": "nonsense"}]})
    failed(answer, 400, 1007)
    assert shared.api.get(path(zone, "/settings/ssl"))["value"] == "full"


def test_the_life_of_a_record(shared, zone):
    records = path(zone, "/dns_records")
    made = succeeded(shared.api.call("POST", records, {
        "type": "A", "name": "www", "content": "192.0.2.1", "comment": "a web server",
        "tags": ["team:web"], "ttl": 300}))
    assert made["name"] == f"www.{zone['name']}" and made["ttl"] == 300
    assert made["comment"] == "a web server" and made["tags"] == ["team:web"]
    assert made["proxied"] is False and made["proxiable"] is True
    assert made["zone_id"] == zone["id"] and made["zone_name"] == zone["name"]
    one = f"{records}/{made['id']}"
    assert shared.api.get(one) == made
    patched = shared.api.patch(one, {"content": "192.0.2.2"})
    assert (patched["content"], patched["ttl"], patched["comment"]) == \
        ("192.0.2.2", 300, "a web server")
    assert shared.api.patch(one, {"comment": None})["comment"] is None
    put = shared.api.put(one, {"type": "A", "name": "www", "content": "192.0.2.3"})
    assert (put["ttl"], put["comment"], put["tags"], put["id"]) == (1, None, [], made["id"])
    assert shared.api.delete(one) == {"id": made["id"]}
    failed(shared.api.call("GET", one), 404, 81044)


@pytest.mark.parametrize("given,full", [("@", ""), ("www", "www."), ("a.b", "a.b."),
                                        ("WWW", "www."), ("*", "*."), ("_x.y", "_x.y.")])
def test_names_are_completed(shared, zone, given, full):
    made = shared.api.post(path(zone, "/dns_records"), {
        "type": "CNAME", "name": given, "content": "target.example.net"})
    assert made["name"] == full + zone["name"]
    again = shared.api.call("POST", path(zone, "/dns_records"), {
        "type": "CNAME", "name": f"{full}{zone['name']}.", "content": "target.example.net"})
    failed(again, 400, 81058)


def test_a_proxied_record_is_served(shared, zone, name):
    made = shared.api.post(path(zone, "/dns_records"), {
        "type": "A", "name": name, "content": "127.0.0.1", "proxied": True, "ttl": 300,
        "everseal": {"origin": {"scheme": "http", "http_port": 8000}}})
    assert made["ttl"] == 1  # a proxied name's TTL is the edge's
    assert made["everseal"]["origin"] == {"scheme": "http", "http_port": 8000, "https_port": 443}
    assert {"epoch", "seq", "live", "of", "silent"} == set(made["everseal"]["deployment"])
    why = shared.api.get(f"/everseal/names/{name}")
    assert why["source"] == "record" and why["zone_id"] == zone["id"]
    assert why["origin"]["http_port"] == 8000 and why["origin"]["addresses"] == ["127.0.0.1"]
    shared.api.patch(path(zone, f"/dns_records/{made['id']}"), {"proxied": False})
    failed(shared.api.call("GET", f"/everseal/names/{name}"), 404, 1008)


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1"])
def test_origins_in_forbidden_ranges_are_refused(shared, zone, address):
    answer = shared.api.call("POST", path(zone, "/dns_records"), {
        "type": "A", "name": "x", "content": address, "proxied": True})
    assert answer.status_code == 400 and "origin.allow" in answer.text
    assert shared.api.get(path(zone, "/dns_records")) == []


def test_the_host_of_a_records_origin_is_its_content(shared, zone):
    answer = shared.api.call("POST", path(zone, "/dns_records"), {
        "type": "A", "name": "x", "content": "192.0.2.1", "proxied": True,
        "everseal": {"origin": {"host": "elsewhere.example.net"}}})
    failed(answer, 400, 9207)


def test_writes_are_audited(shared, zone):
    made = shared.api.post(path(zone, "/dns_records"), {
        "type": "A", "name": "audited", "content": "192.0.2.1"})
    shared.api.patch(path(zone, f"/dns_records/{made['id']}"), {"content": "192.0.2.2"})
    shared.api.delete(path(zone, f"/dns_records/{made['id']}"))
    rows = [row for row in shared.api.get("/everseal/audit?per_page=100")
            if row["object"]["id"] == made["id"]]
    assert len(rows) == 3
    assert rows[0]["before"] and not rows[0]["after"]
    assert rows[1]["before"] != rows[1]["after"]
    assert rows[2]["after"] and not rows[2]["before"]
    for row in rows:
        assert row["address"] == "127.0.0.1" and row["account_id"] == shared.account
        assert row["zone_id"] == zone["id"] and row["token_id"]


def test_the_audit_names_both_ends_of_a_proxied_request(shared, zone):
    shared.api.call("POST", path(zone, "/dns_records"), {
        "type": "A", "name": "proxied-write", "content": "192.0.2.1"},
        headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    row = shared.api.get("/everseal/audit?per_page=1")[0]
    assert row["address"] == "203.0.113.9 via 127.0.0.1"


def test_a_refused_write_leaves_no_trace(shared, zone):
    before = shared.api.get("/everseal/audit?per_page=1")[0]["id"]
    failed(shared.api.call("POST", path(zone, "/dns_records"), {
        "type": "A", "name": "x", "content": "nonsense"}), 400, 9005)
    assert shared.api.get("/everseal/audit?per_page=1")[0]["id"] == before
