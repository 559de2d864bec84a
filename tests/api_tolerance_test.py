"""What real clients send and a strict server would refuse."""
import json

import pytest

from support.api import failed, raw, succeeded

pytestmark = [pytest.mark.quick, pytest.mark.sanitize]


def head(instance, *lines):
    return "\r\n".join([*lines, f"Authorization: Bearer {instance.api.token}", "", ""])


ODD_REQUESTS = {
    # words: method, path, body, content type
    "a slash at the end": ("GET", "/zones/?name=nobody.example.net", None, None),
    "a JSON body on GET": ("GET", "/zones", "{}", "application/json"),
    "nonsense as a body of GET": ("GET", "/zones", "]nonsense[", "application/json"),
    "a content type without a body": ("GET", "/zones", None, "application/json"),
    "unknown query keys": ("GET", "/zones?" + "&".join(f"{i}=b" for i in range(32)), None, None),
    "repeated keys": ("GET", "/zones?type=full&type=partial", None, None),
    "comma lists": ("GET", "/zones?status=active,pending", None, None),
    "dotted keys": ("GET", "/zones?account.name=contains:x", None, None),
    "an operator": ("GET", "/zones?name=starts_with:no", None, None),
    "empty values": ("GET", "/zones?name=&page=", None, None),
    "versions and agents": ("GET", "/user", None, None),
}


@pytest.mark.parametrize("words", ODD_REQUESTS)
def test_odd_requests_are_understood(shared, words):
    method, path, body, kind = ODD_REQUESTS[words]
    headers = {"api-version": "2026-01-01", "X-Stainless-Lang": "js",
               "X-Cloudflare-Client-User-Agent": "{}"}
    if kind:
        headers["Content-Type"] = kind
    succeeded(shared.api.call(method, path, data=body, headers=headers))


@pytest.fixture
def zone(shared, name):
    return shared.api.post("/zones", {"name": name.split(".", 1)[1]})


@pytest.fixture
def record(shared, zone):
    return shared.api.post(f"/zones/{zone['id']}/dns_records", {
        "type": "A", "name": "a", "content": "192.0.2.1"})


@pytest.mark.parametrize("body", [None, "", "{}", "null", "[]", "{\"x\":"])
def test_bodies_of_delete_do_not_matter(shared, zone, record, body):
    answer = shared.api.call("DELETE", f"/zones/{zone['id']}/dns_records/{record['id']}",
                             data=body, headers={"Content-Type": "application/json"})
    assert succeeded(answer) == {"id": record["id"]}


@pytest.mark.parametrize("body", [None, "", "{}", "null", '{"unknown":1}', '{"comment":null}'])
def test_a_patch_of_nothing_changes_nothing(shared, zone, record, body):
    answer = shared.api.call("PATCH", f"/zones/{zone['id']}/dns_records/{record['id']}",
                             data=body, headers={"Content-Type": "application/json"})
    assert succeeded(answer)["content"] == "192.0.2.1"


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8",
                                  "application/x-www-form-urlencoded", None])
def test_json_under_another_name(shared, name, kind):
    headers = {"Content-Type": kind} if kind else {}
    body = json.dumps({"name": name.split(".", 1)[1], "jump_start": True, "data": None,
                       "account": {"id": shared.account}, "organization": {"id": "x"},
                       "extra": [1, {"a": 2}]}).encode()
    succeeded(shared.api.call("POST", "/zones", data=body, headers=headers))


def test_other_media_types_are_415(shared):
    for kind in ("application/xml", "multipart/form-data; boundary=x"):
        failed(shared.api.call("POST", "/zones", data=b"<x/>",
                               headers={"Content-Type": kind}), 415, 6008)


def test_post_with_an_account_that_is_only_implied(shared, name):
    zone = succeeded(shared.api.call("POST", "/zones", {"name": name.split(".", 1)[1]}))
    assert zone["account"]["id"] == shared.account


def test_http_1_0_is_answered_whole_and_closed(shared):
    got = raw(shared.api_port, head(shared, "GET /client/v4/user HTTP/1.0"))
    top, body = got.split(b"\r\n\r\n", 1)
    assert b" 200 " in top.split(b"\r\n")[0]
    assert b"chunked" not in top.lower() and b"content-length: " in top.lower()
    assert json.loads(body)["success"] is True


def test_zeros_behind_an_http_1_0_request_are_ignored(shared):
    text = head(shared, "GET /client/v4/user HTTP/1.0").encode() + 64 * b"\0"
    got = raw(shared.api_port, text)
    assert got.count(b"HTTP/1.") == 1 and b" 200 " in got.split(b"\r\n")[0]


def test_absolute_form(shared):
    where = f"127.0.0.1:{shared.api_port}"
    got = raw(shared.api_port, head(shared, f"GET http://{where}/client/v4/user HTTP/1.1",
                                    f"Host: {where}", "Connection: close"))
    assert b" 200 " in got.split(b"\r\n")[0]


def test_content_length_zero_on_post_and_delete(shared, zone):
    for method, path, status in (("PUT", f"/zones/{zone['id']}/activation_check", b" 200 "),
                                 ("POST", "/zones", b" 400 "),
                                 ("DELETE", f"/zones/{zone['id']}", b" 200 ")):
        got = raw(shared.api_port, head(shared, f"{method} /client/v4{path} HTTP/1.1",
                                        "Host: x", "Connection: close", "Content-Length: 0",
                                        "Content-Type: application/json"))
        assert status in got.split(b"\r\n")[0], got


def test_answers_are_compact_and_begin_with_the_id(shared, zone, record):
    """Some clients read the text and not the JSON."""
    text = shared.api.call("GET", f"/zones?name={zone['name']}").text
    assert text.startswith('{"result":[{"id":"' + zone["id"] + '","name":"' + zone["name"] + '"')
    assert '"success":true' in text
    text = shared.api.call("GET", f"/zones/{zone['id']}/dns_records?name=a.{zone['name']}").text
    assert text.startswith('{"result":[{"id":"' + record["id"] + '"')
    assert len(text) < 4096


def test_ids_in_either_form(shared, zone):
    plain = zone["id"]
    uuid = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
    for form in (plain, uuid, plain.upper()):
        assert shared.api.get(f"/zones/{form}")["id"] == plain


def test_every_answer_names_its_request(shared):
    one, two = (shared.api.call("GET", "/user").headers for _ in range(2))
    assert one["CF-Ray"] != two["CF-Ray"]
    assert one["CF-Ray"].startswith(one["X-Request-Id"])
    assert len(one["X-Request-Id"]) == 16
    assert "CF-Ray" in shared.api.call("GET", "/nowhere").headers


@pytest.mark.parametrize("query,code", [
    ("page=0", 9207), ("page=x", 9208), ("per_page=-1", 9208), ("per_page=0", 9207),
    ("direction=sideways", 9207), ("match=some", 9207), ("order=colour", 9207),
    ("name=%ff", 9207)])
def test_bad_queries_are_named(shared, query, code):
    failed(shared.api.call("GET", f"/zones?{query}"), 400, code)


def test_a_broken_escape_is_named(shared):
    got = raw(shared.api_port, head(shared, "GET /client/v4/zones?name=%zz HTTP/1.0"))
    assert b" 400 " in got.split(b"\r\n")[0] and b"escape" in got


def test_too_large_a_body_is_413_in_the_envelope(everseal):
    one = everseal({"api.body.max": "4k"})
    name = "size-tests.net"
    fits = json.dumps({"name": name}).ljust(4096).encode()
    succeeded(one.api.call("POST", "/zones", data=fits))
    failed(one.api.call("POST", "/zones", data=fits + b" "), 413, 6009)
