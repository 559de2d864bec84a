"""Which certificate a handshake gets, whose host a request may ask for, and whose sessions come
back."""
import json
import re
import ssl

import pytest

from support import edge, raw
from support.instance import wait_until


def names_of(answer):
    from cryptography import x509
    certificate = x509.load_der_x509_certificate(answer.certificate)
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.DNSName)


def alert_of(address, name):
    with pytest.raises(ssl.SSLError) as caught:
        edge.handshake(address, name).close()
    return caught.value.reason


def test_the_certificate_is_that_of_the_name(shared, origin, name):
    other = "b" + name
    shared.onboard(name, origin)
    shared.onboard(other, origin)
    assert names_of(shared.fetch(name)) == [name]
    assert names_of(shared.fetch(other)) == [other]
    assert names_of(shared.fetch(name.upper(), sni=name.upper())) == [name]


def test_both_versions_and_both_families(shared, origin, name):
    shared.onboard(name, origin)
    for version, word in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        context = edge.tls_context(shared.ca, minimum=version, maximum=version)
        assert shared.fetch(name, context=context).version == word
    over6 = edge.fetch(("::1", shared.https_port), name, ca=shared.ca)
    assert over6.status == 200
    assert edge.fetch(("::1", shared.http_port), name, tls=False).status == 200


def test_old_versions_are_refused(shared, origin, name):
    shared.onboard(name, origin)
    context = edge.tls_context(ciphers="ALL:@SECLEVEL=0", minimum=ssl.TLSVersion.TLSv1,
                               maximum=ssl.TLSVersion.TLSv1_1)
    with pytest.raises(ssl.SSLError) as caught:
        shared.fetch(name, context=context)
    assert "PROTOCOL_VERSION" in caught.value.reason


def test_an_unknown_name_gets_the_alert(shared, name):
    assert alert_of(shared.https, "unknown." + name) == "TLSV1_UNRECOGNIZED_NAME"
    assert alert_of(shared.https, None) == "TLSV1_UNRECOGNIZED_NAME"


def test_the_default_name_answers_for_unknown_ones(everseal, origin):
    own = everseal({"edge.default_name": "front.default.example.net"})
    own.onboard("front.default.example.net", origin)
    context = edge.tls_context()
    answer = own.fetch("nobody.example.org", context=context)
    assert names_of(answer) == ["front.default.example.net"]
    assert answer.status == 421
    with edge.handshake(own.https, None) as sock:
        assert edge.ask(sock, "front.default.example.net").status == 200
    assert own.fetch("front.default.example.net").status == 200
    served = {source: sum(value for key, value in own.metrics().items()
                          if key.startswith("everseal_edge_certificates_total")
                          and f'source="{source}"' in key)
              for source in ("default", "custom_hostname", "record")}
    assert served == {"default": 2, "custom_hostname": 1, "record": 0}


def test_another_tenants_host_is_misdirected(shared, origin, name):
    sibling, stranger = "b." + name.split(".", 1)[1], name.replace("-tests", "-others")
    for one in (name, sibling, stranger):
        shared.onboard(one, origin)
    for host, status in ((name, 200), (name + ":8443", 200), (name + ".", 200), (sibling, 200),
                         (stranger, 421), ("nobody.example.org", 421), ("127.0.0.1", 421)):
        assert shared.fetch(host, sni=name).status == status, host
    # absolute-form names the host too, whatever Host says
    with edge.handshake(shared.https, name, shared.ca) as sock:
        sock.sendall(b"GET https://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n"
                     % (stranger.encode(), name.encode()))
        assert b" 421 " in sock.recv(4096)


def test_an_unknown_host_is_not_found(shared):
    answer = shared.fetch("nobody.example.org", tls=False)
    assert answer.status == 404
    page = answer.body.decode()
    assert "nobody.example.org" in page and answer.headers["X-Request-Id"] in page
    assert "side of the request" in page
    assert shared.fetch("127.0.0.1", tls=False).status == 404


def test_the_page_escapes_what_it_shows(shared):
    answer = raw.exchange(shared.http, b"GET / HTTP/1.1\r\nHost: <b>.example\r\n"
                                       b"Connection: close\r\n\r\n")
    assert raw.status_of(answer) == 400 and b"<b>." not in answer


def test_sessions_come_back_on_every_worker(everseal, origin):
    own = everseal({"edge.workers": "4"})
    own.onboard("shop.resume.example.net", origin)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = edge.tls_context(own.ca, minimum=version, maximum=version)
        session, resumed = None, 0
        for _ in range(201):
            answer = own.fetch("shop.resume.example.net", context=context, session=session)
            resumed += answer.resumed
            session = answer.session
        assert resumed >= 199, version


def test_sessions_stay_with_their_name_and_zone(shared, origin, name):
    sibling, stranger = "b." + name.split(".", 1)[1], name.replace("-tests", "-strangers")
    for one in (name, sibling, stranger):
        shared.onboard(one, origin)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = edge.tls_context(shared.ca, minimum=version, maximum=version)
        session = shared.fetch(name, context=context).session
        assert shared.fetch(name, context=context, session=session).resumed
        for other in (sibling, stranger):
            session = shared.fetch(name, context=context).session
            answer = shared.fetch(other, context=context, session=session)
            assert not answer.resumed and answer.status == 200


def test_the_access_line_tells_the_handshake(everseal, origin):
    own = everseal()
    host = "shop.access.example.net"
    own.onboard(host, origin)
    answer = own.fetch(host, "/a/path?secret=1")
    assert answer.status == 200
    log = own.folder / "log" / "access.log"
    wait_until(lambda: log.exists() and log.read_text().endswith("\n"), words="an access line")
    line = json.loads(log.read_text().splitlines()[-1])
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{32}", line["request_id"])
    assert re.fullmatch("[0-9a-f]{32}", line["certificate"])
    told = {k: line[k] for k in ("client", "sni", "host", "zone", "method", "path", "scheme",
                                 "protocol", "tls_version", "tls_group", "tls_resumed", "status",
                                 "fault")}
    assert told == {"client": "127.0.0.1", "sni": host, "host": host,
                    "zone": "access.example.net", "method": "GET", "path": "/a/path",
                    "scheme": "https", "protocol": "HTTP/1.1", "tls_version": "TLSv1.3",
                    "tls_group": "x25519", "tls_resumed": False, "status": 200, "fault": ""}
    assert "AES" in line["tls_cipher"] and line["micros"] >= line["origin_micros"] > 0
    assert line["bytes_out"] == len(answer.body)
