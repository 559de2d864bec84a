#include "role/edge/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct crowd_seat *enter(struct crowd *c, const char *address)
{
	struct dns_address a;

	assert_true(dns_address_parse(slice_str(address), &a));
	return crowd_enter(c, &a);
}

static void a_network_shares_its_seats(void **state)
{
	(void)state;
	struct crowd c;
	crowd_init(&c, 2);
	struct crowd_seat *one = enter(&c, "192.0.2.1");
	struct crowd_seat *two = enter(&c, "192.0.2.200");
	assert_non_null(one);
	assert_ptr_equal(one, two);
	assert_null(enter(&c, "192.0.2.3"));
	struct crowd_seat *other = enter(&c, "192.0.3.1");
	assert_non_null(other);
	crowd_leave(&c, one);
	struct crowd_seat *again = enter(&c, "192.0.2.4");
	assert_non_null(again);
	crowd_leave(&c, two);
	crowd_leave(&c, again);
	crowd_leave(&c, other);
	crowd_fini(&c);
}

static void ipv6_counts_by_64_bits(void **state)
{
	(void)state;
	struct crowd c;
	crowd_init(&c, 1);
	struct crowd_seat *one = enter(&c, "2001:db8:1:2::1");
	assert_null(enter(&c, "2001:db8:1:2:ffff::9"));
	struct crowd_seat *other = enter(&c, "2001:db8:1:3::1");
	assert_non_null(other);
	crowd_leave(&c, one);
	crowd_leave(&c, other);
	crowd_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_shares_its_seats),
		cmocka_unit_test(ipv6_counts_by_64_bits),
	};

	return cmocka_run_group_tests_name("edge/crowd", tests, NULL, NULL);
}
