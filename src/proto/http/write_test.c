#include "proto/http/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void heads_are_written(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	http_write_status(&b, 404);
	http_write_field(&b, "X", slice_of("a\r\nSet-Cookie: b\0c", 18));
	http_write_length(&b, 12);
	http_write_date(&b, 784111777000);
	http_write_end(&b);
	assert_string_equal(buf_str(&b), "HTTP/1.1 404 Not Found\r\nX: a  Set-Cookie: b c\r\n"
					 "Content-Length: 12\r\n"
					 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
	buf_clear(&b);
	http_write_request(&b, slice_lit("GET"), slice_lit("/a?b"));
	assert_string_equal(buf_str(&b), "GET /a?b HTTP/1.1\r\n");
	buf_clear(&b);
	http_write_status(&b, 299);
	assert_string_equal(buf_str(&b), "HTTP/1.1 299 \r\n");
	buf_free(&b);
}

static bool drop_cookies(void *ctx, const struct http_field *field)
{
	(void)ctx;
	return field->kind == HTTP_FIELD_COOKIE;
}

static void only_what_may_go_on_is_copied(void **state)
{
	static const char text[] =
		"POST / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, x-mine, cookie\r\nX-Mine: "
		"1\r\n"
		"Keep-Alive: 5\r\nTE: trailers\r\nTrailer: t\r\nTransfer-Encoding: chunked\r\n"
		"Proxy-Connection: x\r\nProxy-Authorization: x\r\nUpgrade: h2c\r\nHTTP2-Settings: "
		"x\r\n"
		"Cookie: c\r\nAccept:  */* \r\nX-Yours: 2\r\n\r\n";
	static const struct http_limits limits = { 100, 1000, 20 };
	struct http_request req;
	struct http_refusal why;
	struct buf b = BUF_INIT;
	size_t seen = 0;

	(void)state;
	assert_int_equal(
		http_request_parse(slice_of(text, sizeof(text) - 1), &seen, &limits, &req, &why),
		HTTP_DONE);
	http_write_forwardable(&b, &req.head, NULL, NULL);
	assert_string_equal(buf_str(&b), "Cookie: c\r\nAccept: */*\r\nX-Yours: 2\r\n");
	buf_clear(&b);
	http_write_forwardable(&b, &req.head, drop_cookies, NULL);
	assert_string_equal(buf_str(&b), "Accept: */*\r\nX-Yours: 2\r\n");
	buf_free(&b);
}

static struct http_hop hop_of(const char *client, const char *host, struct http_host *h, bool https)
{
	struct http_hop hop = { .https = https, .host = h };

	assert_true(dns_address_parse(slice_str(client), &hop.client));
	assert_true(http_host_parse(slice_str(host), h));
	return hop;
}

static void the_next_hop_is_told(void **state)
{
	struct http_host h;
	struct http_hop v4 = hop_of("192.0.2.1", "a.example", &h, false);
	struct buf b = BUF_INIT;

	(void)state;
	http_write_forwarded_for(&b, SLICE_NONE, &v4);
	http_write_forwarded_for(&b, slice_lit("10.0.0.1"), &v4);
	http_write_forwarded(&b, SLICE_NONE, &v4);
	http_write_forwarded(&b, slice_lit("for=_x"), &v4);
	assert_string_equal(buf_str(&b),
			    "X-Forwarded-For: 192.0.2.1\r\n"
			    "X-Forwarded-For: 10.0.0.1, 192.0.2.1\r\n"
			    "Forwarded: for=192.0.2.1;host=a.example;proto=http\r\n"
			    "Forwarded: for=_x, for=192.0.2.1;host=a.example;proto=http\r\n");
	buf_clear(&b);
	struct http_hop v6 = hop_of("2001:db8::1", "[::1]:8080", &h, true);

	http_write_forwarded(&b, SLICE_NONE, &v6);
	v6.host = NULL;
	http_write_forwarded(&b, SLICE_NONE, &v6);
	assert_string_equal(buf_str(&b),
			    "Forwarded: for=\"[2001:db8::1]\";host=\"[::1]:8080\";proto=https\r\n"
			    "Forwarded: for=\"[2001:db8::1]\";proto=https\r\n");
	buf_free(&b);
}

static void loops_are_found(void **state)
{
	static const struct {
		const char *value;
		enum http_cdn_loop answer;
	} rows[] = {
		{ "", HTTP_CDN_LOOP_CLEAR },
		{ "other", HTTP_CDN_LOOP_CLEAR },
		{ "other, another; a=\"us, us\"", HTTP_CDN_LOOP_CLEAR },
		{ "foo123.foocdn.example:8080, [::1]:1", HTTP_CDN_LOOP_CLEAR },
		{ "usual", HTTP_CDN_LOOP_CLEAR },
		{ "us", HTTP_CDN_LOOP_FOUND },
		{ "US", HTTP_CDN_LOOP_FOUND },
		{ "other,us", HTTP_CDN_LOOP_FOUND },
		{ "other, us ; x=y", HTTP_CDN_LOOP_FOUND },
		{ "\"us\"", HTTP_CDN_LOOP_BROKEN },
		{ "other, \"us", HTTP_CDN_LOOP_BROKEN },
		{ "a b", HTTP_CDN_LOOP_BROKEN },
		{ ";x=y", HTTP_CDN_LOOP_BROKEN },
		{ "a; x=\"y\\\"", HTTP_CDN_LOOP_BROKEN },
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (http_cdn_loop_has(slice_str(rows[i].value), slice_lit("us")) != rows[i].answer)
			fail_msg("%s", rows[i].value);
	http_write_cdn_loop(&b, slice_lit("other"), slice_lit("us"));
	http_write_cdn_loop(&b, SLICE_NONE, slice_lit("us"));
	assert_string_equal(buf_str(&b), "CDN-Loop: other, us\r\nCDN-Loop: us\r\n");
	buf_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_written),
		cmocka_unit_test(only_what_may_go_on_is_copied),
		cmocka_unit_test(the_next_hop_is_told),
		cmocka_unit_test(loops_are_found),
	};

	return cmocka_run_group_tests_name("http/write", tests, NULL, NULL);
}
