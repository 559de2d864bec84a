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
		bool is_public;
	} rows[] = {
		{ "com", true },
		{ "example.com", false },
		{ "www.example.com", false },
		{ "*.example.com", false },
		{ "co.uk", true },
		{ "a.b.co.uk", false },
		{ "github.io", true },
		{ "me.github.io", false },
		{ "deep.me.github.io", false },
		{ "ck", true },
		{ "anything.ck", true },
		{ "www.ck", false },
		{ "xn--55qx5d.cn", true },
		{ "a.xn--55qx5d.cn", false },
		{ "test", true },
		{ "shop.test", false },
		{ "a.shop.test", false },
		{ "shop.example", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (dns_suffix_is_public(slice_str(rows[i].name)) != rows[i].is_public)
			fail_msg("%s", rows[i].name);
}

static void what_is_no_name_has_no_suffix(void **state)
{
	uint8_t long_name[300];

	(void)state;
	memset(long_name, 'a', sizeof(long_name));
	assert_false(dns_suffix_is_public(SLICE_NONE));
	assert_false(dns_suffix_is_public(slice_of(long_name, sizeof(long_name))));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes_and_names),
		cmocka_unit_test(what_is_no_name_has_no_suffix),
	};

	return cmocka_run_group_tests_name("dns/suffix", tests, NULL, NULL);
}
