"""Bytes on the wire, as they are: clients and origins for what well-behaved libraries never send."""
import socket
import ssl
import threading

from support import edge


def read_head(sock, held=b""):
    """(head, what came behind it)."""
    while b"\r\n\r\n" not in held:
        more = sock.recv(65536)
        if not more:
            return held, b""
        held += more
    head, rest = held.split(b"\r\n\r\n", 1)
    return head, rest


def read_body(sock, head, held):
    """(body, what came behind it) of a message whose framing is one of the two plain ones."""
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])

    def need(n):
        nonlocal held
        while len(held) < n:
            more = sock.recv(65536)
            if not more:
                raise ConnectionResetError
            held += more
    if b"content-length" in fields:
        n = int(fields[b"content-length"])
        need(n)
        return held[:n], held[n:]
    body = b""
    while b"transfer-encoding" in fields:
        while b"\r\n" not in held:
            need(len(held) + 1)
        size, held = held.split(b"\r\n", 1)
        need(int(size, 16) + 2)
        body += held[:int(size, 16)]
        held = held[int(size, 16) + 2:]
        if int(size, 16) == 0:
            break
    return body, held


def read_all(sock):
    """Everything until the other side ends, or breaks off."""
    got = b""
    try:
        while True:
            more = sock.recv(65536)
            if not more:
                return got
            got += more
    except (ConnectionResetError, ssl.SSLError, socket.timeout):
        return got


def status_of(answer):
    """The status of the first answer in the bytes; None: there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else None


def statuses_of(answers):
    """The statuses of all answers in the bytes (none of the bodies may hold "HTTP/1.1 ")."""
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]


def exchange(address, request, timeout=10):
    """Sends bytes on a plain connection, reads until it ends."""
    with edge.connect(address, timeout) as sock:
        sock.sendall(request)
        return read_all(sock)


class RawOrigin:
    """Serves each connection with `serve(self, sock)`, keeping every byte that it was sent in
    `seen`, one entry per connection."""
    tls = False

    def __init__(self, serve, host="127.0.0.1"):
        self.listener = socket.create_server((host, 0), backlog=128)
        self.host, self.port = self.listener.getsockname()[:2]
        self.serve = serve
        self.seen = []
        self.connections = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.one, args=(sock,), daemon=True).start()

    def one(self, sock):
        with sock:
            try:
                self.serve(self, Recorded(sock, self.seen))
            except OSError:
                pass

    def close(self):
        self.listener.close()


class Recorded:
    """A socket that remembers what it received."""

    def __init__(self, sock, seen):
        self.sock = sock
        self.seen = seen
        self.place = len(seen)
        seen.append(b"")

    def recv(self, n):
        got = self.sock.recv(n)
        self.seen[self.place] += got
        return got

    def __getattr__(self, name):
        return getattr(self.sock, name)


def answers(body=b"ok", fields=b"", close=False):
    """A `serve` that answers every head it reads with this; bodies are not looked at."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (len(body), fields)

    def serve(_, sock):
        rest = b""
        while True:
            request, rest = read_head(sock, rest)
            if not request:
                return
            sock.sendall(head + body)
            if close:
                return
    return serve
