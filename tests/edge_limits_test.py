"""Every limit and timeout of the edge: kept at the limit, refused one above, with its status; and
each one listed in docs/limits.md."""
import re
import socket
import time
from pathlib import Path

import pytest

from support import edge, raw
from support.instance import wait_until
from support.origin import Origin

ROOT = Path(__file__).resolve().parents[1]
HOST = "shop.limits.example.net"

SETTINGS = {
    "edge.workers": "1",
    "edge.limit.line": "256", "edge.limit.head": "1024", "edge.limit.fields": "8",
    "edge.limit.body": "1000", "edge.limit.requests": "3", "edge.limit.drain": "64k",
    "edge.timeout.handshake": "1s", "edge.timeout.head": "300ms", "edge.timeout.body": "300ms",
    "edge.timeout.idle": "300ms", "edge.timeout.send": "500ms", "edge.timeout.drain": "300ms",
    "origin.limit.head": "1024", "origin.limit.fields": "8",
    "origin.timeout.connect": "1s", "origin.timeout.head": "1s",
    "origin.timeout.body": "1s", "origin.timeout.idle": "300ms",
}


@pytest.fixture(scope="module")
def limited(work):
    from support.instance import Everseal
    instance = Everseal(work / "limits", SETTINGS)
    origin = Origin()
    try:
        instance.start()
        instance.onboard(HOST, origin)
        yield instance
    finally:
        instance.stop()
        origin.close()


@pytest.fixture
def raw_host(limited, name):
    """Serves a name by a raw origin: raw_host(serve) -> name."""
    made = []

    def make(serve):
        made.append(raw.RawOrigin(serve))
        limited.onboard(name, made[-1])
        return name
    yield make
    for one in made:
        one.close()


def ask(limited, head, host=HOST):
    request = head.replace(b"HOST", host.encode())
    return raw.status_of(raw.exchange(limited.http, request))


# --- sizes: at the limit 200, one above the status of the limit ----------------------------------


def line_of(n):
    return b"GET /" + b"a" * (n - len(b"GET / HTTP/1.1")) + b" HTTP/1.1\r\n"


def head_of(n):
    start = b"GET / HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\nConnection: close\r\nX: "
    return start + b"x" * (n - len(start) - 4) + b"\r\n\r\n"


@pytest.mark.parametrize("over,status", [(0, 200), (1, 414)])
def test_line(limited, over, status):
    head = line_of(256 + over) + b"Host: HOST\r\nConnection: close\r\n\r\n"
    assert ask(limited, head) == status


@pytest.mark.parametrize("over,status", [(0, 200), (1, 431)])
def test_head(limited, over, status):
    assert ask(limited, head_of(1024 + over)) == status


@pytest.mark.parametrize("over,status", [(0, 200), (1, 431)])
def test_fields(limited, over, status):
    more = b"".join(b"X%d: 1\r\n" % n for n in range(6 + over))
    assert ask(limited, b"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n" + more
               + b"\r\n") == status


@pytest.mark.parametrize("over,status", [(0, 200), (1, 413)])
def test_body_by_length(limited, over, status):
    n = 1000 + over
    assert ask(limited, b"POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n"
               b"Content-Length: %d\r\n\r\n" % n + b"b" * n) == status


@pytest.mark.parametrize("over,status", [(0, 200), (1, 413)])
def test_body_by_chunks(limited, over, status):
    body = b"200\r\n" + b"b" * 512 + b"\r\n%x\r\n" % (488 + over) + b"b" * (488 + over) + b"\r\n"
    assert ask(limited, b"POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n") == status


def test_requests_of_a_connection(limited):
    one = b"GET / HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\n\r\n"
    got = raw.exchange(limited.http, one * 5)
    assert got.count(b"HTTP/1.1 200") == 3
    assert got.count(b"Connection: close") == 1


@pytest.mark.parametrize("over,status", [(0, 200), (1, 502)])
def test_head_of_an_answer(limited, raw_host, over, status):
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: "
    fields = start + b"x" * (1024 + over - len(start) - 4) + b"\r\n\r\n"

    def serve(_, sock):
        raw.read_head(sock)
        sock.sendall(fields)
    assert limited.fetch(raw_host(serve), tls=False).status == status


@pytest.mark.parametrize("over,status", [(0, 200), (1, 502)])
def test_fields_of_an_answer(limited, raw_host, over, status):
    host = raw_host(raw.answers(fields=b"X: 1\r\n" * (7 + over)))
    assert limited.fetch(host, tls=False).status == status


def test_unread_bodies_are_taken_up_to_a_limit(limited):
    """The refused client can read its answer although its body is on the way."""
    with edge.connect(limited.http) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 60000\r\n\r\n" % HOST.encode())
        sock.sendall(b"b" * 60000)
        assert raw.status_of(raw.read_all(sock)) == 413


# --- connections ---------------------------------------------------------------------------------


def open_and_ask(address, count):
    """So many connections, one request on each; the sockets and the statuses."""
    socks = [edge.connect(address) for _ in range(count)]
    statuses = []
    for sock in socks:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: nobody.example.org\r\n\r\n")
        statuses.append(raw.status_of(sock.recv(4096)))
    return socks, statuses


@pytest.mark.parametrize("setting", ["edge.limit.connections", "edge.limit.network_connections"])
def test_connections(everseal, setting):
    own = everseal({"edge.workers": "1", setting: "5"})
    time.sleep(0.2)  # the connection that saw it ready is gone
    socks, statuses = open_and_ask(own.http, 6)
    assert sorted(statuses) == [404] * 5 + [503]
    with pytest.raises(OSError):
        edge.handshake(own.https, "nobody.example.org")
    for sock in socks:
        sock.close()
    wait_until(lambda: raw.status_of(raw.exchange(
        own.http, b"GET / HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\n\r\n")) == 404)


def test_connections_to_origins(everseal, origins):
    own = everseal({"edge.workers": "1", "origin.limit.connections": "2"})
    slow = origins()
    own.onboard(HOST, slow)
    request = b"GET /delay/1 HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\nConnection: close\r\n\r\n"
    socks = [edge.connect(own.http) for _ in range(3)]
    for sock in socks:
        sock.sendall(request)
    assert sorted(raw.status_of(raw.read_all(sock)) for sock in socks) == [200, 200, 503]


# --- times ---------------------------------------------------------------------------------------


def ends(sock):
    """What the other side sends until it ends the connection; it must do so by itself."""
    sock.settimeout(10)
    return raw.read_all(sock)


def test_a_silent_handshake_is_ended(limited):
    with edge.connect(limited.https) as sock:
        assert ends(sock) == b""
    with edge.connect(limited.https) as sock:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert ends(sock) == b""


def test_a_slow_head_is_408(limited):
    with edge.connect(limited.http) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a")
        assert raw.status_of(ends(sock)) == 408


def test_a_head_that_drips_is_408(limited):
    with edge.connect(limited.http) as sock:
        try:
            for byte in b"GET / HTTP/1.1\r\nX: " + b"y" * 100:
                sock.sendall(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            pass
        assert raw.status_of(ends(sock)) == 408


def test_a_slow_body_is_408(limited):
    with edge.connect(limited.http) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 10\r\n\r\nabc" % HOST.encode())
        got = ends(sock)
        assert raw.status_of(got) == 408 and b"side of the request" in got


def test_an_idle_connection_is_ended(limited):
    with edge.connect(limited.http) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: nobody.example.org\r\n\r\n")
        assert raw.status_of(ends(sock)) == 404


def test_a_client_that_does_not_read_is_ended(everseal):
    origin = Origin()
    own = everseal({"edge.workers": "1", "edge.timeout.send": "500ms"})
    own.onboard(HOST, origin)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(own.http)
        sock.sendall(b"GET /bytes/50000000 HTTP/1.1\r\nHost: %s\r\n\r\n" % HOST.encode())
        log = own.folder / "log" / "access.log"
        wait_until(lambda: log.exists() and "does not read its answer" in log.read_text())
    origin.close()


def test_an_origin_that_does_not_answer_is_504(limited):
    answer = limited.fetch(HOST, "/delay/3", tls=False)
    assert answer.status == 504 and b"side of the origin" in answer.body


def test_an_origin_that_does_not_shake_hands_is_504(limited, name):
    def serve(_, sock):
        sock.recv(10000)
        time.sleep(3)
    silent = raw.RawOrigin(serve)
    silent.tls = True
    limited.onboard(name, silent, ssl="full")
    assert limited.fetch(name).status == 504
    silent.close()


def test_an_origin_that_pauses_in_its_answer_is_cut(limited):
    with pytest.raises((OSError, edge.http.client.IncompleteRead)):
        limited.fetch(HOST, "/drip/3/3", tls=False)


def test_an_origin_that_does_not_read_is_504(everseal, name):
    own = everseal({"edge.workers": "1", "origin.timeout.body": "500ms",
                    "edge.limit.body": "100m"})

    def serve(_, sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        time.sleep(5)
    origin = raw.RawOrigin(serve)
    own.onboard(name, origin)
    with edge.connect(own.http) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 50000000\r\n\r\n"
                     % name.encode())
        sock.settimeout(0.2)
        got = b""
        for _ in range(1000):
            try:
                sock.sendall(b"x" * 100000)
            except socket.timeout:
                try:
                    got = sock.recv(4096)
                except socket.timeout:
                    continue
                break
            except OSError:
                break
        got = got or raw.read_all(sock)
        assert raw.status_of(got) == 504
    origin.close()


def test_an_idle_origin_connection_is_ended(limited, raw_host):
    ended = []

    def serve(_, sock):
        raw.read_head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        ended.append(sock.recv(1))
    assert limited.fetch(raw_host(serve), tls=False).status == 200
    wait_until(lambda: ended == [b""])


# --- the page --------------------------------------------------------------------------------


def test_every_limit_is_in_the_documentation(limited):
    page = (ROOT / "docs" / "limits.md").read_text()
    rows = re.findall(r"^\| `([a-z._]+)` \| ([^|]+) \|", page, re.M)
    listed = {name: default.strip() for name, default in rows}
    shown = limited.cli("config", "example").stdout
    settings = dict(re.findall(r"^#? ?([a-z._]+) = ?(.*)$", shown, re.M))
    wanted = {name: value for name, value in settings.items()
              if re.match(r"(edge|origin)\.(limit|timeout)\.|dns\.(timeout|ttl)", name)}
    assert len(wanted) > 25
    assert {name: listed.get(name) for name in wanted} == wanted
