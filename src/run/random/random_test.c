#include "run/random/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_ids_differ(void **state)
{
	struct id a, b;

	(void)state;
	random_id(&a);
	random_id(&b);
	assert_false(id_is_zero(&a));
	assert_false(id_eq(&a, &b));
}

static void test_below_stays_below_and_reaches_all(void **state)
{
	int seen[6] = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint32_t v = random_below(6);

		assert_true(v < 6);
		seen[v]++;
	}
	for (int i = 0; i < 6; i++)
		assert_true(seen[i] > 0);
	assert_int_equal(random_below(1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_differ),
		cmocka_unit_test(test_below_stays_below_and_reaches_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
