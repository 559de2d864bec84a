"""Asks an edge for a name without any resolver: the address is known, the name goes into SNI and
Host. Raw enough for tests to say exactly what stands on the wire."""
import http.client
import json as jsonlib
import socket
import ssl
from dataclasses import dataclass, field


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    version: str = None      # TLS version, None without TLS
    cipher: str = None
    certificate: bytes = None  # DER of the leaf
    resumed: bool = None
    session: object = field(default=None, repr=False)

    def json(self):
        return jsonlib.loads(self.body)


def connect(address, timeout=10):
    return socket.create_connection(address, timeout=timeout)


def tls_context(ca=None, **options):
    """Trusts `ca` (a file); with None it checks nothing. Options: minimum, maximum, alpn, ciphers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(ca)
    if "minimum" in options:
        context.minimum_version = options["minimum"]
    if "maximum" in options:
        context.maximum_version = options["maximum"]
    if "alpn" in options:
        context.set_alpn_protocols(options["alpn"])
    if "ciphers" in options:
        context.set_ciphers(options["ciphers"])
    return context


def handshake(address, name, ca=None, context=None, session=None, timeout=10):
    """A connected TLS socket. The caller closes it."""
    context = context or tls_context(ca)
    raw = connect(address, timeout)
    try:
        return context.wrap_socket(raw, server_hostname=name, session=session)
    except BaseException:
        raw.close()
        raise


def ask(sock, host, path="/", method="GET", headers=None, body=None):
    """One request on a socket that stays open."""
    connection = http.client.HTTPConnection(host)
    connection.sock = sock
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    fields = {"Host": host, **(headers or {})}
    if body is not None and "Transfer-Encoding" not in fields:
        fields.setdefault("Content-Length", str(len(body)))
    for name, value in fields.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(body)
    answer = http.client.HTTPResponse(sock, method=method)
    answer.begin()
    data = answer.read()
    connection.sock = None
    tls = isinstance(sock, ssl.SSLSocket)
    return Answer(answer.status, answer.headers, data, sock.version() if tls else None,
                  sock.cipher()[0] if tls else None, sock.getpeercert(True) if tls else None,
                  sock.session_reused if tls else None, sock.session if tls else None)


def fetch(address, host, path="/", tls=True, ca=None, sni=None, context=None, session=None,
          timeout=10, **request):
    """One request on a connection of its own."""
    if tls:
        sock = handshake(address, sni or host, ca, context, session, timeout)
    else:
        sock = connect(address, timeout)
    with sock:
        return ask(sock, host, path, **request)
