"""Every error code that a caller can provoke, and that the list of them is whole."""
import re
from pathlib import Path

import pytest

from support.api import failed

pytestmark = [pytest.mark.quick, pytest.mark.sanitize]

SOURCE = Path(__file__).resolve().parents[1] / "src"
GONE = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def place(shared):
    """A zone with a proxied record, a CNAME and a custom hostname."""
    zone = shared.api.post("/zones", {"name": "errors-tests.net"})
    base = f"/zones/{zone['id']}"
    records = base + "/dns_records"
    made = shared.api.post(records, {"type": "A", "name": "www", "content": "192.0.2.1",
                                     "proxied": True})
    shared.api.post(records, {"type": "CNAME", "name": "alias", "content": "www.example.net"})
    host = shared.api.post(base + "/custom_hostnames", {"hostname": "shop.errors-tests.org"})
    return {"zone": base, "records": records, "record": f"{records}/{made['id']}",
            "hosts": base + "/custom_hostnames", "host": f"{base}/custom_hostnames/{host['id']}"}


def a(name="x", content="192.0.2.9", **more):
    return {"type": "A", "name": name, "content": content, **more}


def host(name="other.errors-tests.org", **more):
    return {"hostname": name, **more}


def ssl(**more):
    return host(ssl={"method": "http", "type": "dv", **more})


PROVOKED = [
    (1001, 404, "GET", f"/zones/{GONE}", None),
    (1003, 404, "GET", f"/user/tokens/{GONE}", None),
    (1004, 400, "POST", "{records}", a(content="")),
    (1006, 400, "GET", "{zone}/settings/no_such_setting", None),
    (1006, 400, "PATCH", "{zone}/settings", {"items": [{"id": "nothing", "value": 1}]}),
    (1007, 400, "PATCH", "{zone}/settings/ssl", {"value": "everything"}),
    (1007, 400, "PATCH", "{zone}/settings/ssl", {}),
    (1008, 404, "GET", "/everseal/names/nobody.errors-tests.net", None),
    (1015, 400, "PATCH", "{zone}", {"vanity_name_servers": ["ns.example.net"]}),
    (1016, 400, "PATCH", "{zone}/settings/ssl", {"value": "origin_pull"}),
    (1049, 400, "POST", "/zones", {"name": "com"}),
    (1049, 400, "POST", "/zones", {"name": "single"}),
    (1049, 400, "POST", "/zones", {"name": "192.0.2.1"}),
    (1049, 400, "POST", "/zones", {}),
    (1061, 400, "POST", "/zones", {"name": "errors-tests.net"}),
    (1061, 400, "POST", "/zones", {"name": "ERRORS-tests.net."}),
    (1097, 400, "POST", "/zones", {"name": "x.localhost"}),
    (1400, 400, "POST", "{hosts}", "[1]"),
    (1400, 400, "POST", "{hosts}", "{"),
    (1400, 400, "POST", "{hosts}", host(ssl="http")),
    (1401, 400, "POST", "{hosts}", host(custom_metadata=["a"])),
    (1401, 400, "POST", "{hosts}", host(custom_metadata={"a": 1})),
    (1406, 409, "POST", "{hosts}", host("shop.errors-tests.org")),
    (1407, 400, "POST", "{hosts}", host("not a name")),
    (1407, 400, "POST", "{hosts}", {}),
    (1408, 400, "POST", "{hosts}", host("bücher.errors-tests.org")),
    (1409, 400, "POST", "{hosts}", host("shop.localhost")),
    (1410, 400, "POST", "{hosts}", host("co.uk")),
    (1412, 400, "POST", "{hosts}", {**ssl(wildcard=True), "custom_metadata": {"a": "b"}}),
    (1415, 400, "POST", "{hosts}", host(custom_origin_server="not a name")),
    (1416, 400, "POST", "{hosts}", host(custom_origin_server="192.0.2.1")),
    (1416, 400, "POST", "{hosts}", host(everseal={"origin": {"host": "10.0.0.1"}})),
    (1416, 400, "POST", "{hosts}", host(everseal={"origin": {"host": "169.254.169.254"}})),
    (1421, 400, "POST", "{hosts}", host(custom_origin_server="nobody.errors-tests.net")),
    (1422, 400, "POST", "{hosts}", ssl(settings={"http2": "maybe"})),
    (1423, 400, "POST", "{hosts}", ssl(settings={"tls_1_2_only": "on"})),
    (1424, 400, "POST", "{hosts}", ssl(settings={"tls_1_3": "off"})),
    (1425, 400, "POST", "{hosts}", ssl(settings={"min_tls_version": "1.3"})),
    (1432, 400, "POST", "{hosts}", ssl(method="pigeon")),
    (1433, 400, "POST", "{hosts}", ssl(type="ev")),
    (1434, 400, "POST", "{hosts}", ssl(custom_certificate="PEM")),
    (1435, 400, "GET", "{hosts}?id=x", None),
    (1436, 404, "GET", f"{{hosts}}/{GONE}", None),
    (1436, 404, "DELETE", f"{{hosts}}/{GONE}", None),
    (1438, 400, "GET", f"{{hosts}}?id={GONE}&hostname=x", None),
    (1440, 400, "POST", "{hosts}", host(ssl={"method": "http"})),
    (1442, 400, "POST", "{hosts}", ssl(settings={"ciphers": ["AES128-SHA"]})),
    (1449, 400, "POST", "{hosts}", ssl(bundle_method="string")),
    (1551, 404, "GET", "{hosts}/fallback_origin", None),
    (6007, 400, "POST", "{records}", '{"type":'),
    (6007, 400, "POST", "/zones", '{"name":"a.net","name":"b.net"}'),
    (7001, 405, "PUT", "/zones", {}),
    (7003, 404, "GET", "/no/such/thing", None),
    (7003, 404, "GET", "/zones/x", None),
    (9000, 400, "POST", "{records}", {"type": "A", "content": "192.0.2.1"}),
    (9000, 400, "POST", "{records}", a("no name")),
    (9005, 400, "POST", "{records}", a(content="2001:db8::1")),
    (9006, 400, "POST", "{records}", {**a(), "type": "AAAA"}),
    (9007, 400, "POST", "{records}", {**a(content="not a name"), "type": "CNAME"}),
    (9021, 400, "POST", "{records}", a(ttl=0)),
    (9021, 400, "POST", "{records}", a(ttl=59)),
    (9021, 400, "POST", "{records}", a(ttl=86401)),
    (9039, 400, "POST", "{records}", {**a("self", "self.errors-tests.net"), "type": "CNAME"}),
    (9207, 400, "POST", "{records}", {**a(), "type": "NOPE"}),
    (9208, 400, "POST", "{records}", a(ttl="300")),
    (9208, 400, "POST", "{records}", a(proxied="yes")),
    (9211, 400, "POST", "{records}", {**a(content="x"), "type": "TXT"}),
    (10001, 409, "DELETE", "/accounts/{account}", None),
    (81044, 404, "GET", f"{{records}}/{GONE}", None),
    (81044, 404, "DELETE", f"{{records}}/{GONE}", None),
    (81044, 404, "PATCH", f"{{records}}/{GONE}", {}),
    (81053, 400, "POST", "{records}", {**a("www", "x.example.net"), "type": "CNAME"}),
    (81054, 400, "POST", "{records}", a("alias")),
    (81058, 400, "POST", "{records}", a("www", "192.0.2.1", proxied=True)),
]

# Provoked by tests of their own, or not at all from outside.
ELSEWHERE = {
    1000: "api_auth_test", 6003: "api_auth_test", 6111: "api_auth_test", 9103: "api_auth_test",
    9106: "api_auth_test", 9109: "api_auth_test", 10000: "api_auth_test", 10429: "api_auth_test",
    6008: "api_tolerance_test", 6009: "api_tolerance_test",
    1224: "api_system_test", 1439: "api_system_test", 1419: "needs a name of the installation",
    9015: "longer contents are refused as bodies first", 9041: "see api_record_test",
    10013: "a fault of ours", 10014: "a full disk: full_disk_test", 10015: "a fault of ours",
    10016: "a fault of ours",
}


@pytest.mark.parametrize("code,status,method,path,body", PROVOKED,
                         ids=[f"{p[0]}-{i}" for i, p in enumerate(PROVOKED)])
def test_code(shared, place, code, status, method, path, body):
    path = path.format(account=shared.account, **place)
    if isinstance(body, str):
        answer = shared.api.call(method, path, data=body.encode(),
                                 headers={"Content-Type": "application/json"})
    else:
        answer = shared.api.call(method, path, json=body)
    failed(answer, status, code)
    assert (answer.headers.get("x-should-retry") == "false") == (status == 409)


def test_every_documented_code_is_provoked_somewhere(shared):
    rows = {row["code"]: row["status"] for row in shared.api.get("/everseal/errors")}
    provoked = {code: status for code, status, *_ in PROVOKED}
    assert set(provoked) | set(ELSEWHERE) == set(rows)
    for code, status in provoked.items():
        assert rows[code] == status


def test_every_code_in_the_source_is_documented(shared):
    rows = {row["code"] for row in shared.api.get("/everseal/errors")}
    used = set()
    for folder in ("model", "role/control"):
        for file in (SOURCE / folder).rglob("*.c"):
            if file.name != "error.c" and not file.name.endswith(("_test.c", "_fuzz.c")):
                text = file.read_text()
                for call in re.findall(r"fail_code\([^;]*?,\s*FAIL_\w+,\s*([^,]*?),", text, re.S):
                    used |= {int(n) for n in re.findall(r"\b\d{4,5}\b", call)}
                used |= {int(n) for n in re.findall(r"\.code = (\d+)", text)}
    assert used <= rows, used - rows
