#include "cli/origin_url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_good(void **state)
{
	static const struct {
		const char *text, *host;
		bool tls;
		int port;
	} rows[] = {
		{ "http://127.0.0.1:9000", "127.0.0.1", false, 9000 },
		{ "http://app.internal/", "app.internal", false, 80 },
		{ "https://app.internal", "app.internal", true, 443 },
		{ "https://[2001:db8::1]:8443", "2001:db8::1", true, 8443 },
		{ "http://[::1]", "::1", false, 80 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fail f = FAIL_INIT;
		struct origin_url o;

		assert_int_equal(origin_url_parse(rows[i].text, &o, &f), 0);
		assert_true(slice_eq_str(o.host, rows[i].host));
		assert_int_equal(o.tls, rows[i].tls);
		assert_int_equal(o.port, rows[i].port);
	}
}

static void test_refused(void **state)
{
	static const char *const rows[] = {
		"",           "ftp://x",     "app.internal",   "http://",
		"http://:80", "http://x:0",  "http://x:65536", "http://x:80x",
		"http://x/y", "http://[::1", "http://[::1]80", "http://[]",
		"http://a b", "http://u@x",  "https://x?y",    "http:///",
		"http://x:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fail f = FAIL_INIT;
		struct origin_url o;

		assert_int_equal(origin_url_parse(rows[i], &o, &f), -1);
		assert_int_equal(f.kind, FAIL_INPUT);
		assert_non_null(strstr(f.words, "http://"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
