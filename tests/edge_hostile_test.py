"""What the internet sends: framings meant to be read twice, bytes that are no protocol, peers that
are slow, many, or never read."""
import os
import random
import re
import resource
import socket
import ssl
import subprocess
import threading
import time

import pytest

from support import edge, raw
from support.instance import BINARY, Everseal, wait_until


# --- two readings of one message -----------------------------------------------------------------

BODY = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n"

FRAMINGS = [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: 5, 6", b"Content-Length: +5",
    b"Content-Length: -5", b"Content-Length: 0x5", b"Content-Length: 5 5", b"Content-Length:",
    b"Content-Length: 99999999999999999999", b"Content-Length: 5\x0b", b"Content-Length : 5",
    b" Content-Length: 5", b"X: y\r\n Content-Length: 5", b"Content-Length\x00: 5",
    b"Content-Length: 5\rX: y", b"Content-Length: 5\nX: y", b"X: y\nContent-Length: 5",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: identity",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: \"chunked\"",
    b"Transfer-Encoding: chunked;q=1", b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: chunked\x00",
    b"Transfer-Encoding : chunked", b" Transfer-Encoding: chunked", b"Transfer-Encoding\t: chunked",
    b"X: y\r\n Transfer-Encoding: chunked", b"X:\r\n\tTransfer-Encoding: chunked",
    b"Transfer-Encoding:\r\n chunked", b"Transfer-Encoding: ch\xd0\xb5nked", b"Transfer-Encoding: \xa0chunked",
    b"Transfer_Encoding: chunked", b"Transfer-Encoding: CHUNKED\r\nContent-Length: 0",
    b"Connection: Content-Length\r\nContent-Length: 5", b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    b"Expect: 100-continue\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
    b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\nContent-Length: 5",
]

CHUNKS = [
    b"5;a\n\r\nhello\r\n0\r\n\r\n", b"5\nhello\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"-1\r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n", b"5\x00\r\nhello\r\n0\r\n\r\n", b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    b"5;\xff=\r\n\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nX: y\nZ: w\r\n\r\n", b"5\r\nhello\r\n0\r\n X\r\n\r\n",
    b"5\r\nhello\r\n\r\n0\r\n\r\n", b"5_0\r\nhello\r\n0\r\n\r\n", b"5;" + b"a" * 5000 + b"\r\nhello\r\n0\r\n\r\n",
]


def check_head(head):
    """One framing at the most, one host, no line that another reader would cut elsewhere."""
    lines = head.split(b"\r\n")
    assert b"\n" not in b"".join(lines) and b"\r" not in b"".join(lines), head
    names = [line.split(b":")[0].lower() for line in lines[1:]]
    assert all(name.strip() == name and name for name in names), head
    assert names.count(b"content-length") + names.count(b"transfer-encoding") <= 1, head
    assert names.count(b"host") == 1, head


@pytest.fixture(scope="module")
def recorded(work):
    host = "shop.hostile.example.net"
    instance = Everseal(work / "hostile", {"edge.timeout.body": "300ms", "edge.timeout.head": "1s"})

    heads, faults = [], []

    def serve(_, sock):
        rest = b""
        while True:
            head, rest = raw.read_head(sock, rest)
            if not head:
                return
            heads.append(head)
            try:
                check_head(head)
                body, rest = raw.read_body(sock, head, rest)
            except (AssertionError, ValueError) as fault:
                faults.append(fault)
                return
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    origin = raw.RawOrigin(serve)
    try:
        instance.start()
        instance.onboard(host, origin)
        instance.host, instance.heads, instance.faults = host, heads, faults
        instance.answered = set()
        yield instance
    finally:
        instance.stop()
        origin.close()


def send(recorded, request):
    """The statuses of the answers. Whatever the bytes were, the origin saw no message that could
    be read in two ways, and no request of which a client does not know."""
    got = raw.exchange(recorded.http, request.replace(b"HOST", recorded.host.encode()))
    recorded.answered |= set(re.findall(rb"\b[0-9a-f]{32}\b", got))
    assert not recorded.faults
    for head in recorded.heads:
        assert head.rsplit(b"X-Request-Id: ", 1)[1][:32] in recorded.answered, head
    return raw.statuses_of(got)


def was_smuggled(recorded):
    return any(b"smuggled" in head for head in recorded.heads)


@pytest.mark.sanitize
@pytest.mark.parametrize("framing", FRAMINGS, ids=range(len(FRAMINGS)))
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_no_request_has_two_framings(recorded, framing, version):
    statuses = send(recorded, b"POST /first HTTP/" + version + b"\r\nHost: HOST\r\n" + framing
                    + b"\r\n\r\n" + BODY + b"GET / HTTP/1.1\r\nHost: HOST\r\n"
                    b"Connection: close\r\n\r\n")
    assert set(statuses) <= {200, 400, 501}, statuses
    assert set(statuses) == {200} or not was_smuggled(recorded)
    recorded.heads.clear()


@pytest.mark.sanitize
@pytest.mark.parametrize("chunks", CHUNKS, ids=range(len(CHUNKS)))
def test_broken_chunks_are_refused(recorded, chunks):
    statuses = send(recorded, b"POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + chunks + b"GET /smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n")
    assert statuses == [400], statuses
    assert not was_smuggled(recorded)


LINES = [
    b"GET /\r\n\r\n", b"GET  / HTTP/1.1\r\n", b"GET / HTTP/1.1 \r\n", b" GET / HTTP/1.1\r\n", b"GET /\tHTTP/1.1\r\n",
    b"GET / HTTP/1.1\n", b"GET / http/1.1\r\n", b"GET / HTTP/2.0\r\n", b"GET / HTTP/1.10\r\n", b"GET / HTTP/0.9\r\n",
    b"GET /\x00 HTTP/1.1\r\n", b"GET /\x80 HTTP/1.1\r\n", b"GET /# HTTP/1.1\r\n", b"GE\x01T / HTTP/1.1\r\n", b"GET * HTTP/1.1\r\n",
    b"GET http:/// HTTP/1.1\r\n", b"GET //HOST/ HTTP/1.1\r\n", b"GET http://u@HOST/ HTTP/1.1\r\n", b"G" * 300 + b" / HTTP/1.1\r\n",
]


@pytest.mark.sanitize
@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_request_lines(recorded, line):
    statuses = send(recorded, line + b"Host: HOST\r\nConnection: close\r\n\r\n")
    assert set(statuses) <= {200, 400, 501, 505}, statuses


HOSTS = [b"Host: HOST\r\nHost: HOST", b"Host: HOST, other", b"Host: HOST other", b"Host: HOST/", b"Host: u@HOST", b"Host:",
         b"Host: HOST:99999", b"Host: HOST:x", b"Host: HOST:80:80", b"Host: [::1", b"Host: 127.1", b"Host : HOST", b"Host: HO%53T",
         b"X: y", b"Host: \xc3\xa9.example"]


@pytest.mark.sanitize
@pytest.mark.parametrize("host", HOSTS, ids=range(len(HOSTS)))
def test_hosts(recorded, host):
    statuses = send(recorded, b"GET / HTTP/1.1\r\n" + host + b"\r\nConnection: close\r\n\r\n")
    assert statuses in ([400], [404]), statuses


# --- noise ---------------------------------------------------------------------------------------


def alive(instance, host):
    return instance.fetch(host).status == 200 and instance.fetch(host, tls=False).status == 200


@pytest.mark.sanitize
def test_noise_on_every_listener(recorded):
    pids = recorded.pids("edge")
    random.seed(7)
    hello = client_hello(recorded.host)
    for n in range(300):
        noise = bytearray(random.choice((hello, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(400))))
        for _ in range(random.randrange(6)):
            noise[random.randrange(len(noise))] = random.randrange(256)
        for address in (recorded.http, recorded.https):
            try:
                with edge.connect(address) as sock:
                    sock.sendall(bytes(noise[:random.randrange(1, len(noise) + 1)]))
                    if n % 3 == 0:
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            except OSError:
                pass
    assert alive(recorded, recorded.host)
    assert recorded.pids("edge") == pids


def client_hello(name):
    context = edge.tls_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def test_a_hello_in_single_bytes(recorded):
    with edge.connect(recorded.https) as sock:
        for byte in client_hello(recorded.host):
            sock.sendall(bytes([byte]))
        assert sock.recv(1) == b"\x16"


def test_plain_http_on_the_tls_port_is_ended(recorded):
    got = raw.exchange(recorded.https, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"HTTP/1.1 200" not in got


# --- slow, many, greedy --------------------------------------------------------------------------


def rss(pid):
    with open(f"/proc/{pid}/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def test_a_slow_reader_costs_no_memory(everseal, origins):
    own = everseal({"edge.workers": "1"})
    host, size = "shop.slow.example.net", 200_000_000
    own.onboard(host, origins())
    assert alive(own, host)
    pid = own.pids("edge")[0]
    before, most = rss(pid), 0
    for tls in (False, True):
        sock = edge.handshake(own.https, host, own.ca) if tls else edge.connect(own.http)
        with sock:
            sock.sendall(b"GET /bytes/%d HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                         % (size, host.encode()))
            time.sleep(0.5)
            most = max(most, rss(pid))
            got, block = 0, bytearray(1 << 20)
            while True:
                n = sock.recv_into(block)
                if n == 0:
                    break
                got += n
                if got % 37 == 0:
                    most = max(most, rss(pid))
            assert got > size
            most = max(most, rss(pid))
    assert most - before < 8_000_000


def test_a_slow_origin_costs_no_memory(everseal):
    own = everseal({"edge.workers": "1", "edge.limit.body": "1g"})
    host, size, taken = "shop.upload.example.net", 200_000_000, []

    def serve(_, sock):
        _, rest = raw.read_head(sock)
        got = len(rest)
        time.sleep(0.5)
        while got < size:
            got += len(sock.sock.recv(1 << 20))
        taken.append(got)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    origin = raw.RawOrigin(serve)
    own.onboard(host, origin)
    pid = own.pids("edge")[0]
    before = rss(pid)
    with edge.connect(own.http) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n"
                     % (host.encode(), size))
        block, left = b"u" * 1_000_000, size
        while left:
            sock.sendall(block[:left])
            left -= min(left, len(block))
        assert raw.status_of(sock.recv(4096)) == 200
    assert taken == [size]
    assert rss(pid) - before < 8_000_000
    origin.close()


def test_requests_without_end_and_without_reading_cost_no_memory(everseal):
    own = everseal({"edge.workers": "1"})
    pid = own.pids("edge")[0]
    before = rss(pid)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(own.http)
        sock.settimeout(0.5)
        flood = b"GET / HTTP/1.1\r\nHost: nobody.example.org\r\n\r\n" * 2000
        sent = 0
        try:
            while sent < 100_000_000:
                sent += sock.send(flood)
        except socket.timeout:
            pass
        assert sent < 100_000_000
        assert rss(pid) - before < 8_000_000
        sock.settimeout(10)
        assert raw.status_of(sock.recv(65536)) == 404


PATHS = ["/echo", "/bytes/300000", "/chunks/50/3000", "/die", "/die-after/9000", "/delay/0.05",
         "/status/204", "/close", "/drip/3/0.02"]


def careless_client(own, host, seed):
    """Requests of all kinds, left at any point."""
    chance = random.Random(seed)
    for _ in range(40):
        tls = chance.random() < 0.5
        sock = None
        try:
            sock = edge.handshake(own.https, host, own.ca) if tls else edge.connect(own.http)
            for _ in range(chance.randrange(1, 4)):
                body = b"b" * chance.choice((0, 10, 50000))
                sock.sendall(b"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n" % (
                    chance.choice(PATHS).encode(), host.encode(), len(body))
                    + body[:chance.choice((len(body), len(body) // 2))])
                sock.settimeout(0.3)
                sock.recv(chance.choice((1, 1000, 100000)))
            if chance.random() < 0.3:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        except OSError:
            pass
        if sock:
            sock.close()


@pytest.mark.sanitize
def test_careless_clients_leave_nothing_behind(everseal, origins):
    own = everseal({"edge.workers": "1", "edge.timeout.body": "500ms", "origin.timeout.idle": "1s"})
    host = "shop.careless.example.net"
    own.onboard(host, origins())
    pid = own.pids("edge")
    clients = [threading.Thread(target=careless_client, args=(own, host, seed))
               for seed in range(12)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    assert alive(own, host) and own.pids("edge") == pid

    def gauge(name):
        return sum(v for k, v in own.metrics().items() if k.startswith(name))
    wait_until(lambda: gauge("everseal_edge_connections") == 0, words="no client connection")
    wait_until(lambda: gauge("everseal_edge_origin_connections") == 0, words="no origin connection")


def test_a_thousand_slow_clients_do_not_keep_others_out(everseal, origins):
    own = everseal()
    host = "shop.loris.example.net"
    own.onboard(host, origins())
    socks = []
    for n in range(1000):
        sock = edge.connect(own.http if n % 2 else own.https)
        sock.sendall((b"GET / HTTP/1.1\r\nX: ", b"\x16\x03\x01\x02")[n % 2 == 0])
        socks.append(sock)
    for _ in range(10):
        assert alive(own, host)
    idle = [rss(pid) for pid in own.pids("edge")]
    assert max(idle) < 60_000_000
    for sock in socks:
        sock.close()


class Cramped(Everseal):
    """May open few files."""

    def spawn(self, *more):
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                ["prlimit", "--nofile=64:64", str(BINARY), "up", *self.flags(), *more],
                stdout=out, stderr=out, env=self.env, start_new_session=True)
        return self.process


def test_out_of_descriptors_it_waits_and_recovers(work, origins):
    own = Cramped(work / "cramped", {"edge.workers": "1"})
    host = "shop.descriptors.example.net"
    try:
        own.start()
        own.onboard(host, origins())
        assert alive(own, host)
        pid = own.pids("edge")[0]
        socks = [edge.connect(own.http) for _ in range(80)]
        time.sleep(0.5)
        before = spent(pid)
        time.sleep(1)
        assert spent(pid) - before < 30  # ticks of 10 ms: it does not spin
        for sock in socks:
            sock.close()
        wait_until(lambda: alive(own, host))
        assert own.pids("edge") == [pid]
        assert "door.paused" in own.log_text()
    finally:
        own.stop()


def spent(pid):
    with open(f"/proc/{pid}/stat") as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))


# --- the end -------------------------------------------------------------------------------------


def test_requests_in_flight_are_finished(everseal, origins):
    own = everseal()
    host = "shop.drain.example.net"
    origin = origins()
    own.onboard(host, origin)
    idle = edge.connect(own.http)
    idle.sendall(b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % host.encode())
    head, rest = raw.read_head(idle)
    assert raw.status_of(head + b"\r\n\r\n") == 200
    raw.read_body(idle, head, rest)
    statuses = []
    workers = [threading.Thread(target=lambda: statuses.append(own.fetch(host, "/delay/1.5").status))
               for _ in range(8)]
    for one in workers:
        one.start()
    wait_until(lambda: origin.requests.count(("GET", "/delay/1.5")) == 8)
    status = own.stop()
    for one in workers:
        one.join()
    assert statuses == [200] * 8 and status == 0
    assert raw.read_all(idle) == b""
