"""The hostile requests of http_h11_test.py on every listener, over real sockets.

What the parser refuses is refused with its status and a closed connection; what it accepts reaches
the origin, which reads it with another parser (h11), as the same method, target and body length;
and not one process ends over it.
"""
import json
import random
import socket
import struct
import subprocess
import threading

import h11
import pytest

from http_h11_test import CASES, PROGRAM, our_reading
from support.instance import children

NAME = "shop.hostile-tests.example.net"
LONG = 8000  # what is longer meets limits that differ between listeners


def with_name(text):
    return text.replace(b"a.example", NAME.encode())


TEXTS = [text for text in (with_name(text) for _, text in CASES)
         if len(text) < LONG and text.count(b"\r\nX: y") < 90]


class StrictOrigin:
    """Answers "METHOD TARGET BODY-LENGTH"; remembers every time it could not read what it got."""

    tls = False

    def __init__(self):
        self.errors = []
        self.count = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self.socket.getsockname()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            try:
                while self.serve_one(peer, h11.Connection(h11.SERVER)):
                    pass
            except OSError:
                pass
            except h11.RemoteProtocolError as error:
                self.errors.append(str(error))

    def serve_one(self, peer, connection):
        request, length = None, 0
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                data = peer.recv(65536)
                if not data:  # perhaps inside a request: then it was broken off
                    return False
                connection.receive_data(data)
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                length += len(event.data)
            else:
                break
        if connection.trailing_data[0]:
            self.errors.append(f"bytes behind a request: {connection.trailing_data[0]!r}")
        self.count += 1
        body = b"%s %s %d" % (request.method, request.target, length)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
                     + (b"" if request.method == b"HEAD" else body))
        return True

    def close(self):
        self.socket.close()


@pytest.fixture(scope="module")
def readings():
    """What the parser alone makes of each text."""
    given = b"".join(struct.pack(">I", len(text)) + text for text in TEXTS)
    done = subprocess.run([PROGRAM], input=given, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def origin():
    one = StrictOrigin()
    yield one
    one.close()


def ask(address, text, whole):
    """Everything that comes back, up to the end (whole) or the end of the first answer."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as s:
        s.settimeout(10)
        s.connect(address)
        s.sendall(text)
        answer = b""
        while whole or not is_complete(answer):
            try:
                data = s.recv(65536)
            except ConnectionResetError:
                break
            if not data:
                break
            answer += data
        return answer


def is_complete(answer):
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length or 0)


def status_of(answer):
    return int(answer[9:12]) if answer[:9] == b"HTTP/1.1 " else None


def check_refusals(address, readings, also=()):
    for text, reading in zip(TEXTS, readings):
        if reading["answer"] == "refused":
            answer = ask(address, text, True)
            assert status_of(answer) in (reading["status"], *also), text
            assert b"connection: close" in answer.lower(), text


def path_of(target):
    return b"/" + target.split(b"/", 3)[3] if target.lower().startswith(b"http://") and \
        target.count(b"/") > 2 else target


@pytest.fixture
def nothing_ends(shared):
    before = sorted(children(shared.process.pid))
    yield
    assert sorted(children(shared.process.pid)) == before


def test_the_api_refuses_by_tcp(shared, readings, nothing_ends):
    check_refusals(("127.0.0.1", shared.api_port), readings)


def test_the_api_refuses_by_unix_socket(shared, readings, nothing_ends):
    check_refusals(str(shared.folder / "run" / "api.sock"), readings)


@pytest.mark.quick
@pytest.mark.sanitize
def test_the_edge_refuses(shared, readings, nothing_ends):
    # 404: the name is unknown, which is seen before a body that is broken
    check_refusals(shared.http, readings, also=(404,))


@pytest.mark.sanitize
def test_origins_read_what_we_read(shared, readings, origin, nothing_ends):
    shared.onboard(NAME, origin)
    reached = 0
    for text, reading in zip(TEXTS, readings):
        if reading["answer"] == "more" or reading.get("rest"):
            continue
        before = origin.count
        answer = ask(shared.http, text, reading["answer"] == "refused")
        if reading["answer"] == "refused":
            # a broken body may be seen only when the origin has its beginning; it never has all
            assert status_of(answer) == reading["status"], text
            assert origin.count == before, text
        elif status_of(answer) == 200:
            method, target, _, body = our_reading(reading)
            want = b"%s %s %d" % (method, path_of(target), len(body))
            assert answer.endswith(b"\r\n\r\n" + want), text
            reached += 1
    assert not origin.errors
    assert reached >= 100


def test_noise_is_refused(shared, nothing_ends):
    noise = random.Random(1)
    for n in (1, 3, 10, 100, 1000, 5000):
        for _ in range(20):
            text = noise.randbytes(n) + b"\r\n\r\n"
            for address in (shared.http, shared.https, ("127.0.0.1", shared.api_port)):
                ask(address, text, True)


OK = b"HTTP/1.1 200 OK\r\n"

# what an origin sends, and what the client sees: a status, or None: the connection breaks off
ANSWERS = [
    (b"", 502), (b"\r\n", 502), (b"hello\r\n\r\n", 502), (b"220 mail.example ESMTP\r\n", 502),
    (b"\x15\x03\x01\x00\x02\x02\x46", 502), (b"HTTP/2.0 200 OK\r\n\r\n", 502), (b"HTTP/1.1\r\n\r\n", 502),
    (b"HTTP/1.1 20 OK\r\n\r\n", 502), (b"HTTP/1.1 2000 OK\r\n\r\n", 502), (b"HTTP/1.1 600 X\r\n\r\n", 502),
    (OK[:-2] + b"\n\n", 502), (OK + b"A: b\n\r\n", 502), (OK + b"A: b\rC: d\r\n\r\n", 502),
    (OK + b"A : b\r\n\r\n", 502), (OK + b"A: b\r\n c\r\n\r\n", 502), (OK + b"A: \0\r\n\r\n", 502),
    (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 502),
    (OK + b"Content-Length: 2, 2\r\n\r\nab", 502), (OK + b"Content-Length: -1\r\n\r\n", 502),
    (OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502),
    (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 502),
    (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502),
    (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", 502),
    (b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 502), (b"HTTP/1.1 101 Switching\r\n\r\n", 502),
    (OK + b"A: " + b"x" * 70000 + b"\r\n\r\n", 502), (OK + b"A: b\r\n" * 200 + b"\r\n", 502),
    (OK, 502), (OK + b"Content-Length: 5\r\n\r\nhel", None),
    (OK + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", None),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel", None),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n", None),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA : b\r\n\r\n", None),
    (OK + b"Content-Length: 5\r\n\r\nhello", 200), (OK + b"Content-Length: 5\r\n\r\nhelloHTTP/1.1", 200),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nmore", 200), (OK + b"\r\nhello", 200),
    (b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"Content-Length: 5\r\n\r\nhello", 103),
]


class RudeOrigin(StrictOrigin):
    """Sends ANSWERS[n] to a request for /n, and closes."""

    def serve(self, peer):
        with peer:
            asked = b""
            while b"\r\n\r\n" not in asked:
                data = peer.recv(65536)
                if not data:
                    return
                asked += data
            try:
                peer.sendall(ANSWERS[int(asked.split(b" ", 2)[1][1:])][0])
            except OSError:
                pass


@pytest.mark.sanitize
def test_origins_may_be_hostile_too(shared, nothing_ends):
    rude = RudeOrigin()
    name = "rude.hostile-tests.example.net"
    shared.onboard(name, rude)
    for n, (sent, status) in enumerate(ANSWERS):
        request = f"GET /{n} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode()
        answer = ask(shared.http, request, True)
        if status is None:
            assert not answer.endswith(b"0\r\n\r\n") and not is_complete_length(answer), sent
        else:
            assert status_of(answer) == status, sent[:100]
        if status in (103, 200):
            assert b"hello" in answer and b"HTTP/1.1" not in answer.rpartition(b"hello")[2], sent
    rude.close()


def is_complete_length(answer):
    return b"content-length" in answer.lower() and is_complete(answer)
