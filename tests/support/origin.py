"""An origin server that tells what it was asked, and misbehaves on request.

    /echo, and every other path     JSON: method, target, headers, body length and hash, TLS facts
    /status/N                       answers N
    /bytes/N                        N bytes with a Content-Length
    /chunks/COUNT/SIZE              COUNT chunks of SIZE bytes
    /delay/SECONDS                  answers the echo late
    /drip/COUNT/SECONDS             COUNT lines, one each SECONDS
    /die                            closes without a byte
    /die-after/N                    promises 2 N bytes, sends N, closes
    /close                          answers the echo, then closes the connection
    /header/NAME/VALUE              answers with this field
"""
import hashlib
import json
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "origin"
    disable_nagle_algorithm = True

    def handle_any(self):
        self.server.requests.append((self.command, self.path))
        try:
            body = self.read_body()
        except (OSError, ValueError):
            self.close_connection = True
            return
        parts = self.path.split("?")[0].split("/")[1:]
        special = getattr(self, "do_" + parts[0].replace("-", "_"), None)
        try:
            if special and parts[0].islower():
                special(body, *parts[1:])
            else:
                self.do_echo(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                if size == 0:
                    while self.rfile.readline() not in (b"\r\n", b""):
                        pass
                    return body
                body += self.rfile.read(size)
                self.rfile.readline()
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, body, status=200, kind="application/json", fields=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def facts(self, body):
        tls = isinstance(self.connection, ssl.SSLSocket)
        return {
            "origin": self.server.name, "method": self.command, "target": self.path,
            "version": self.request_version, "headers": [list(h) for h in self.headers.items()],
            "body_length": len(body), "body_sha256": hashlib.sha256(body).hexdigest(),
            "client": list(self.client_address[:2]), "tls": self.connection.version() if tls else None,
            "sni": getattr(self.connection, "asked_name", None),
        }

    def do_echo(self, body, *_):
        self.answer(json.dumps(self.facts(body)).encode())

    def do_status(self, body, code, *_):
        if int(code) in (204, 304):
            self.send_response(int(code))
            self.end_headers()
        else:
            self.answer(json.dumps(self.facts(body)).encode(), int(code))

    def do_bytes(self, body, count):
        self.answer(b"x" * int(count), kind="application/octet-stream")

    def do_chunks(self, body, count, size):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(int(count)):
            self.wfile.write(b"%x\r\n" % int(size) + b"c" * int(size) + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def do_delay(self, body, seconds):
        time.sleep(float(seconds))
        self.do_echo(body)

    def do_drip(self, body, count, seconds):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i in range(int(count)):
            line = f"line {i}\n".encode()
            self.wfile.write(b"%x\r\n" % len(line) + line + b"\r\n")
            time.sleep(float(seconds))
        self.wfile.write(b"0\r\n\r\n")

    def do_die(self, body):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def do_die_after(self, body, count):
        self.send_response(200)
        self.send_header("Content-Length", str(2 * int(count)))
        self.end_headers()
        self.wfile.write(b"y" * int(count))
        self.wfile.flush()
        self.do_die(body)

    def do_close(self, body):
        self.close_connection = True
        self.answer(json.dumps(self.facts(body)).encode(), fields=[("Connection", "close")])

    def do_header(self, body, name, value):
        self.answer(b"{}", fields=[(name, value)])

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        pass  # a peer that goes away is part of the tests


class Origin:
    """Serves from its own threads until close(). With `certificate` = (chain file, key file): TLS."""

    def __init__(self, port=0, name="origin", certificate=None, address="127.0.0.1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.server = type("Server", (Server,), {"address_family": family})((address, port), Handler)
        self.server.name = name
        self.server.requests = []
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            context.sni_callback = lambda conn, name, _: setattr(conn, "asked_name", name)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.host = address
        self.port = self.server.server_address[1]
        self.tls = bool(certificate)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def requests(self):
        """(method, target) of every request so far."""
        return list(self.server.requests)

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
