/* Rules that are neither ownership, choice nor orders: origins, zone settings, tokens. */
#include "model/origin.h"
#include "model/token.h"
#include "model/zone_setting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void origins_are_parsed(void **state)
{
	(void)state;
	struct origin_want w;
	struct fail f = FAIL_INIT;

	assert_int_equal(origin_parse(slice_lit("http://127.0.0.1:9000"), &w, &f), 0);
	assert_int_equal(w.scheme, ORIGIN_HTTP);
	assert_int_equal(w.http_port, 9000);
	assert_true(slice_eq_str(w.host, "127.0.0.1"));
	assert_int_equal(origin_parse(slice_lit("https://o.example/"), &w, &f), 0);
	assert_int_equal(w.scheme, ORIGIN_HTTPS);
	assert_int_equal(w.https_port, 0);
	assert_int_equal(origin_parse(slice_lit("[::1]:8080"), &w, &f), 0);
	assert_true(slice_eq_str(w.host, "::1"));
	assert_int_equal(w.scheme, ORIGIN_BY_MODE);
	assert_int_equal(w.http_port, 8080);

	static const char *const bad[] = { "",        "http://",     "http://:80", "h:0",
					   "h:65536", "h:",          "[::1",       "[::1]x",
					   "h:80x",   "http://[]:1", "h:-1" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fail_clear(&f);
		assert_int_equal(origin_parse(slice_str(bad[i]), &w, &f), -1);
		assert_int_equal(f.code, 1415);
	}
}

static int resolve_code(const char *host, const char *allow)
{
	const struct slice own[] = { slice_lit("api.ours.example") };
	struct dns_nets nets = { 0 };
	struct model_config config = { .own_names = own,
				       .own_name_count = 1,
				       .origin_allow = &nets };
	struct origin_want want = { .host = slice_str(host) };
	struct arena a = ARENA_INIT;
	struct fail f = FAIL_INIT;
	struct origin_record r;

	assert_int_equal(dns_nets_parse(slice_str(allow), &nets, NULL), 0);
	int got = origin_resolve(&want, &config, &a, &r, &f);
	if (got == 0)
		assert_true((r.host.n > 0) != (r.count > 0) && r.http_port == 80);
	arena_free(&a);
	return got == 0 ? 0 : f.code;
}

static void private_places_are_refused(void **state)
{
	(void)state;
	static const char *const refused[] = { "127.0.0.1",
					       "10.1.2.3",
					       "169.254.169.254",
					       "192.168.0.1",
					       "100.64.0.1",
					       "0.0.0.0",
					       "::1",
					       "fe80::1",
					       "fd00::1",
					       "::ffff:127.0.0.1",
					       "64:ff9b::7f00:1",
					       "224.0.0.1",
					       "255.255.255.255" };

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(resolve_code(refused[i], ""), 1416);
	assert_int_equal(resolve_code("127.0.0.1", "127.0.0.0/8"), 0);
	assert_int_equal(resolve_code("10.1.2.3", "127.0.0.0/8"), 1416);
	assert_int_equal(resolve_code("93.184.216.34", ""), 0);
	assert_int_equal(resolve_code("2606:4700::1111", ""), 0);
	assert_int_equal(resolve_code("origin.example.com", ""), 0);
	assert_int_equal(resolve_code("0x7f.1", "127.0.0.0/8"), 1415);
	assert_int_equal(resolve_code("2130706433", "127.0.0.0/8"), 1415);
	assert_int_equal(resolve_code("api.ours.example", ""), 1419);
}

struct setting_case {
	const char *name;
	const char *value;
	int code;
};

static const struct setting_case settings[] = {
	{ "ssl", "\"off\"", 0 },
	{ "ssl", "\"flexible\"", 0 },
	{ "ssl", "\"full\"", 0 },
	{ "ssl", "\"strict\"", 0 },
	{ "ssl", "\"origin_pull\"", 1016 },
	{ "ssl", "\"Full\"", 1007 },
	{ "ssl", "full", 1007 },
	{ "ssl", "1", 1007 },
	{ "ssl", "null", 1007 },
	{ "min_tls_version", "\"1.0\"", 0 },
	{ "min_tls_version", "\"1.2\"", 0 },
	{ "min_tls_version", "\"1.3\"", 1016 },
	{ "min_tls_version", "1.2", 1007 },
	{ "tls_1_3", "\"on\"", 0 },
	{ "tls_1_3", "\"off\"", 1016 },
	{ "tls_client_auth", "\"on\"", 1016 },
	{ "always_use_https", "\"on\"", 1016 },
	{ "always_use_https", "\"off\"", 0 },
	{ "ciphers", "[]", 0 },
	{ "ciphers", "[\"ECDHE-RSA-AES128-GCM-SHA256\"]", 1016 },
	{ "ciphers", "{\"a\"", 1007 },
	{ "brotli", "\"on\"", 0 },
	{ "browser_cache_ttl", "7200", 0 },
	{ "browser_cache_ttl", "-1", 1007 },
	{ "browser_cache_ttl", "\"7200\"", 1007 },
	{ "minify", "{\"css\":\"on\"}", 0 },
};

static void settings_are_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const struct zone_setting *s = zone_setting_named(slice_str(settings[i].name));
		struct fail f = FAIL_INIT;

		assert_non_null(s);
		int r = zone_setting_check(s, slice_str(settings[i].value), &f);
		if (f.code != settings[i].code)
			print_error("%s = %s\n", settings[i].name, settings[i].value);
		assert_int_equal(f.code, settings[i].code);
		assert_int_equal(r, settings[i].code == 0 ? 0 : -1);
	}
	assert_null(zone_setting_named(slice_lit("no_such_setting")));
}

/* What is shown as a default can be written back. */
static void defaults_are_legal(void **state)
{
	(void)state;
	for (size_t i = 0; i < zone_setting_count; i++)
		assert_int_equal(zone_setting_check(&zone_settings[i],
						    slice_str(zone_settings[i].value), NULL),
				 0);
}

static void tokens_have_their_time(void **state)
{
	(void)state;
	struct token_row t = { .not_before = 10, .expires_at = 20 };

	assert_int_equal(token_status_at(&t, 9), TOKEN_EXPIRED);
	assert_int_equal(token_status_at(&t, 10), TOKEN_ACTIVE);
	assert_int_equal(token_status_at(&t, 19), TOKEN_ACTIVE);
	assert_int_equal(token_status_at(&t, 20), TOKEN_EXPIRED);
	t.status = TOKEN_DISABLED;
	assert_int_equal(token_status_at(&t, 15), TOKEN_DISABLED);
	t = (struct token_row){ 0 };
	assert_int_equal(token_status_at(&t, 1), TOKEN_ACTIVE);
}

static struct id one(uint8_t c)
{
	struct id id;

	memset(id.b, c, ID_LEN);
	return id;
}

static void tokens_reach_so_far(void **state)
{
	(void)state;
	struct id mine = one(1), other = one(2), zone = one(3), far = one(4), none = { 0 };
	struct token_row t = { .account = mine, .access = TOKEN_WRITE };

	assert_true(token_allows(&t, &mine, &zone, TOKEN_WRITE));
	assert_true(token_allows(&t, &mine, &none, TOKEN_WRITE));
	assert_false(token_allows(&t, &other, &zone, TOKEN_READ));
	t.access = TOKEN_READ;
	assert_true(token_allows(&t, &mine, &zone, TOKEN_READ));
	assert_false(token_allows(&t, &mine, &zone, TOKEN_WRITE));
	t.access = TOKEN_WRITE;
	t.zone = zone;
	assert_true(token_allows(&t, &mine, &zone, TOKEN_WRITE));
	assert_false(token_allows(&t, &mine, &far, TOKEN_READ));
	assert_true(token_allows(&t, &mine, &none, TOKEN_READ));
	assert_false(token_allows(&t, &mine, &none, TOKEN_WRITE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins_are_parsed),
		cmocka_unit_test(private_places_are_refused),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(defaults_are_legal),
		cmocka_unit_test(tokens_have_their_time),
		cmocka_unit_test(tokens_reach_so_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
