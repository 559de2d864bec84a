"""Lists: pages, orders, filters."""
import itertools

import pytest

from support.api import failed, succeeded

pytestmark = [pytest.mark.quick, pytest.mark.sanitize]

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def zone(shared):
    """A zone with 25 records, in no order."""
    made = shared.api.post("/zones", {"name": f"paging{next(_numbers)}-tests.net"})
    for i in (7 * n % 25 for n in range(25)):
        shared.api.post(f"/zones/{made['id']}/dns_records", {
            "type": "A" if i % 2 else "AAAA", "name": f"r{i:02}", "ttl": 60 + i,
            "content": f"192.0.2.{i}" if i % 2 else f"2001:db8::{i:x}",
            "comment": f"number {i}" if i % 5 == 0 else None,
            "tags": ["kind:odd"] if i % 2 else []})
    return made


@pytest.fixture
def records(shared, zone):
    def ask(query=""):
        answer = shared.api.call("GET", f"/zones/{zone['id']}/dns_records?{query}")
        return succeeded(answer), answer.json()["result_info"]
    return ask


def names(rows):
    return [row["name"].split(".")[0] for row in rows]


def test_pages_cover_the_list_without_overlap(records):
    seen = []
    for page in range(1, 6):
        rows, info = records(f"page={page}&per_page=6")
        assert info == {"page": page, "per_page": 6, "count": len(rows), "total_count": 25,
                        "total_pages": 5}
        seen += names(rows)
    assert seen == [f"r{i:02}" for i in range(25)]


def test_behind_the_end_is_empty_and_no_error(records):
    for query in ("page=6&per_page=6", "page=2147483648", "offset=25&limit=5"):
        rows, info = records(query)
        assert rows == [] and info["total_count"] == 25


def test_limit_and_offset(records):
    rows, info = records("limit=10&offset=20")
    assert names(rows) == ["r20", "r21", "r22", "r23", "r24"] and info["page"] == 3


def test_defaults_and_limits(records, shared):
    assert records()[1]["per_page"] == 100
    assert records("per_page=1")[1]["total_pages"] == 25
    assert records("per_page=5000000")[1]["per_page"] == 5000
    info = shared.api.call("GET", "/zones?per_page=500").json()["result_info"]
    assert info["per_page"] == 50
    assert shared.api.call("GET", "/zones").json()["result_info"]["per_page"] == 20


def test_directions_and_orders(records):
    down, _ = records("direction=desc&per_page=5")
    assert names(down) == ["r24", "r23", "r22", "r21", "r20"]
    down, _ = records("direction=desc&per_page=5&page=5")
    assert names(down) == ["r04", "r03", "r02", "r01", "r00"]
    by_ttl, _ = records("order=ttl&direction=desc&per_page=3")
    assert [row["ttl"] for row in by_ttl] == [84, 83, 82]
    by_type, _ = records("order=type&per_page=25")
    assert [row["type"] for row in by_type] == 12 * ["A"] + 13 * ["AAAA"]


FILTERS = [
    ("type=A", 12), ("type=a", 12), ("type=A,AAAA", 25), ("type=A&type=AAAA", 25),
    ("type=CNAME", 0), ("name.contains=r1", 10), ("name.startswith=r2", 5),
    ("name.endswith=.net", 25), ("content=192.0.2.1", 1), ("content.startswith=192.0.2.1", 6),
    ("content.contains=DB8", 13), ("comment.present=true", 5), ("comment.absent=true", 20),
    ("comment=number 5", 1), ("comment.startswith=NUMBER", 5), ("tag=kind:odd", 12),
    ("tag.present=kind", 12), ("tag.absent=kind", 13), ("proxied=false", 25), ("proxied=1", 0),
    ("search=number 1", 2), ("type=A&comment.present=1", 2),
    ("type=A&comment.present=1&match=any", 15), ("type=A&comment.present=1&match=all", 2),
]


@pytest.mark.parametrize("query,count", FILTERS)
def test_filters(records, query, count):
    rows, info = records(query)
    assert len(rows) == info["total_count"] == count


def test_the_exact_name_in_any_form(records, zone):
    for name in (f"r07.{zone['name']}", f"R07.{zone['name'].upper()}", f"r07.{zone['name']}."):
        rows, _ = records(f"name={name}")
        assert names(rows) == ["r07"]
    assert records("name=nobody")[0] == []


def test_zone_filters(shared, zone):
    def find(query):
        return [row["id"] for row in shared.api.get(f"/zones?per_page=50&{query}")]
    name = zone["name"]
    for query in (f"name={name}", f"name={name.upper()}", f"name=equal:{name}",
                  f"name=starts_with:{name[:8]}", f"name=contains:{name[2:9]}",
                  f"name={name}&status=active", f"name={name}&type=full",
                  f"name={name}&account.id={shared.account}",
                  f"name={name}&status=moved&match=any"):
        assert zone["id"] in find(query), query
    for query in ("name=nobody.example", f"name=not_equal:{name}", f"name={name}&status=pending",
                  f"name={name}&account.id={32 * '0'}", f"name={name}&type=partial"):
        assert zone["id"] not in find(query), query


def test_lists_of_other_things_page_too(shared):
    for path in ("/accounts", "/memberships", "/user/tokens", "/everseal/audit",
                 f"/accounts/{shared.account}/tokens"):
        answer = shared.api.call("GET", f"{path}?page=1&per_page=5")
        assert len(succeeded(answer)) <= 5
        assert answer.json()["result_info"]["per_page"] == 5
        assert succeeded(shared.api.call("GET", f"{path}?page=100000")) == []


def test_an_id_goes_with_no_other_filter(shared, zone):
    base = f"/zones/{zone['id']}/custom_hostnames"
    failed(shared.api.call("GET", f"{base}?id={32 * '0'}&hostname=x"), 400, 1438)
    failed(shared.api.call("GET", f"{base}?id=x"), 400, 1435)
    assert succeeded(shared.api.call("GET", f"{base}?id={32 * '0'}")) == []
