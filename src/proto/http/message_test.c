/* Tables of heads and what becomes of them. Every row is parsed at once, byte by byte, and cut in
 * two at every place: the answer must not depend on it. */
#include "proto/http/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define H "Host: a.example\r\n"

static const struct http_limits limits = { 120, 600, 12 };

struct row {
	const char *text;
	const char *result; /* see below; or a status */
	size_t n;           /* 0: strlen(text) */
};

static const char *body_name(const struct http_head *head, char out[32])
{
	switch (head->body) {
	case HTTP_BODY_NONE: return "none";
	case HTTP_BODY_CHUNKED: return "chunked";
	case HTTP_BODY_UNTIL_CLOSE: return "until close";
	case HTTP_BODY_LENGTH: break;
	}
	(void)snprintf(out, 32, "%llu", (unsigned long long)head->length);
	return out;
}

/* "1.1 keep none 2 fields hop:x-a" */
static void tell_head(struct buf *b, const struct http_head *head)
{
	char number[32];

	buf_addf(b, " 1.%d %s %s", head->minor, head->keep_alive ? "keep" : "close",
		 body_name(head, number));
	for (size_t i = 0; i < head->count; i++)
		if (head->fields[i].hop && head->fields[i].kind == HTTP_FIELD_OTHER)
			buf_addf(b, " hop:%.*s", SLICE_ARG(head->fields[i].name));
	if (head->upgrade.p != NULL)
		buf_addf(b, " upgrade:%.*s", SLICE_ARG(head->upgrade));
}

/* "GET /path?query a.example:80 1.1 keep none" */
static void tell_request(struct buf *b, enum http_answer answer, const struct http_request *req,
			 const struct http_refusal *why)
{
	if (answer != HTTP_DONE) {
		buf_addf(b, answer == HTTP_MORE ? "more" : "%d", why->status);
		return;
	}
	buf_addf(b, "%.*s %.*s", SLICE_ARG(req->method_text), SLICE_ARG(req->path));
	if (req->query.p != NULL)
		buf_addf(b, "?%.*s", SLICE_ARG(req->query));
	buf_addf(b, " %s", req->host.form == HTTP_HOST_NONE ? "-" : "");
	if (req->host.form != HTTP_HOST_NONE)
		http_host_write(b, &req->host, 0);
	if (req->https)
		buf_add_str(b, " https");
	tell_head(b, &req->head);
	if (req->expect_continue)
		buf_add_str(b, " continue");
}

static struct http_request request;
static struct http_response response;

static const char *ask_request(struct buf *b, struct slice bytes, size_t *seen)
{
	struct http_refusal why = { 0, NULL };
	enum http_answer answer = http_request_parse(bytes, seen, &limits, &request, &why);

	assert_true((answer == HTTP_REFUSED) == (why.why != NULL));
	buf_clear(b);
	tell_request(b, answer, &request, &why);
	return buf_str(b);
}

static enum http_method asked;

static const char *ask_response(struct buf *b, struct slice bytes, size_t *seen)
{
	struct http_refusal why = { 0, NULL };
	enum http_answer answer = http_response_parse(bytes, seen, &limits, asked, &response, &why);

	buf_clear(b);
	if (answer == HTTP_DONE) {
		buf_addf(b, "%d %.*s", response.status, SLICE_ARG(response.reason));
		tell_head(b, &response.head);
	} else {
		buf_addf(b, answer == HTTP_MORE ? "more" : "%d", why.status);
	}
	return buf_str(b);
}

typedef const char *ask_f(struct buf *b, struct slice bytes, size_t *seen);

/* Each piece in memory of its own size, so that a sanitizer sees an overread. */
static const char *ask_copy(ask_f *ask, struct buf *b, struct slice bytes, size_t *seen)
{
	uint8_t *copy = malloc(bytes.n);

	assert_true(copy != NULL || bytes.n == 0);
	if (bytes.n > 0)
		memcpy(copy, bytes.p, bytes.n);
	const char *said = ask(b, slice_of(copy, bytes.n), seen);

	free(copy);
	return said;
}

static void check_byte_by_byte(ask_f *ask, struct buf *b, struct slice bytes, const char *result)
{
	size_t seen = 0;
	const char *said = "more";

	for (size_t n = 1; n <= bytes.n && strcmp(said, "more") == 0; n++)
		said = ask_copy(ask, b, slice_sub(bytes, 0, n), &seen);
	if (strcmp(said, result) != 0)
		fail_msg("byte by byte: %.*s\nis: %s, not: %s", SLICE_ARG(bytes), said, result);
}

static void check_cuts(ask_f *ask, struct buf *b, struct slice bytes, const char *result)
{
	for (size_t cut = 1; cut < bytes.n; cut++) {
		size_t seen = 0;
		const char *said = ask_copy(ask, b, slice_sub(bytes, 0, cut), &seen);

		if (strcmp(said, "more") == 0)
			said = ask_copy(ask, b, bytes, &seen);
		if (strcmp(said, result) != 0)
			fail_msg("cut at %zu: %.*s\nis: %s, not: %s", cut, SLICE_ARG(bytes), said,
				 result);
	}
}

static void check_rows(ask_f *ask, const struct row *rows, size_t count)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < count; i++) {
		size_t n = rows[i].n > 0 ? rows[i].n : strlen(rows[i].text);
		struct slice bytes = slice_of(rows[i].text, n);
		size_t seen = 0;
		const char *said = ask_copy(ask, &b, bytes, &seen);

		if (strcmp(said, rows[i].result) != 0)
			fail_msg("row %zu: %s\nis: %s, not: %s", i, rows[i].text, said,
				 rows[i].result);
		check_byte_by_byte(ask, &b, bytes, rows[i].result);
		check_cuts(ask, &b, bytes, rows[i].result);
	}
	buf_free(&b);
}

static void request_lines(void **state)
{
	static const struct row rows[] = {
		{ "GET / HTTP/1.1\r\n" H "\r\n", "GET / a.example 1.1 keep none", 0 },
		{ "GET /a/b?c=d&e HTTP/1.1\r\n" H "\r\n", "GET /a/b?c=d&e a.example 1.1 keep none",
		  0 },
		{ "GET /? HTTP/1.1\r\n" H "\r\n", "GET /? a.example 1.1 keep none", 0 },
		{ "GET /a?b?c HTTP/1.1\r\n" H "\r\n", "GET /a?b?c a.example 1.1 keep none", 0 },
		{ "GET //x HTTP/1.1\r\n" H "\r\n", "GET //x a.example 1.1 keep none", 0 },
		{ "GET /%00|{}\\^ HTTP/1.1\r\n" H "\r\n", "GET /%00|{}\\^ a.example 1.1 keep none",
		  0 },
		{ "get / HTTP/1.1\r\n" H "\r\n", "get / a.example 1.1 keep none", 0 },
		{ "M-SEARCH / HTTP/1.1\r\n" H "\r\n", "M-SEARCH / a.example 1.1 keep none", 0 },
		{ "!#$%&'*+-.^_`|~ / HTTP/1.1\r\n" H "\r\n",
		  "!#$%&'*+-.^_`|~ / a.example 1.1 keep none", 0 },
		{ "\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET / a.example 1.1 keep none", 0 },
		{ "\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET / a.example 1.1 keep none",
		  0 },
		{ "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "\nGET / HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "\rGET / HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ " GET / HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "\tGET / HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET  / HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET /  HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/1.1 \r\n" H "\r\n", "400", 0 },
		{ "GET\t/ HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET /\tHTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/1.1\t\r\n" H "\r\n", "400", 0 },
		{ "GET /a b HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/1.1\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r" H "\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\r\n" H "\r\n", "400", 0 },
		{ "GET /\r\n" H "\r\n", "400", 0 },
		{ "GET\r\n" H "\r\n", "400", 0 },
		{ "GET / \r\n" H "\r\n", "400", 0 },
		{ " / HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET HTTP/1.1 HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "G(T / HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "G\xc9T / HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET: / HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GE\0T / HTTP/1.1\r\n" H "\r\n", "400", 36 },
		{ "GET /\0 HTTP/1.1\r\n" H "\r\n", "400", 36 },
		{ "GET /\x7f HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET /\x80 HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET /\xc3\xbc HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET /a#b HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET a HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET ?a HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET \\ HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET * HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS * a.example 1.1 keep none", 0 },
		{ "OPTIONS ** HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "CONNECT a.example:443 HTTP/1.1\r\n" H "\r\n", "501", 0 },
		{ "CONNECT / HTTP/1.1\r\n" H "\r\n", "501", 0 },
		{ "GET a.example:443 HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n" H "\r\n",
		  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / a.example 1.1 keep none", 0 },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n" H "\r\n", "501", 0 },
		{ "\x16\x03\x01\x02", "400", 0 }, /* TLS on a plain port is told at once */
		{ "GET / HTTP", "more", 0 },
		{ "GET / HTTP/1.1\r", "more", 0 },
		{ "GET / HTTP/1.1\r\n" H "\r", "more", 0 },
	};

	(void)state;
	check_rows(ask_request, rows, COUNT(rows));
}

static void versions(void **state)
{
	static const struct row rows[] = {
		{ "GET / HTTP/1.0\r\n\r\n", "GET / - 1.0 close none", 0 },
		{ "GET / HTTP/1.0\r\n" H "\r\n", "GET / a.example 1.0 close none", 0 },
		{ "GET / HTTP/1.2\r\n" H "\r\n", "505", 0 },
		{ "GET / HTTP/0.9\r\n" H "\r\n", "505", 0 },
		{ "GET / HTTP/2.0\r\n" H "\r\n", "505", 0 },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505", 0 },
		{ "GET / HTTP/3.0\r\n" H "\r\n", "505", 0 },
		{ "GET / HTTP/1\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/2\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/1.\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/1.10\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/01.1\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/1,1\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP 1.1\r\n" H "\r\n", "400", 0 },
		{ "GET / http/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTPS/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/1.1x\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/+1.1\r\n" H "\r\n", "400", 0 },
		{ "GET / HTTP/a.b\r\n" H "\r\n", "400", 0 },
		{ "GET / ICY/1.1\r\n" H "\r\n", "400", 0 },
	};

	(void)state;
	check_rows(ask_request, rows, COUNT(rows));
}

static void targets_and_hosts(void **state)
{
	static const struct row rows[] = {
		{ "GET / HTTP/1.1\r\nHost: A.Example:8080\r\n\r\n",
		  "GET / a.example:8080 1.1 keep none", 0 },
		{ "GET / HTTP/1.1\r\nHost:a\r\n\r\n", "GET / a 1.1 keep none", 0 },
		{ "GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n", "GET / a 1.1 keep none", 0 },
		{ "GET / HTTP/1.1\r\nhOSt: [::1]:1\r\n\r\n", "GET / [::1]:1 1.1 keep none", 0 },
		{ "GET / HTTP/1.1\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nX: a\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: \r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.0\r\nHost:\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: a%2e\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: 127.1\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400", 0 },
		{ "GET http://b.example/c?d HTTP/1.1\r\n" H "\r\n",
		  "GET /c?d b.example 1.1 keep none", 0 },
		{ "GET HTTP://B.example HTTP/1.1\r\n" H "\r\n", "GET / b.example 1.1 keep none",
		  0 },
		{ "GET https://b.example:8443/ HTTP/1.1\r\n" H "\r\n",
		  "GET / b.example:8443 https 1.1 keep none", 0 },
		{ "GET http://b.example?d HTTP/1.1\r\n" H "\r\n", "GET /?d b.example 1.1 keep none",
		  0 },
		{ "GET http://[::1]/ HTTP/1.1\r\n" H "\r\n", "GET / [::1] 1.1 keep none", 0 },
		{ "GET http://b.example/ HTTP/1.0\r\n\r\n", "GET / b.example 1.0 close none", 0 },
		{ "OPTIONS http://b.example HTTP/1.1\r\n" H "\r\n",
		  "OPTIONS * b.example 1.1 keep none", 0 },
		{ "OPTIONS http://b.example/ HTTP/1.1\r\n" H "\r\n",
		  "OPTIONS / b.example 1.1 keep none", 0 },
		{ "OPTIONS http://b.example?x HTTP/1.1\r\n" H "\r\n",
		  "OPTIONS /?x b.example 1.1 keep none", 0 },
		{ "GET http://b.example/ HTTP/1.1\r\n\r\n", "400", 0 },
		{ "GET http://b.example/ HTTP/1.1\r\nHost: a b\r\n\r\n", "400", 0 },
		{ "GET http:///c HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET http:// HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET http:/b.example/ HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET http:b.example HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET http://u:p@b.example/ HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET http://b.example\\c/ HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET http://b%2eexample/ HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET ftp://b.example/ HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET ws://b.example/ HTTP/1.1\r\n" H "\r\n", "400", 0 },
		{ "GET file:///etc/passwd HTTP/1.1\r\n" H "\r\n", "400", 0 },
	};

	(void)state;
	check_rows(ask_request, rows, COUNT(rows));
}

#define G "GET / HTTP/1.1\r\n" H

static void field_lines(void **state)
{
	static const struct row rows[] = {
		{ G "A: b\r\n\r\n", "GET / a.example 1.1 keep none", 0 },
		{ G "A:\r\n\r\n", "GET / a.example 1.1 keep none", 0 },
		{ G "A:b:c\r\n\r\n", "GET / a.example 1.1 keep none", 0 },
		{ G "A: \xff\x80 \t x\r\n\r\n", "GET / a.example 1.1 keep none", 0 },
		{ G "!#$%&'*+-.^_`|~09: b\r\n\r\n", "GET / a.example 1.1 keep none", 0 },
		{ G ": b\r\n\r\n", "400", 0 },
		{ G "A\r\n\r\n", "400", 0 },
		{ G "A b\r\n\r\n", "400", 0 },
		{ G "A : b\r\n\r\n", "400", 0 },
		{ G "A\t: b\r\n\r\n", "400", 0 },
		{ G "A b: c\r\n\r\n", "400", 0 },
		{ G "A(b): c\r\n\r\n", "400", 0 },
		{ G "A,b: c\r\n\r\n", "400", 0 },
		{ G "A\"b\": c\r\n\r\n", "400", 0 },
		{ G "A/b: c\r\n\r\n", "400", 0 },
		{ G "A=b: c\r\n\r\n", "400", 0 },
		{ G "\xe4: c\r\n\r\n", "400", 0 },
		{ G "A: b\r\n c\r\n\r\n", "400", 0 },
		{ G "A: b\r\n\tc\r\n\r\n", "400", 0 },
		{ G "A: b\r\n \r\n\r\n", "400", 0 },
		{ "GET / HTTP/1.1\r\n A: b\r\n" H "\r\n", "400", 0 },
		{ G "A: b\n\r\n", "400", 0 },
		{ G "A: b\n\n", "400", 0 },
		{ G "A: b\r\n\n", "400", 0 },
		{ G "A: b\r\r\n\r\n", "400", 0 },
		{ G "A: b\rc\r\n\r\n", "400", 0 },
		{ G "A: b\r\n\rX", "400", 0 },
		{ G "A: b\0c\r\n\r\n", "400", sizeof(G "A: b\0c\r\n\r\n") - 1 },
		{ G "A\0: b\r\n\r\n", "400", sizeof(G "A\0: b\r\n\r\n") - 1 },
		{ G "A: b\x01"
		    "c\r\n\r\n",
		  "400", 0 },
		{ G "A: b\x0b\r\n\r\n", "400", 0 },
		{ G "A: b\x0c\r\n\r\n", "400", 0 },
		{ G "A: b\x1f\r\n\r\n", "400", 0 },
		{ G "A: b\x7f\r\n\r\n", "400", 0 },
		{ G "A: b\x1b[0m\r\n\r\n", "400", 0 },
		{ G "GET / HTTP/1.1\r\n\r\n", "400", 0 },
	};

	(void)state;
	check_rows(ask_request, rows, COUNT(rows));
}

#define P "POST / HTTP/1.1\r\n" H

static void bodies_of_requests(void **state)
{
	static const struct row rows[] = {
		{ P "Content-Length: 5\r\n\r\nhello", "POST / a.example 1.1 keep 5", 0 },
		{ P "Content-Length: 0\r\n\r\n", "POST / a.example 1.1 keep 0", 0 },
		{ P "Content-Length:005\r\n\r\n", "POST / a.example 1.1 keep 5", 0 },
		{ P "Content-Length: 9223372036854775807\r\n\r\n",
		  "POST / a.example 1.1 keep 9223372036854775807", 0 },
		{ P "Content-Length: 9223372036854775808\r\n\r\n", "400", 0 },
		{ P "Content-Length: 18446744073709551616\r\n\r\n", "400", 0 },
		{ P "Content-Length: 99999999999999999999999\r\n\r\n", "400", 0 },
		{ P "Content-Length:\r\n\r\n", "400", 0 },
		{ P "Content-Length: -1\r\n\r\n", "400", 0 },
		{ P "Content-Length: +1\r\n\r\n", "400", 0 },
		{ P "Content-Length: 1.0\r\n\r\n", "400", 0 },
		{ P "Content-Length: 0x1\r\n\r\n", "400", 0 },
		{ P "Content-Length: 1 2\r\n\r\n", "400", 0 },
		{ P "Content-Length: 1,\r\n\r\n", "400", 0 },
		{ P "Content-Length: 1, 1\r\n\r\n", "400", 0 },
		{ P "Content-Length: 1_000\r\n\r\n", "400", 0 },
		{ P "Content-Length: \"1\"\r\n\r\n", "400", 0 },
		{ P "Content-Length: \xb2\r\n\r\n", "400", 0 },
		{ P "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", "400", 0 },
		{ P "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", "400", 0 },
		{ P "Content_Length: 5\r\n\r\n", "POST / a.example 1.1 keep none", 0 },
		{ P "Transfer-Encoding: chunked\r\n\r\n", "POST / a.example 1.1 keep chunked", 0 },
		{ P "transfer-encoding:CHUNKED\r\n\r\n", "POST / a.example 1.1 keep chunked", 0 },
		{ P "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "400", 0 },
		{ P "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "400", 0 },
		{ P "Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: chunked, chunked\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: gzip, chunked\r\n\r\n", "501", 0 },
		{ P "Transfer-Encoding: gzip,chunked\r\n\r\n", "501", 0 },
		{ P "Transfer-Encoding: chunked, gzip\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: gzip\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: identity\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding:\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: ,\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: chunked,\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: ,chunked\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: xchunked\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: chunkedx\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: chunked;q=1\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: \"chunked\"\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: 'chunked'\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: [chunked]\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: chunked\x0b\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: \x0b"
		    "chunked\r\n\r\n",
		  "400", 0 },
		{ P "Transfer-Encoding\x0b: chunked\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding : chunked\r\n\r\n", "400", 0 },
		{ P "Transfer-Encoding: chun\r\n ked\r\n\r\n", "400", 0 },
		{ P "X: y\nTransfer-Encoding: chunked\r\n\r\n", "400", 0 },
		{ P "X: y\rTransfer-Encoding: chunked\r\n\r\n", "400", 0 },
		{ P "Transfer_Encoding: chunked\r\n\r\n", "POST / a.example 1.1 keep none", 0 },
		{ "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", "400", 0 },
		{ "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n", "POST / - 1.0 close 3", 0 },
		{ G "Content-Length: 3\r\n\r\n", "GET / a.example 1.1 keep 3", 0 },
	};

	(void)state;
	check_rows(ask_request, rows, COUNT(rows));
}

static void connection_options(void **state)
{
	static const struct row rows[] = {
		{ G "Connection: close\r\n\r\n", "GET / a.example 1.1 close none", 0 },
		{ G "Connection: Close\r\n\r\n", "GET / a.example 1.1 close none", 0 },
		{ G "Connection: keep-alive, close\r\n\r\n", "GET / a.example 1.1 close none", 0 },
		{ G "Connection: keep-alive\r\nConnection: close\r\n\r\n",
		  "GET / a.example 1.1 close none", 0 },
		{ G "Connection: ,, close ,\r\n\r\n", "GET / a.example 1.1 close none", 0 },
		{ G "Connection:\r\n\r\n", "GET / a.example 1.1 keep none", 0 },
		{ G "Connection: closed\r\n\r\n", "GET / a.example 1.1 keep none", 0 },
		{ G "Connection: clo se\r\n\r\n", "400", 0 },
		{ G "Connection: \"close\"\r\n\r\n", "400", 0 },
		{ G "Connection: "
		    "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,0,1,2,3,4,5\r\n\r\n",
		  "GET / a.example 1.1 keep none", 0 },
		{ G "Connection: "
		    "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,0,1,2,3,4,5,6\r\n\r\n",
		  "400", 0 },
		{ "GET / HTTP/1.0\r\n" H "Connection: keep-alive\r\n\r\n",
		  "GET / a.example 1.0 keep none", 0 },
		{ "GET / HTTP/1.0\r\n" H "Connection: keep-alive, close\r\n\r\n",
		  "GET / a.example 1.0 close none", 0 },
		{ G "X-A: 1\r\nx-b: 2\r\nConnection: x-a\r\n\r\n",
		  "GET / a.example 1.1 keep none hop:X-A", 0 },
		{ G "Connection: X-B, x-a\r\nX-A: 1\r\nx-b: 2\r\n\r\n",
		  "GET / a.example 1.1 keep none hop:X-A hop:x-b", 0 },
		{ P "Connection: host, content-length, cookie, authorization\r\nContent-Length: "
		    "1\r\n\r\n",
		  "POST / a.example 1.1 keep 1", 0 },
		{ P "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "POST / a.example 1.1 keep chunked", 0 },
		{ G "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		  "GET / a.example 1.1 keep none upgrade:websocket", 0 },
		{ G "Upgrade: websocket\r\n\r\n", "GET / a.example 1.1 keep none", 0 },
		{ G "Connection: upgrade\r\n\r\n", "GET / a.example 1.1 keep none", 0 },
		{ "GET / HTTP/1.0\r\n" H "Upgrade: x\r\nConnection: upgrade\r\n\r\n",
		  "GET / a.example 1.0 close none", 0 },
		{ P "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n",
		  "POST / a.example 1.1 keep 1 continue", 0 },
		{ P "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
		  "POST / a.example 1.1 keep 1 continue", 0 },
		{ P "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
		  "POST / a.example 1.1 keep none continue", 0 },
		{ P "Expect: 200-ok\r\n\r\n", "417", 0 },
		{ P "Expect: 200-ok\r\nExpect: 100-continue\r\n\r\n", "417", 0 },
		{ P "Expect:\r\n\r\n", "417", 0 },
		{ "POST / HTTP/1.0\r\n" H "Expect: 100-continue\r\n\r\n",
		  "POST / a.example 1.0 close none", 0 },
	};

	(void)state;
	check_rows(ask_request, rows, COUNT(rows));
}

static void responses(void **state)
{
	static const struct row rows[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "200 OK 1.1 keep 2", 0 },
		{ "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n", "200  1.1 keep 2", 0 },
		{ "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n", "200  1.1 keep 2", 0 },
		{ "HTTP/1.1 200 Gr\xfc\xdf  dich\r\nContent-Length: 0\r\n\r\n",
		  "200 Gr\xfc\xdf  dich 1.1 keep 0", 0 },
		{ "HTTP/1.1 200 OK\r\n\r\n", "200 OK 1.1 close until close", 0 },
		{ "HTTP/1.0 200 OK\r\n\r\n", "200 OK 1.0 close until close", 0 },
		{ "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n",
		  "200 OK 1.0 keep 1", 0 },
		{ "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n",
		  "200 OK 1.1 close 1", 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "200 OK 1.1 keep chunked", 0 },
		{ "HTTP/1.1 100 Continue\r\n\r\n", "100 Continue 1.1 keep none", 0 },
		{ "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", "103 Early Hints 1.1 keep none",
		  0 },
		{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
		  "101 Switching Protocols 1.1 keep none upgrade:x", 0 },
		{ "HTTP/1.1 204 No Content\r\n\r\n", "204 No Content 1.1 keep none", 0 },
		{ "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
		  "204 No Content 1.1 keep none", 0 },
		{ "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 100 Continue\r\nContent-Length: 4\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n",
		  "304 Not Modified 1.1 keep none", 0 },
		{ "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "304 Not Modified 1.1 keep none", 0 },
		{ "HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
		  "205 Reset Content 1.1 keep 0", 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "502", 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", "502", 0 },
		{ "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 200 OK\nA: b\n\n", "502", 0 },
		{ "HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: c\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", "502",
		  sizeof("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n") - 1 },
		{ "\r\nHTTP/1.1 200 OK\r\n\r\n", "502", 0 },
		{ "HTTP/1.1  200 OK\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 20 OK\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 2000 OK\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 099 OK\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 600 OK\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 +20 OK\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 2x0 OK\r\n\r\n", "502", 0 },
		{ "HTTP/1.1\r\n\r\n", "502", 0 },
		{ "HTTP/1.1 \r\n\r\n", "502", 0 },
		{ "HTTP/2.0 200 OK\r\n\r\n", "502", 0 },
		{ "HTTP/1.2 200 OK\r\n\r\n", "502", 0 },
		{ "ICY 200 OK\r\n\r\n", "502", 0 },
		{ "http/1.1 200 OK\r\n\r\n", "502", 0 },
		{ "<html>hello</html>\r\n", "502", 0 },
		{ "HTTP/1.1 200 OK\r\nA: b\r\n", "more", 0 },
	};

	(void)state;
	asked = HTTP_GET;
	check_rows(ask_response, rows, COUNT(rows));
}

static void responses_to_head(void **state)
{
	static const struct row rows[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "200 OK 1.1 keep none", 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "200 OK 1.1 keep none",
		  0 },
		{ "HTTP/1.1 200 OK\r\n\r\n", "200 OK 1.1 keep none", 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", "502", 0 },
	};

	(void)state;
	asked = HTTP_HEAD;
	check_rows(ask_response, rows, COUNT(rows));
	struct buf b = BUF_INIT;
	size_t seen = 0;

	(void)ask_response(&b, slice_str(rows[0].text), &seen);
	assert_true(response.head.has_length);
	assert_int_equal(response.head.length, 2);
	seen = 0;
	(void)ask_response(&b, slice_lit("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"),
			   &seen);
	assert_int_equal(response.status, 204);
	assert_false(response.head.has_length);
	buf_free(&b);
}

/* Filler of `n` bytes. */
static void add_filler(struct buf *b, size_t n)
{
	while (n-- > 0)
		buf_add_byte(b, 'x');
}

static void check_limit(struct buf *bytes, const char *result)
{
	const struct row row = { buf_str(bytes), result, bytes->n };

	check_rows(ask_request, &row, 1);
	buf_clear(bytes);
}

static void the_line_limit_holds_at_the_byte(void **state)
{
	struct buf b = BUF_INIT;
	static const char *const results[] = { "414", "414" };

	(void)state;
	for (size_t over = 1; over <= 2; over++) {
		buf_add_str(&b, "GET /");
		add_filler(&b, limits.max_line - strlen("GET / HTTP/1.1") + over);
		buf_add_str(&b, " HTTP/1.1\r\n" H "\r\n");
		check_limit(&b, results[over - 1]);
	}
	buf_add_str(&b, "GET /");
	add_filler(&b, limits.max_line);
	check_limit(&b, "414"); /* without waiting for its end */
	buf_add_str(&b, "GET /");
	add_filler(&b, limits.max_line - strlen("GET / HTTP/1.1"));
	buf_add_str(&b, " HTTP/1.1\r\n" H "\r\n");
	size_t seen = 0;
	struct buf said = BUF_INIT;

	assert_non_null(strstr(ask_request(&said, buf_slice(&b), &seen), "a.example 1.1 keep"));
	buf_free(&said);
	buf_free(&b);
}

static void add_head(struct buf *b, size_t size)
{
	static const char start[] = "GET / HTTP/1.1\r\n" H "X: ";

	buf_add_str(b, start);
	add_filler(b, size - strlen(start) - 4);
	buf_add_str(b, "\r\n\r\n");
}

static void the_head_limit_holds_at_the_byte(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	add_head(&b, limits.max_head);
	assert_int_equal(b.n, limits.max_head);
	check_limit(&b, "GET / a.example 1.1 keep none");
	add_head(&b, limits.max_head + 1);
	check_limit(&b, "431");
	add_head(&b, 2 * limits.max_head);
	check_limit(&b, "431");
	add_head(&b, limits.max_head);
	buf_add_str(&b, "a body that belongs to nobody's limit");
	check_limit(&b, "GET / a.example 1.1 keep none");
	buf_free(&b);
}

static void the_field_limit_holds_at_the_line(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t over = 0; over < 2; over++) {
		buf_add_str(&b, "GET / HTTP/1.1\r\n" H);
		for (size_t i = 1; i < limits.max_fields + over; i++)
			buf_add_str(&b, "X: y\r\n");
		buf_add_str(&b, "\r\n");
		check_limit(&b, over ? "431" : "GET / a.example 1.1 keep none");
	}
	buf_free(&b);
}

static void what_is_borrowed_is_right(void **state)
{
	static const char text[] = "\r\nPOST /p?q HTTP/1.1\r\nHost: a:1\r\nX-Some:  v w \r\n"
				   "Cookie: c\r\nTE: trailers\r\nContent-Length: 2\r\n\r\nbody";
	struct buf said = BUF_INIT;
	size_t seen = 0;

	(void)state;
	(void)ask_request(&said, slice_of(text, sizeof(text) - 1), &seen);
	buf_free(&said);
	assert_int_equal(request.head.len, sizeof(text) - 1 - 4);
	assert_int_equal(request.method, HTTP_POST);
	assert_int_equal(request.head.count, 5);
	assert_true(slice_eq_str(request.target, "/p?q"));
	assert_true(slice_eq_str(request.head.fields[1].name, "X-Some"));
	assert_true(slice_eq_str(request.head.fields[1].value, "v w"));
	assert_ptr_equal(http_field_named(&request.head, "x-sOME"), &request.head.fields[1]);
	assert_ptr_equal(http_field_find(&request.head, HTTP_FIELD_COOKIE),
			 &request.head.fields[2]);
	assert_null(http_field_find(&request.head, HTTP_FIELD_VIA));
	assert_null(http_field_named(&request.head, "x-som"));
	assert_true(request.head.fields[3].hop);
	assert_false(request.head.fields[2].hop);
}

static void every_field_has_its_kind(void **state)
{
	static const char *const names[] = {
		"Accept",
		"Authorization",
		"CDN-Loop",
		"Connection",
		"Content-Length",
		"Content-Type",
		"Cookie",
		"Date",
		"Expect",
		"Forwarded",
		"Host",
		"HTTP2-Settings",
		"Keep-Alive",
		"Location",
		"Proxy-Authenticate",
		"Proxy-Authorization",
		"Proxy-Connection",
		"Server",
		"Strict-Transport-Security",
		"TE",
		"Trailer",
		"Transfer-Encoding",
		"Upgrade",
		"User-Agent",
		"Via",
		"X-Forwarded-For",
		"X-Forwarded-Host",
		"X-Forwarded-Port",
		"X-Forwarded-Proto",
		"X-Real-IP",
		"X-Request-ID",
	};

	(void)state;
	assert_int_equal(COUNT(names), HTTP_FIELD_KINDS - 1);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(http_field_kind(slice_str(names[i])), i + 1);
	assert_int_equal(http_field_kind(slice_lit("Hosts")), HTTP_FIELD_OTHER);
	assert_int_equal(http_field_kind(slice_lit("Hos")), HTTP_FIELD_OTHER);
	assert_int_equal(http_field_kind(SLICE_NONE), HTTP_FIELD_OTHER);
}

static void every_method_has_its_name(void **state)
{
	(void)state;
	for (enum http_method m = HTTP_GET; m <= HTTP_TRACE; m++) {
		char text[64];
		struct buf said = BUF_INIT;
		size_t seen = 0;

		(void)snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: a\r\n\r\n",
			       http_method_name(m));
		(void)ask_request(&said, slice_str(text), &seen);
		assert_int_equal(request.method, m);
		buf_free(&said);
	}
}

static void tokens_and_values(void **state)
{
	static const char tchar[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	(void)state;
	for (int c = 0; c < 256; c++) {
		uint8_t text[9];

		memset(text, 'a', sizeof(text));
		for (size_t at = 0; at < sizeof(text); at++) {
			uint8_t was = text[at];

			text[at] = (uint8_t)c;
			assert_int_equal(http_is_token(slice_of(text, sizeof(text))),
					 c != 0 && strchr(tchar, c) != NULL);
			assert_int_equal(http_is_field_value(slice_of(text, sizeof(text))),
					 (c >= 0x20 && c != 0x7f) || c == '\t');
			text[at] = was;
		}
	}
	assert_false(http_is_token(SLICE_NONE));
	assert_true(http_is_field_value(SLICE_NONE));
}

static void lists_are_split(void **state)
{
	struct slice rest = slice_lit(" a,, b ;x=\"1,\\\",2\" ,\tc,");
	struct slice e;

	(void)state;
	assert_true(http_list_next(&rest, &e) && slice_eq_str(e, "a"));
	assert_true(http_list_next(&rest, &e) && slice_eq_str(e, "b ;x=\"1,\\\",2\""));
	assert_true(http_list_next(&rest, &e) && slice_eq_str(e, "c"));
	assert_false(http_list_next(&rest, &e));
	rest = slice_lit("\"open, \\");
	assert_true(http_list_next(&rest, &e) && slice_eq_str(e, "\"open, \\"));
	assert_false(http_list_next(&rest, &e));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_lines),
		cmocka_unit_test(versions),
		cmocka_unit_test(targets_and_hosts),
		cmocka_unit_test(field_lines),
		cmocka_unit_test(bodies_of_requests),
		cmocka_unit_test(connection_options),
		cmocka_unit_test(responses),
		cmocka_unit_test(responses_to_head),
		cmocka_unit_test(the_line_limit_holds_at_the_byte),
		cmocka_unit_test(the_head_limit_holds_at_the_byte),
		cmocka_unit_test(the_field_limit_holds_at_the_line),
		cmocka_unit_test(what_is_borrowed_is_right),
		cmocka_unit_test(every_field_has_its_kind),
		cmocka_unit_test(every_method_has_its_name),
		cmocka_unit_test(tokens_and_values),
		cmocka_unit_test(lists_are_split),
	};

	return cmocka_run_group_tests_name("http/message", tests, NULL, NULL);
}
