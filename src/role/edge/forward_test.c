#include "role/edge/forward.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct http_limits limits = { 8192, 32768, 100 };

static struct forward forward_of(bool trusted)
{
	return (struct forward){ .client = { .b = { 192, 0, 2, 7 } },
				 .secure = true,
				 .trusted = trusted,
				 .id = "the-id",
				 .cdn = slice_lit("us") };
}

static void check_request(const char *text, bool trusted, const char *wanted)
{
	static struct http_request r;
	struct http_refusal why;
	struct buf out = BUF_INIT;
	struct forward f = forward_of(trusted);
	size_t seen = 0;

	assert_int_equal(http_request_parse(slice_str(text), &seen, &limits, &r, &why), HTTP_DONE);
	forward_request(&out, &r, &f);
	assert_string_equal(buf_str(&out), wanted);
	buf_free(&out);
}

#define OURS                                                                                       \
	"X-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.7\r\n"                               \
	"Forwarded: for=192.0.2.7;host=a.example;proto=https\r\n"                                  \
	"CDN-Loop: us\r\nX-Request-Id: the-id\r\n"

static void a_request_is_written_anew(void **state)
{
	(void)state;
	check_request("GET /p?q HTTP/1.1\r\nHost: A.example.\r\nCookie: a\r\nCookie: b\r\n\r\n",
		      false,
		      "GET /p?q HTTP/1.1\r\nHost: a.example\r\nCookie: a\r\nCookie: b\r\n"
		      "Via: 1.1 everseal\r\n" OURS "\r\n");
}

static void an_absolute_target_becomes_a_path(void **state)
{
	(void)state;
	check_request("GET http://a.example?q HTTP/1.1\r\nHost: other.example\r\n\r\n", false,
		      "GET /?q HTTP/1.1\r\nHost: a.example\r\nVia: 1.1 everseal\r\n" OURS "\r\n");
}

static void lies_and_hops_stay_behind(void **state)
{
	(void)state;
	check_request(
		"POST / HTTP/1.1\r\nHost: a.example\r\nConnection: x-hop, close\r\nX-Hop: 1\r\n"
		"X-Forwarded-For: 6.6.6.6\r\nX_Forwarded-For: 6.6.6.6\r\nx-real-ip: 6.6.6.6\r\n"
		"Forwarded: for=6.6.6.6\r\nUpgrade: x\r\nTE: trailers\r\nTransfer-Encoding: "
		"chunked\r\nTrue-Client-IP: 6.6.6.6\r\nX-Forwarded-Forx: kept\r\n\r\n",
		false,
		"POST / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Forx: kept\r\n"
		"Via: 1.1 everseal\r\n" OURS "Transfer-Encoding: chunked\r\n\r\n");
}

static void a_trusted_proxy_is_continued(void **state)
{
	(void)state;
	check_request(
		"GET / HTTP/1.1\r\nHost: a.example\r\nVia: 1.0 first\r\nX-Forwarded-For: "
		"1.1.1.1\r\n"
		"X-Forwarded-For: 2.2.2.2\r\nX-Forwarded-Proto: http\r\nForwarded: for=1.1.1.1\r\n"
		"CDN-Loop: them\r\nX-Real-IP: 6.6.6.6\r\n\r\n",
		true,
		"GET / HTTP/1.1\r\nHost: a.example\r\nVia: 1.0 first\r\nVia: 1.1 everseal\r\n"
		"X-Forwarded-Proto: http\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2, 192.0.2.7\r\n"
		"Forwarded: for=1.1.1.1, for=192.0.2.7;host=a.example;proto=https\r\n"
		"CDN-Loop: them, us\r\nX-Request-Id: the-id\r\n\r\n");
}

static void a_body_keeps_its_length_and_expectation(void **state)
{
	(void)state;
	check_request("PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 007\r\n"
		      "Expect: 100-continue\r\n\r\n",
		      false,
		      "PUT / HTTP/1.1\r\nHost: a.example\r\nVia: 1.1 everseal\r\n" OURS
		      "Expect: 100-continue\r\nContent-Length: 7\r\n\r\n");
}

static void check_answer(const char *text, enum http_body body, bool close, const char *wanted)
{
	static struct http_response r;
	struct http_refusal why;
	struct buf out = BUF_INIT;
	struct forward f = forward_of(false);
	size_t seen = 0;

	assert_int_equal(http_response_parse(slice_str(text), &seen, &limits, HTTP_GET, &r, &why),
			 HTTP_DONE);
	forward_answer(&out, &r, &f, body, close);
	assert_string_equal(buf_str(&out), wanted);
	buf_free(&out);
}

static void an_answer_is_framed_for_the_client(void **state)
{
	(void)state;
	check_answer(
		"HTTP/1.0 200 Fine\r\nDate: then\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
		"Keep-Alive: 5\r\nConnection: close\r\nX-Request-Id: theirs\r\n\r\n",
		HTTP_BODY_CHUNKED, false,
		"HTTP/1.1 200 OK\r\nDate: then\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
		"Via: 1.0 everseal\r\nX-Request-Id: the-id\r\nTransfer-Encoding: chunked\r\n\r\n");
	check_answer("HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 5\r\n\r\n", HTTP_BODY_LENGTH,
		     true,
		     "HTTP/1.1 200 OK\r\nDate: then\r\nVia: 1.1 everseal\r\n"
		     "X-Request-Id: the-id\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
}

static void a_missing_date_is_added(void **state)
{
	(void)state;
	check_answer("HTTP/1.1 204 No Content\r\n\r\n", HTTP_BODY_NONE, false,
		     "HTTP/1.1 204 No Content\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
		     "Via: 1.1 everseal\r\nX-Request-Id: the-id\r\n\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_written_anew),
		cmocka_unit_test(an_absolute_target_becomes_a_path),
		cmocka_unit_test(lies_and_hops_stay_behind),
		cmocka_unit_test(a_trusted_proxy_is_continued),
		cmocka_unit_test(a_body_keeps_its_length_and_expectation),
		cmocka_unit_test(an_answer_is_framed_for_the_client),
		cmocka_unit_test(a_missing_date_is_added),
	};

	return cmocka_run_group_tests_name("edge/forward", tests, NULL, NULL);
}
