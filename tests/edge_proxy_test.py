"""A request's way to the origin and back: fields, bodies, connections, retries."""
import hashlib
import json
import socket
import threading
import time

import pytest

from support import edge, raw
from support.instance import wait_until

pytestmark = [pytest.mark.quick, pytest.mark.sanitize]


@pytest.fixture
def raw_origin():
    made = []

    def make(serve):
        made.append(raw.RawOrigin(serve))
        return made[-1]
    yield make
    for one in made:
        one.close()


def fields_of(answer):
    """What the origin was sent, as {name: [values]}."""
    found = {}
    for field, value in answer.json()["headers"]:
        found.setdefault(field.lower(), []).append(value)
    return found


# --- fields --------------------------------------------------------------------------------------


def test_the_origin_learns_who_asked(shared, origin, name):
    shared.onboard(name, origin)
    answer = shared.fetch(name, "/a%20b?c=d&e")
    sent = fields_of(answer)
    assert answer.json()["target"] == "/a%20b?c=d&e"
    assert sent["host"] == [name]
    assert sent["x-forwarded-for"] == ["127.0.0.1"]
    assert sent["x-forwarded-proto"] == ["https"]
    assert sent["forwarded"] == [f"for=127.0.0.1;host={name};proto=https"]
    assert sent["via"] == ["1.1 everseal"]
    assert sent["cdn-loop"] == ["everseal"]
    assert sent["x-request-id"] == [answer.headers["X-Request-Id"]]
    assert answer.headers["Via"] == "1.1 everseal"
    plain = fields_of(shared.fetch(name, tls=False))
    assert plain["x-forwarded-proto"] == ["http"]


def test_options_goes_so_many_hops(shared, origin, name):
    """RFC 9110, 7.6.2."""
    shared.onboard(name, origin)
    for sent, arrives in (("5", ["4"]), ("1", ["0"]), (None, None)):
        headers = {"Max-Forwards": sent} if sent else {}
        answer = shared.fetch(name, method="OPTIONS", headers=headers)
        assert fields_of(answer).get("max-forwards") == arrives
    count = len(origin.requests)
    last = shared.fetch(name, method="OPTIONS", headers={"Max-Forwards": "0"})
    assert last.status == 204 and "GET" in last.headers["Allow"]
    assert len(origin.requests) == count


LIES = {"X-Forwarded-For": "6.6.6.6", "X_Forwarded_For": "6.6.6.6", "x-FORWARDED-proto": "ftp",
        "X-Forwarded-Host": "evil.example", "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6",
        "X-Request-Id": "chosen", "True-Client-IP": "6.6.6.6", "CF-Connecting-IP": "6.6.6.6",
        "X-Forwarded-Ssl": "on"}


def test_what_a_client_says_of_itself_is_dropped(shared, origin, name):
    shared.onboard(name, origin)
    answer = shared.fetch(name, headers=LIES)
    sent = json.dumps(answer.json()["headers"])
    assert "6.6.6.6" not in sent and "evil" not in sent and "chosen" not in sent
    assert fields_of(answer)["x-forwarded-proto"] == ["https"]


def test_what_a_trusted_proxy_says_is_continued(everseal, origin):
    own = everseal({"trusted_proxies": "127.0.0.0/8"})
    host = "shop.trusted.example.net"
    own.onboard(host, origin)
    sent = fields_of(own.fetch(host, headers={
        "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "http", "X-Request-Id": "abc-1",
        "Forwarded": "for=192.0.2.7", "X-Real-IP": "6.6.6.6"}))
    assert sent["x-forwarded-for"] == ["192.0.2.7, 127.0.0.1"]
    assert sent["x-forwarded-proto"] == ["http"]
    assert sent["forwarded"] == [f"for=192.0.2.7, for=127.0.0.1;host={host};proto=https"]
    assert sent["x-request-id"] == ["abc-1"]
    assert "x-real-ip" not in sent


def test_fields_of_the_connection_stay_here(shared, origin, name):
    shared.onboard(name, origin)
    sent = fields_of(shared.fetch(name, headers={
        "Connection": "X-Secret-Hop, keep-alive", "X-Secret-Hop": "1", "Keep-Alive": "timeout=5",
        "TE": "trailers", "Upgrade": "h2c", "Proxy-Connection": "keep-alive", "X-Kept": "yes"}))
    assert sent["x-kept"] == ["yes"]
    assert not {"x-secret-hop", "keep-alive", "te", "upgrade", "proxy-connection"} & set(sent)
    answer = shared.fetch(name, "/header/Keep-Alive/timeout=5")
    assert answer.headers["Keep-Alive"] is None


def test_a_loop_ends(shared, origin, name):
    shared.onboard(name, origin)
    assert shared.fetch(name, headers={"CDN-Loop": "other"}).status == 200
    sent = fields_of(shared.fetch(name, headers={"CDN-Loop": "other; a=b"}))
    assert sent["cdn-loop"] == ["other; a=b, everseal"]
    for value in ("everseal", "other, everseal", "everseal; hop=1", "\"broken"):
        answer = shared.fetch(name, headers={"CDN-Loop": value})
        assert answer.status == 508 and b"loop" in answer.body, value


def test_methods(shared, origin, name):
    shared.onboard(name, origin)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
        answer = shared.fetch(name, method=method)
        assert (answer.status, answer.json()["method"]) == (200, method) if method != "PROPFIND" \
            else answer.status in (200, 501)
    head = shared.fetch(name, "/bytes/77", method="HEAD")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "77", b"")
    assert shared.fetch(name, method="TRACE").status == 501
    assert raw.status_of(raw.exchange(shared.http, b"CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n"
                                      % (name.encode(), name.encode()))) == 501
    star = raw.exchange(shared.http, b"OPTIONS * HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                        % name.encode())
    assert raw.status_of(star) == 204 and b"Allow: GET" in star


# --- bodies --------------------------------------------------------------------------------------


def test_bodies_arrive_whole(shared, origin, name):
    shared.onboard(name, origin)
    for size in (0, 1, 4095, 4096, 65536, 1_000_003):
        body = bytes(i * 31 % 251 for i in range(min(size, 5000))) * (size // 5000 + 1)
        body = body[:size]
        told = shared.fetch(name, method="POST", body=body).json()
        assert told["body_length"] == size
        assert told["body_sha256"] == hashlib.sha256(body).hexdigest()
        assert len(shared.fetch(name, f"/bytes/{size}").body) == size
        assert len(shared.fetch(name, f"/bytes/{size}", tls=False).body) == size


def test_chunked_bodies_arrive_whole(shared, origin, name):
    shared.onboard(name, origin)
    for sizes in ((1,), (5, 1, 4096, 70000), (16384,) * 20):
        body = b"".join(bytes([65 + n % 26]) * size for n, size in enumerate(sizes))
        wire = b"".join(b"%x;x=y\r\n" % n + bytes([65 + i % 26]) * n + b"\r\n"
                        for i, n in enumerate(sizes)) + b"0\r\nX-Trailer: 1\r\n\r\n"
        with edge.connect(shared.http) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n"
                         % name.encode())
            for at in range(0, len(wire), 7001):
                sock.sendall(wire[at:at + 7001])
            _, rest = raw.read_head(sock)
            while not rest.endswith(b"}"):
                rest += sock.recv(65536)
            told = json.loads(rest)
        assert told["body_length"] == len(body)
        assert told["body_sha256"] == hashlib.sha256(body).hexdigest()
    assert shared.fetch(name, "/chunks/100/5000").body == b"c" * 500_000


def test_answers_without_a_body(shared, origin, name):
    shared.onboard(name, origin)
    with edge.handshake(shared.https, name, shared.ca) as sock:
        for path, status in (("/status/204", 204), ("/status/304", 304), ("/status/404", 404)):
            assert edge.ask(sock, name, path).status == status


def test_a_body_until_close_becomes_chunks(shared, raw_origin, name):
    def serve(_, sock):
        raw.read_head(sock)
        sock.sendall(b"HTTP/1.0 200 OK\r\n\r\nall of it")
    shared.onboard(name, raw_origin(serve))
    with edge.handshake(shared.https, name, shared.ca) as sock:
        for _ in range(2):
            answer = edge.ask(sock, name)
            assert answer.body == b"all of it"
            assert answer.headers["Transfer-Encoding"] == "chunked"


def test_a_client_of_http_1_0(shared, origin, name):
    shared.onboard(name, origin)
    got = raw.exchange(shared.http, b"GET /chunks/3/5 HTTP/1.0\r\nHost: %s\r\n\r\n" % name.encode())
    head, body = got.split(b"\r\n\r\n", 1)
    assert body == b"c" * 15
    assert b"Connection: close" in head and b"Transfer-Encoding" not in head
    assert raw.status_of(raw.exchange(shared.http, b"GET / HTTP/1.0\r\n\r\n")) == 400


def test_what_an_origin_breaks_off_is_seen_as_broken(shared, origin, name):
    shared.onboard(name, origin)
    for tls in (True, False):
        with pytest.raises(Exception) as caught:
            shared.fetch(name, "/die-after/1000", tls=tls)
        assert isinstance(caught.value, (OSError, edge.http.client.IncompleteRead))


def test_100_continue_passes(shared, raw_origin, name):
    asked = threading.Event()

    def serve(_, sock):
        head, _ = raw.read_head(sock)
        assert b"Expect: 100-continue" in head
        asked.set()
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = sock.recv(5)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)
    shared.onboard(name, raw_origin(serve))
    with edge.connect(shared.http) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 5\r\n"
                     b"Expect: 100-continue\r\n\r\n" % name.encode())
        head, _ = raw.read_head(sock)
        assert head.startswith(b"HTTP/1.1 100 ") and asked.is_set()
        sock.sendall(b"hello")
        head, rest = raw.read_head(sock)
        assert head.startswith(b"HTTP/1.1 200 ") and rest == b"hello"


def test_an_early_answer_is_delivered(shared, raw_origin, name):
    def serve(_, sock):
        raw.read_head(sock)
        sock.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    shared.onboard(name, raw_origin(serve))
    with edge.connect(shared.http) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000000\r\n\r\n"
                     % name.encode() + b"x" * 1000)
        got = raw.read_all(sock)
        assert raw.status_of(got) == 403 and got.endswith(b"\r\n\r\nno")
        assert b"Connection: close" in got


def test_bytes_flow_while_the_answer_flows(shared, raw_origin, name):
    """Both directions at once: each piece comes back before the next is sent."""
    def serve(_, sock):
        _, rest = raw.read_head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + rest)
        for _ in range(12 - len(rest)):
            sock.sendall(sock.recv(1))
    shared.onboard(name, raw_origin(serve))
    with edge.connect(shared.http) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 12\r\n\r\n" % name.encode())
        _, rest = raw.read_head(sock)
        for piece in (b"abc", b"def", b"ghi", b"jkl"):
            sock.sendall(piece)
            while not rest.endswith(piece):
                rest += sock.recv(100)
        assert rest == b"abcdefghijkl"


# --- connections ---------------------------------------------------------------------------------


def test_connections_are_kept_on_both_sides(everseal, raw_origin):
    own = everseal({"edge.workers": "1"})
    host, other = "shop.kept.example.net", "other.kept.example.net"
    origin = raw_origin(raw.answers())
    own.onboard(host, origin)
    own.onboard(other, origin)
    with edge.handshake(own.https, host, own.ca) as sock:
        for _ in range(20):
            assert edge.ask(sock, host).status == 200
    assert own.fetch(other).status == 200 and own.fetch(host, tls=False).status == 200
    assert origin.connections == 1


def test_pipelined_requests_are_answered_in_order(shared, origin, name):
    shared.onboard(name, origin)
    one = b"GET /%d HTTP/1.1\r\nHost: " + name.encode() + b"\r\n\r\n"
    last = b"GET /9 HTTP/1.1\r\nHost: " + name.encode() + b"\r\nConnection: close\r\n\r\n"
    got = raw.exchange(shared.http, b"".join(one % n for n in range(9)) + last)
    targets = [json.loads(part.split(b"\r\n\r\n", 1)[1])["target"]
               for part in got.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert targets == [f"/{n}" for n in range(10)]


def dies_when_used_again(answered):
    """Serves one request on each connection; the second one gets no byte."""
    def serve(_, sock):
        _, rest = raw.read_head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        head, _ = raw.read_head(sock, rest)
        answered.append(head)
    return serve


def test_a_dead_kept_connection_is_replaced_once(everseal, raw_origin):
    own = everseal({"edge.workers": "1"})
    host, swallowed = "shop.retry.example.net", []
    origin = raw_origin(dies_when_used_again(swallowed))
    own.onboard(host, origin)
    for _ in range(5):
        assert own.fetch(host).status == 200
    assert len([h for h in swallowed if h]) == 4 and origin.connections == 5
    log = own.folder / "log" / "access.log"
    wait_until(lambda: log.read_text().count('"retried":true') == 4, words="4 retries in the log")


def test_what_must_not_be_sent_twice_is_not(everseal, raw_origin):
    own = everseal({"edge.workers": "1", "origin.timeout.fresh": "1h"})
    host, swallowed = "shop.once.example.net", []
    origin = raw_origin(dies_when_used_again(swallowed))
    own.onboard(host, origin)
    assert own.fetch(host).status == 200
    answer = own.fetch(host, method="POST", body=b"money")
    assert answer.status == 502 and b"side of the origin" in answer.body
    assert sum(b"POST" in h for h in swallowed) == 1
    assert origin.connections == 1


def test_what_must_not_be_sent_twice_takes_a_new_connection(everseal, raw_origin):
    own = everseal({"edge.workers": "1", "origin.timeout.fresh": "0s"})
    host, swallowed = "shop.new.example.net", []
    origin = raw_origin(dies_when_used_again(swallowed))
    own.onboard(host, origin)
    assert own.fetch(host).status == 200
    assert own.fetch(host, method="POST", body=b"money").status == 200
    assert origin.connections == 2 and not any(b"POST" in h for h in swallowed)


def test_a_fresh_connection_that_dies_is_not_tried_again(shared, raw_origin, name):
    def serve(_, sock):
        raw.read_head(sock)
    origin = raw_origin(serve)
    shared.onboard(name, origin)
    assert shared.fetch(name).status == 502
    assert origin.connections == 1


def test_an_unread_body_never_becomes_a_request(shared, origin, name):
    shared.onboard(name, origin)
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: " + name.encode() + b"\r\n\r\n"
    cases = [
        b"TRACE / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: unknown.example.org\r\nX: %s\r\nContent-Length: %d\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: %s\r\nCDN-Loop: everseal\r\nContent-Length: %d\r\n\r\n",
    ]
    for case in cases:
        request = case % (name.encode(), len(smuggled)) + smuggled
        after = b"GET /after HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % name.encode()
        raw.exchange(shared.http, request + after)
        with edge.connect(shared.http) as sock:  # the body comes late
            sock.sendall(request[:-len(smuggled)])
            time.sleep(0.1)
            try:
                sock.sendall(smuggled)
            except OSError:
                pass
            raw.read_all(sock)
    assert not any("smuggled" in target for _, target in origin.requests)


def test_a_switch_of_protocols_is_not_passed(shared, raw_origin, name):
    def serve(_, sock):
        raw.read_head(sock)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
    shared.onboard(name, raw_origin(serve))
    answer = shared.fetch(name, headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert answer.status == 502


def test_a_half_closed_client_gets_its_answer(shared, origin, name):
    shared.onboard(name, origin)
    with edge.connect(shared.http) as sock:
        sock.sendall(b"GET /delay/0.3 HTTP/1.1\r\nHost: %s\r\n\r\n" % name.encode())
        sock.shutdown(socket.SHUT_WR)
        assert raw.status_of(raw.read_all(sock)) == 200
