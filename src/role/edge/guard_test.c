#include "role/edge/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const http[] = { "192.0.2.9:8080", "[2001:db8::9]:8080" };
static const char *const https[] = { "0.0.0.0:8443" };
static const char *const nets[] = { "127.0.0.0/8", "10.0.0.0/8" };

static struct guard guard_of(bool allow)
{
	struct settings s = { .edge_http_listen = { http, 2 }, .edge_https_listen = { https, 1 } };
	struct guard g;
	struct fail f = FAIL_INIT;

	if (allow)
		s.origin_allow = (struct settings_list){ nets, 2 };
	assert_int_equal(guard_init(&g, &s, &f), 0);
	return g;
}

static bool allows(const struct guard *g, const char *address, uint16_t port)
{
	struct dns_address a;

	assert_true(dns_address_parse(slice_str(address), &a));
	return guard_allows(g, &a, port);
}

static void only_hosts_of_the_internet_without_more(void **state)
{
	(void)state;
	struct guard g = guard_of(false);
	const char *refused[] = { "127.0.0.1", "10.0.0.1",   "169.254.169.254", "0.0.0.0",
				  "::1",       "fd00::1",    "::ffff:10.0.0.1", "fe80::1",
				  "224.0.0.1", "100.64.0.1", "64:ff9b::a00:1",  "255.255.255.255" };
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(allows(&g, refused[i], 80));
	assert_true(allows(&g, "8.8.8.8", 80));
	assert_true(allows(&g, "2606:4700::1", 80));
}

static void nets_that_are_listed(void **state)
{
	(void)state;
	struct guard g = guard_of(true);
	assert_true(allows(&g, "127.0.0.1", 80));
	assert_true(allows(&g, "10.1.2.3", 80));
	assert_true(allows(&g, "::ffff:10.1.2.3", 80));
	assert_false(allows(&g, "192.168.0.1", 80));
}

static void never_ourselves(void **state)
{
	(void)state;
	struct guard g = guard_of(true);
	assert_false(allows(&g, "192.0.2.9", 8080));
	assert_false(allows(&g, "127.0.0.1", 8443)); /* we listen on every address */
	assert_false(allows(&g, "127.1.2.3", 8443));
	assert_true(allows(&g, "127.0.0.1", 8080));
	assert_true(allows(&g, "8.8.8.8", 8443)); /* somebody else's */
}

static void a_broken_net_is_named(void **state)
{
	(void)state;
	const char *const bad[] = { "10.0.0.0/33" };
	struct settings s = { .origin_allow = { bad, 1 } };
	struct guard g;
	struct fail f = FAIL_INIT;
	assert_int_equal(guard_init(&g, &s, &f), -1);
	assert_non_null(strstr(f.words, "origin.allow"));
	assert_non_null(strstr(f.words, "10.0.0.0/33"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_hosts_of_the_internet_without_more),
		cmocka_unit_test(nets_that_are_listed),
		cmocka_unit_test(never_ourselves),
		cmocka_unit_test(a_broken_net_is_named),
	};

	return cmocka_run_group_tests_name("edge/guard", tests, NULL, NULL);
}
