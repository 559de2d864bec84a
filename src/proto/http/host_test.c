#include "proto/http/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void hosts_are_read(void **state)
{
	static const struct {
		const char *text;
		enum http_host_form form;
		const char *name;
		uint16_t port;
	} rows[] = {
		{ "shop.example.com", HTTP_HOST_NAME, "shop.example.com", 0 },
		{ "Shop.Example.COM", HTTP_HOST_NAME, "shop.example.com", 0 },
		{ "shop.example.com.", HTTP_HOST_NAME, "shop.example.com", 0 },
		{ "shop.example.com.:81", HTTP_HOST_NAME, "shop.example.com", 81 },
		{ "shop.example.com:443", HTTP_HOST_NAME, "shop.example.com", 443 },
		{ "shop.example.com:00443", HTTP_HOST_NAME, "shop.example.com", 443 },
		{ "shop.example.com:65535", HTTP_HOST_NAME, "shop.example.com", 65535 },
		{ "shop.example.com:", HTTP_HOST_NAME, "shop.example.com", 0 },
		{ "localhost", HTTP_HOST_NAME, "localhost", 0 },
		{ "a", HTTP_HOST_NAME, "a", 0 },
		{ "a_b.example", HTTP_HOST_NAME, "a_b.example", 0 },
		{ "-a-.example", HTTP_HOST_NAME, "-a-.example", 0 },
		{ "xn--bcher-kva.example", HTTP_HOST_NAME, "xn--bcher-kva.example", 0 },
		{ "1.example", HTTP_HOST_NAME, "1.example", 0 },
		{ L63 ".b", HTTP_HOST_NAME, L63 ".b", 0 },
		{ L63 "." L63 "." L63 "." L61, HTTP_HOST_NAME, L63 "." L63 "." L63 "." L61, 0 },
		{ "192.0.2.1", HTTP_HOST_V4, "192.0.2.1", 0 },
		{ "192.0.2.1:8080", HTTP_HOST_V4, "192.0.2.1", 8080 },
		{ "[::1]", HTTP_HOST_V6, "::1", 0 },
		{ "[2001:DB8:0::1]:443", HTTP_HOST_V6, "2001:db8::1", 443 },
		{ "[::ffff:192.0.2.1]:1", HTTP_HOST_V6, "::ffff:192.0.2.1", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_host h;

		if (!http_host_parse(slice_str(rows[i].text), &h))
			fail_msg("%s is a host", rows[i].text);
		assert_int_equal(h.form, rows[i].form);
		assert_string_equal(h.text, rows[i].name);
		assert_int_equal(h.len, strlen(h.text));
		assert_int_equal(h.port, rows[i].port);
		assert_int_equal(h.has_port, rows[i].port != 0);
	}
}

static void other_authorities_are_refused(void **state)
{
	static const char *const rows[] = {
		"",
		".",
		"..",
		".a",
		"a..b",
		"a..",
		":80",
		"a:0",
		"a:65536",
		"a:000080",
		"a:8o",
		"a:80:80",
		"a:-1",
		"a:+1",
		"a: 1",
		"a :1",
		" a",
		"a ",
		"a b",
		"a\tb",
		"user@a",
		"user:pw@a",
		"a/b",
		"a?b",
		"a#b",
		"a%2eb",
		"%61",
		"a,b",
		"a;b",
		"a=b",
		"a!b",
		"a$b",
		"a&b",
		"a'b",
		"a(b",
		"a*b",
		"*.a",
		"a+b",
		"a~b",
		"a\\b",
		"a\"b",
		"a<b",
		"127.1",
		"0x7f.0.0.1",
		"0177.0.0.1",
		"2130706433",
		"1.2.3.4.5",
		"1.2.3.256",
		"1.2.3.4.",
		"a.1",
		"a.0x1",
		"[::1",
		"::1",
		"[]",
		"[::1]a",
		"[::1]80",
		"[::1%25lo]",
		"[::1%lo]",
		"[v1.a]",
		"[1.2.3.4]",
		"[a.example]",
		"[[::1]]",
		"[::1]:",
		"[::1]:0",
		"b\xc3\xbc"
		"cher.example",
		L63 "a.b",
		"a." L63 "a",
		L63 "." L63 "." L63 "." L61 "a",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_host h;
		bool legal = strcmp(rows[i], "[::1]:") == 0; /* an empty port is none */

		if (http_host_parse(slice_str(rows[i]), &h) != legal)
			fail_msg("%s", rows[i]);
	}
}

static void bytes_that_no_host_holds(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		uint8_t text[] = { 'a', (uint8_t)c, 'b' };
		struct http_host h;
		bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';

		if (http_host_parse(slice_of(text, sizeof(text)), &h) != good)
			fail_msg("byte 0x%02x", (unsigned)c);
	}
}

static void hosts_are_written(void **state)
{
	static const struct {
		const char *text;
		uint16_t usual;
		const char *written;
	} rows[] = {
		{ "A.example:443", 443, "a.example" },
		{ "A.example:443", 80, "a.example:443" },
		{ "A.example:443", 0, "a.example:443" },
		{ "A.example.", 80, "a.example" },
		{ "[2001:DB8::1]:80", 80, "[2001:db8::1]" },
		{ "[2001:DB8::1]:81", 80, "[2001:db8::1]:81" },
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_host h;

		buf_clear(&b);
		assert_true(http_host_parse(slice_str(rows[i].text), &h));
		http_host_write(&b, &h, rows[i].usual);
		assert_string_equal(buf_str(&b), rows[i].written);
	}
	buf_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_read),
		cmocka_unit_test(other_authorities_are_refused),
		cmocka_unit_test(bytes_that_no_host_holds),
		cmocka_unit_test(hosts_are_written),
	};

	return cmocka_run_group_tests_name("http/host", tests, NULL, NULL);
}
