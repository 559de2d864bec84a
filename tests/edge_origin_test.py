"""Where origins may be, how they are reached in each mode, and what a client sees when they are
not."""
import json
import socket
import threading

import pytest

from support import edge, raw
from support.instance import wait_until


@pytest.fixture(scope="module")
def certificates(work):
    """Makes (chain file, key file) for a name, and the root that signed them."""
    import datetime
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    folder = work / "origin-certificates"
    folder.mkdir()
    now = datetime.datetime.utcnow()

    def build(name, issuer_name, key, issuer_key, ca, days):
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer_name or subject)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=2))
                   .not_valid_after(now + datetime.timedelta(days=days))
                   .add_extension(x509.BasicConstraints(ca, None), True))
        if not ca:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        return builder.sign(issuer_key, hashes.SHA256())

    def pem(thing):
        return thing.public_bytes(serialization.Encoding.PEM)
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = build("origin root", None, root_key, root_key, True, 30)
    (folder / "root.pem").write_bytes(pem(root))

    def make(name, days=10):
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = build(name, root.subject, key, root_key, False, days)
        chain, private = folder / f"{name}{days}.pem", folder / f"{name}{days}.key"
        chain.write_bytes(pem(leaf))
        private.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return str(chain), str(private)
    make.root = str(folder / "root.pem")
    folder.chmod(0o755)
    return make


@pytest.fixture(scope="module")
def strict(work, certificates):
    from support.instance import Everseal
    instance = Everseal(work / "strict", {"origin.bundle": certificates.root})
    try:
        yield instance.start()
    finally:
        instance.stop()


# --- modes ---------------------------------------------------------------------------------------


def test_flexible_speaks_plain_to_the_origin(shared, origin, name):
    shared.onboard(name, origin, ssl="flexible")
    assert shared.fetch(name).json()["tls"] is None
    assert shared.fetch(name, tls=False).json()["tls"] is None


def test_full_speaks_tls_to_any_certificate(shared, origins, certificates, name):
    shared.onboard(name, origins(certificate=certificates("somebody.else.example")), ssl="full")
    told = shared.fetch(name).json()
    assert told["tls"] == "TLSv1.3" and told["sni"] == name


def test_strict_wants_proof(strict, origins, certificates, name):
    good, wrong, late = name, "wrong." + name, "late." + name
    strict.onboard(good, origins(certificate=certificates(good)), ssl="strict")
    strict.onboard(wrong, origins(certificate=certificates("somebody.else.example")), ssl="strict")
    strict.onboard(late, origins(certificate=certificates(late, days=-1)), ssl="strict")
    assert strict.fetch(good).status == 200
    for host in (wrong, late):
        answer = strict.fetch(host)
        assert answer.status == 502 and b"TLS with" in answer.body, host


def test_strict_does_not_trust_what_it_does_not_know(shared, origins, certificates, name):
    shared.onboard(name, origins(certificate=certificates(name)), ssl="strict")
    assert shared.fetch(name).status == 502


def test_connections_made_without_proof_are_not_used_with(strict, origins, certificates, name):
    """The same origin, port and name: once as full, once as strict."""
    origin = origins(certificate=certificates("somebody.else.example"))
    zone = name.split(".", 1)[1]
    strict.onboard(name, origin, ssl="full")
    assert strict.fetch(name).status == 200
    strict.zone(zone, "strict")
    wait_until(lambda: strict.fetch(name).status == 502, words="strict refuses")


def test_off_sends_https_to_http(shared, origin, name):
    shared.onboard(name, origin, ssl="off")
    answer = shared.fetch(name, "/a?b=c", method="POST", body=b"x")
    assert (answer.status, answer.headers["Location"]) == (307, f"http://{name}/a?b=c")
    assert shared.fetch(name, tls=False).status == 200


# --- addresses -----------------------------------------------------------------------------------


class Somewhere:
    tls = False

    def __init__(self, host, port=9):
        self.host, self.port = host, port


def test_our_own_listeners_are_refused(shared, name):
    for port in (shared.http_port, shared.https_port, shared.api_port):
        host = f"p{port}.{name}"
        shared.onboard(host, Somewhere("127.0.0.1", port), ssl="flexible")
        answer = shared.fetch(host, tls=False)
        assert answer.status == 502 and b"not allowed" in answer.body


# --- failures ------------------------------------------------------------------------------------


def test_no_listener_is_502(shared, name):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    shared.onboard(name, Somewhere("127.0.0.1", port))
    answer = shared.fetch(name)
    assert answer.status == 502 and b"side of the origin" in answer.body
    assert name.encode() in answer.body and answer.headers["X-Request-Id"].encode() in answer.body


def test_pages_keep_the_origin_hidden_and_the_access_line_names_it(everseal, origins, name):
    own = everseal({"edge.workers": "1"})
    places = {}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        places["refused"] = Somewhere("127.0.0.1", taken.getsockname()[1])
    places["forbidden"] = Somewhere("127.0.0.1", own.http_port)
    places["tls"] = Somewhere("127.0.0.1", origins().port)
    for label, place in places.items():
        host = f"{label}.{name}"
        place.tls = label == "tls"
        own.onboard(host, place, ssl="full")
        answer = own.fetch(host)
        assert answer.status == 502
        assert b"127.0.0.1" not in answer.body and str(place.port).encode() not in answer.body
    log = own.folder / "log" / "access.log"
    wait_until(lambda: log.exists() and log.read_text().count("\n") == len(places))
    whys = [json.loads(line)["why"] for line in log.read_text().splitlines()]
    assert all("127.0.0.1" in why for why in whys), whys


NOT_ANSWERS = [
    b"hello\r\n\r\n", b"HTTP/2 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\n X: folded\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nBad Name: 1\r\nContent-Length: 0\r\n\r\n", b"\x00" * 100, b"",
]


@pytest.mark.parametrize("bytes_sent", NOT_ANSWERS, ids=range(len(NOT_ANSWERS)))
def test_what_is_no_answer_is_502(shared, name, bytes_sent):
    def serve(_, sock):
        raw.read_head(sock)
        sock.sendall(bytes_sent)
    origin = raw.RawOrigin(serve)
    shared.onboard(name, origin)
    assert shared.fetch(name).status == 502
    origin.close()


def test_bytes_behind_an_answer_are_nobodys(everseal):
    """A second answer that nobody asked for must not meet the next request."""
    own = everseal({"edge.workers": "1"})
    host = "shop.behind.example.net"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    origin = raw.RawOrigin(lambda _, sock: (raw.read_head(sock), sock.sendall(
        answer + b"good" + answer + b"evil"), raw.read_head(sock)))
    own.onboard(host, origin)
    for _ in range(5):
        assert own.fetch(host).body == b"good"
    assert origin.connections == 5
    origin.close()


# --- names ---------------------------------------------------------------------------------------


class Dns:
    """Answers A questions: "up" names with 127.0.0.1, others do not exist."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.addresses = {}
        self.asked = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(2048)
            except OSError:
                return
            self.asked += 1
            end, labels = 12, []
            while query[end]:
                labels.append(query[end + 1:end + 1 + query[end]].decode().lower())
                end += query[end] + 1
            end += 5
            address = self.addresses.get(".".join(labels))
            kind = query[end - 4:end - 2]
            answer = b""
            if address and kind == b"\0\1":
                answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(address)
            code = 0 if address else 3
            self.socket.sendto(query[:2] + bytes([0x81, 0x80 | code]) + b"\0\1\0" +
                               bytes([bool(answer)]) + b"\0\0\0\0" + query[12:end] + answer, peer)


class Named:
    tls = False

    def __init__(self, host, port):
        self.host, self.port = host, port


def test_an_origin_by_name(everseal, origin):
    dns = Dns()
    own = everseal({"edge.workers": "1", "dns.resolvers": f"127.0.0.1:{dns.port}",
                    "dns.ttl.least": "0s", "dns.ttl.failed": "0s"})
    host, target = "shop.named.example.net", "backend.named.example.org"
    dns.addresses[target] = "127.0.0.1"
    own.onboard(host, Named(target, origin.port))
    assert own.fetch(host).status == 200
    dns.addresses[target] = "10.0.0.1"  # moved to where no origin may be
    answer = own.fetch(host)
    assert answer.status == 502 and b"address is not allowed" in answer.body
    del dns.addresses[target]
    answer = own.fetch(host)
    assert answer.status == 502 and b"no address" in answer.body
    dns.addresses[target] = "127.0.0.1"
    assert own.fetch(host).status == 200


def test_forbidden_classes_after_resolution(everseal):
    dns = Dns()
    own = everseal({"edge.workers": "1", "dns.resolvers": f"127.0.0.1:{dns.port}",
                    "dns.ttl.least": "0s", "origin.allow": "192.0.2.0/24",
                    "origin.timeout.connect": "1s"})
    host, target = "shop.class.example.net", "backend.class.example.org"
    dns.addresses[target] = "127.0.0.1"
    own.onboard(host, Named(target, 9))
    for address in ("127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.0.1",
                    "169.254.169.254", "169.254.1.1", "0.0.0.0", "100.64.0.1", "224.0.0.1",
                    "255.255.255.255", "198.18.0.1", "198.51.100.1", "240.0.0.1"):
        dns.addresses[target] = address
        answer = own.fetch(host, tls=False)
        assert answer.status == 502 and b"is not allowed" in answer.body, address
