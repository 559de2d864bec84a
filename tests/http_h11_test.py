"""Our parser of requests against another one.

Some well-formed requests are changed in every way of a table, which gives hundreds of hostile ones.
Each goes through `http_parse_print` (our parser, our chunked decoder) and through h11. Where both
accept, method, target, fields and body must be the same bytes. Where only we accept, the row of
ONLY_OURS that names the change quotes the sentence that makes us right. Where only h11 accepts,
we are the stricter one, which is the plan.
"""
import json
import struct
import subprocess

import h11
import pytest

from support.instance import BUILD

PROGRAM = BUILD / "src" / "proto" / "http" / "http_parse_print"
HOST = b"Host: a.example\r\n"

BASES = {
    "get": (b"GET /path?query HTTP/1.1\r\n", HOST + b"Accept: */*\r\n", b""),
    "old": (b"GET / HTTP/1.0\r\n", b"User-Agent: x\r\n", b""),
    "length": (b"POST /p HTTP/1.1\r\n", HOST + b"Content-Length: 5\r\n", b"hello"),
    "chunked": (b"PUT /p HTTP/1.1\r\n", HOST + b"Transfer-Encoding: chunked\r\n",
                b"5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n"),
    "absolute": (b"DELETE http://b.example/x HTTP/1.1\r\n", HOST, b""),
}

# what may stand where it should not
ODD = {
    "nul": b"\0", "bell": b"\7", "tab": b"\t", "vt": b"\v", "ff": b"\f", "blank": b" ", "cr": b"\r",
    "lf": b"\n", "crlf": b"\r\n", "fold": b"\r\n ", "del": b"\x7f", "high": b"\x80", "nbsp": b"\xa0",
    "utf8": "ü".encode(), "comma": b",", "semicolon": b";", "colon": b":", "quote": b'"',
    "hash": b"#", "percent": b"%", "slash": b"/", "backslash": b"\\", "bracket": b"[",
}

# where: a mark in the head, and whether the odd bytes come before it, after it, or instead of it
PLACES = {
    "before the method": (b"", 0), "in the method": (b"E", 0), "behind the method": (b" ", 0),
    "before the version": (b" HTTP/", 0), "in the version": (b"/1.", 1),
    "before the line's end": (b"\r\n", 0), "behind the line": (b"\r\n", 1),
    "instead of the line's end": (b"\r\n", 2),
}
FIELD_PLACES = {
    "before a name": (b"", 0), "in a name": (b"s", 0), "before the colon": (b":", 0),
    "behind the colon": (b":", 1), "instead of the colon": (b":", 2),
    "before the end of a field": (b"\r\n", 0), "behind a field": (b"\r\n", 1),
    "instead of the end of a field": (b"\r\n", 2),
}

FIELDS = [
    b"Content-Length: 0", b"Content-Length: 5", b"Content-Length: 6", b"Content-Length: 005",
    b"Content-Length: 5, 5", b"Content-Length: 5,6", b"Content-Length: +5", b"Content-Length: -5",
    b"Content-Length: 5 ", b"Content-Length: 0x5", b"Content-Length: 5e0", b"Content-Length:",
    b"Content-Length: 5;", b"Content-Length: 99999999999999999999", b"Content-Length : 5",
    b"content-length: 5", b"Content-Length\t: 5", b"Content-Length: \xd9\xa5", b"Content_Length: 5",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", b"Transfer-Encoding: gzip",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, gzip",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: identity", b"Transfer-Encoding:",
    b"Transfer-Encoding: chunked;a=b", b"Transfer-Encoding: \"chunked\"",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked,",
    b"Transfer-Encoding:\tchunked", b"Transfer-Encoding:\vchunked", b"Transfer_Encoding: chunked",
    b"Transfer-Encoding: chun\r\n ked", b" Transfer-Encoding: chunked", b"TE: trailers",
    b"Host: a.example", b"Host: b.example", b"Host:", b"host : b", b"Host: a b", b"Host: a/b",
    b"Connection: close", b"Connection: keep-alive", b"Connection: host", b"Connection: \"close\"",
    b"Connection: content-length", b"Upgrade: h2c", b"Expect: 100-continue", b"Expect: other",
    b"X: " + b"y" * 3000, b"X: " + b"y" * 20000, b"X" * 300 + b": y", b": empty", b"NoColon",
    b"X:y", b"X:\t y \t", b"X: a\0b", b"X: a\rb", b"X: a\nb", b"X: \x01", b"X: \xff", b"\xffX: a",
    b"X(: a", b"X=: a", b"X: a\r\n b", b"X: a\r\n\tb", b"X: a\r\n \r\n", b"X: a\r\n\r\nGET / HTTP/1.1",
]

LINES = [
    b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b" GET / HTTP/1.1", b"GET / HTTP/1.1 ", b"GET /", b"GET",
    b"/ HTTP/1.1", b"GET / HTTP/0.9", b"GET / HTTP/1.2", b"GET / HTTP/2.0", b"GET / HTTP/11",
    b"GET / HTTP/1.10", b"GET / http/1.1", b"GET / HTTP/1.a", b"GET / XTTP/1.1", b"get / HTTP/1.1",
    b"GET * HTTP/1.1", b"OPTIONS * HTTP/1.1", b"CONNECT a:1 HTTP/1.1", b"GET a:1 HTTP/1.1",
    b"GET x HTTP/1.1", b"GET ?x HTTP/1.1", b"GET http:// HTTP/1.1", b"GET http://a HTTP/1.1",
    b"GET http://u@a/ HTTP/1.1", b"GET HTTP://A/ HTTP/1.1", b"GET ftp://a/ HTTP/1.1",
    b"GET //a HTTP/1.1", b"GET /../.. HTTP/1.1", b"GET /%2e%2e HTTP/1.1", b"GET /%zz HTTP/1.1",
    b"GET /a#b HTTP/1.1", b"GET /a\\b HTTP/1.1", b"GET /<a>{b}|c^d`e HTTP/1.1",
    b"GET /" + b"a" * 5000 + b" HTTP/1.1", b"GET /" + b"a" * 9000 + b" HTTP/1.1",
    b"M" * 32 + b" / HTTP/1.1", b"M" * 33 + b" / HTTP/1.1", b"M@N / HTTP/1.1", b"TRACE / HTTP/1.1",
    b"PRI * HTTP/2.0", b"\r\nGET / HTTP/1.1", b"\r\n\r\nGET / HTTP/1.1", b"\nGET / HTTP/1.1",
    b"\r\n" * 5 + b"GET / HTTP/1.1", b"\xef\xbb\xbfGET / HTTP/1.1", b"\x16\x03\x01\x00\xa5",
]

BODIES = [
    b"0\r\n\r\n", b"00\r\n\r\n", b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\n0\n\n", b"5\rhello\r0\r\r", b"5 \r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n",
    b"5\t\r\nhello\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n", b"5h\r\nhello\r\n0\r\n\r\n", b"\r\n5\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhelloX\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n", b"5\r\nhello\r\n\r\n0\r\n\r\n",
    b"5\r\nhello0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"6\r\nhello\r\n0\r\n\r\n",
    b"4\r\nhello\r\n0\r\n\r\n", b"000000000000005\r\nhello\r\n0\r\n\r\n",
    b"0000000000000005\r\nhello\r\n0\r\n\r\n", b"fffffffffffffffff\r\nhello", b"5_0\r\nhello",
    b"10000000000000000\r\n", b"A\r\n0123456789\r\n0\r\n\r\n", b"a\r\n0123456789\r\n0\r\n\r\n",
    b"5;a\r\nhello\r\n0\r\n\r\n", b"5;a=b\r\nhello\r\n0\r\n\r\n", b"5;a=\"b c\"\r\nhello\r\n0\r\n\r\n",
    b"5;\r\nhello\r\n0\r\n\r\n", b"5;a=\r\nhello\r\n0\r\n\r\n", b"5;a=\"b\r\nhello\r\n0\r\n\r\n",
    b"5;a\0\r\nhello\r\n0\r\n\r\n", b"5;a\nb\r\nhello\r\n0\r\n\r\n", b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    b"5 ;a=b\r\nhello\r\n0\r\n\r\n", b"5; a = b\r\nhello\r\n0\r\n\r\n",
    b"5;" + b"a" * 500 + b"\r\nhello\r\n0\r\n\r\n", b"5;" + b"a" * 5000 + b"\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\nT: v\r\n\r\n", b"5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n",
    b"5\r\nhello\r\n0\r\nT : v\r\n\r\n", b"5\r\nhello\r\n0\r\n T: v\r\n\r\n",
    b"5\r\nhello\r\n0\r\nT: v\r\n w\r\n\r\n", b"5\r\nhello\r\n0\r\nT\r\n\r\n",
    b"5\r\nhello\r\n0\r\nT: v\n\r\n", b"5\r\nhello\r\n0\r\nT: \0\r\n\r\n", b"5\r\nhello\r\n0;x\r\n\r\n",
    b"5\r\nhello\r\n0\r\n", b"5\r\nhello\r\n", b"5\r\nhel", b"5", b"",
]

# accepted by us and not by h11: the start of the label, and the sentence
ONLY_OURS = {
    # RFC 9112, 2.2
    "line \\r\\nGET": "a server that is expecting to receive and parse a request-line SHOULD ignore "
                      "at least one empty line (CRLF) received prior to the request-line",
    "line \\r\\n\\r\\nGET": "the same sentence; we ignore up to four",
    "before the method: crlf": "the same sentence",
    # RFC 9112, 7.1.1: chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] );
    # RFC 9110, 5.6.3
    "body 5 ;a=b": "A recipient MUST parse for such bad whitespace and remove it before "
                   "interpreting the protocol element.",
}


def put(text, mark, how, odd):
    at = text.index(mark)
    end = at + len(mark)
    return {0: text[:at] + odd + text[at:], 1: text[:end] + odd + text[end:],
            2: text[:at] + odd + text[end:]}[how]


def odd_bytes():
    for base, (line, fields, body) in BASES.items():
        for name, odd in ODD.items():
            for place, (mark, how) in PLACES.items():
                if mark in line:
                    yield (f"{place}: {name} ({base})",
                           put(line, mark, how, odd) + fields + b"\r\n" + body)
            for place, (mark, how) in FIELD_PLACES.items():
                if mark in fields:
                    yield (f"{place}: {name} ({base})",
                           line + put(fields, mark, how, odd) + b"\r\n" + body)


def other_parts():
    for base, (line, fields, body) in BASES.items():
        for field in FIELDS:
            yield f"field {field[:50]!r} added ({base})", line + fields + field + b"\r\n\r\n" + body
            yield f"field {field[:50]!r} first ({base})", line + field + b"\r\n" + fields + b"\r\n" + body
    for line in LINES:
        yield f"line {line!r}"[:60].replace("b'", ""), line + b"\r\n" + HOST + b"\r\n"
    line, fields, _ = BASES["chunked"]
    for body in BODIES:
        yield f"body {body!r}"[:60].replace("b'", ""), line + fields + b"\r\n" + body
    for n in (99, 100, 101):
        yield f"{n} fields", b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * (n - 1) + b"\r\n"


CASES = [*odd_bytes(), *other_parts()]


@pytest.fixture(scope="module")
def ours():
    given = b"".join(struct.pack(">I", len(text)) + text for _, text in CASES)
    done = subprocess.run([PROGRAM], input=given, stdout=subprocess.PIPE, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(CASES)
    return answers


def plain(fields):
    """Fields as both sides show them: h11 lowers the case of names and of transfer codings."""
    return [(name.lower(), value.lower() if name.lower() == b"transfer-encoding" else value)
            for name, value in fields]


def our_reading(answer):
    if answer["answer"] != "done":
        return None
    unhex = bytes.fromhex
    return (unhex(answer["method"]), unhex(answer["target"]),
            plain((unhex(name), unhex(value)) for name, value in answer["fields"]),
            unhex(answer["body"]))


def h11_reading(text):
    """Method, target, fields and body; None when h11 refuses or waits for more."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=16384)
    request, body = None, b""
    try:
        connection.receive_data(text)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return request.method, request.target, plain(request.headers), body
            else:
                return None
    except h11.RemoteProtocolError:
        return None


def test_there_are_enough_of_them():
    assert len({text for _, text in CASES}) >= 500
    assert len(CASES) >= 1000


@pytest.mark.quick
@pytest.mark.sanitize
def test_both_read_the_same(ours):
    both = 0
    for (label, text), answer in zip(CASES, ours):
        mine, theirs = our_reading(answer), h11_reading(text)
        if mine is not None and theirs is not None:
            assert mine == theirs, label
            both += 1
    assert both >= 100


def test_only_ours_has_a_sentence(ours):
    alone = [label for (label, text), answer in zip(CASES, ours)
             if our_reading(answer) is not None and h11_reading(text) is None]
    unexplained = [label for label in alone
                   if not any(label.startswith(start) for start in ONLY_OURS)]
    assert not unexplained
    unused = [start for start in ONLY_OURS if not any(label.startswith(start) for label in alone)]
    assert not unused


def test_refusals_have_a_status(ours):
    for (label, _), answer in zip(CASES, ours):
        if answer["answer"] == "refused":
            assert answer["status"] in (400, 414, 417, 431, 501, 505), label
