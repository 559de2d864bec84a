#include "proto/dns/suffix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void suffixes_and_names(void **state)
{
	static const struct {
		const char *name;
		const char *registrable; /* NULL: a public suffix */
	} rows[] = {
		{ "com", NULL },
		{ "example.com", "example.com" },
		{ "www.example.com", "example.com" },
		{ "*.example.com", "example.com" },
		{ "co.uk", NULL },
		{ "a.b.co.uk", "b.co.uk" },
		{ "github.io", NULL },
		{ "me.github.io", "me.github.io" },
		{ "deep.me.github.io", "me.github.io" },
		{ "ck", NULL },
		{ "anything.ck", NULL },
		{ "www.ck", "www.ck" },
		{ "xn--55qx5d.cn", NULL },
		{ "a.xn--55qx5d.cn", "a.xn--55qx5d.cn" },
		{ "test", NULL },
		{ "shop.test", "shop.test" },
		{ "a.shop.test", "shop.test" },
		{ "shop.example", "shop.example" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice found = dns_suffix_registrable(slice_str(rows[i].name));

		if (rows[i].registrable == NULL) {
			if (found.p != NULL || !dns_suffix_is_public(slice_str(rows[i].name)))
				fail_msg("%s is a public suffix", rows[i].name);
		} else {
			assert_false(dns_suffix_is_public(slice_str(rows[i].name)));
			if (!slice_eq_str(found, rows[i].registrable))
				fail_msg("%s: %.*s", rows[i].name, SLICE_ARG(found));
		}
	}
}

static void what_is_no_name_has_no_suffix(void **state)
{
	uint8_t long_name[300];

	(void)state;
	memset(long_name, 'a', sizeof(long_name));
	assert_false(dns_suffix_is_public(SLICE_NONE));
	assert_null(dns_suffix_registrable(SLICE_NONE).p);
	assert_false(dns_suffix_is_public(slice_of(long_name, sizeof(long_name))));
	assert_null(dns_suffix_registrable(slice_of(long_name, sizeof(long_name))).p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes_and_names),
		cmocka_unit_test(what_is_no_name_has_no_suffix),
	};

	return cmocka_run_group_tests_name("dns/suffix", tests, NULL, NULL);
}
