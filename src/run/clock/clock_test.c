#include "run/clock/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_monotonic_never_goes_back(void **state)
{
	uint64_t before = clock_micros();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t now = clock_micros();

		assert_true(now >= before);
		before = now;
	}
	assert_true(clock_mono() >= (int64_t)(before / 1000));
}

static void test_wall_is_in_this_age(void **state)
{
	stamp least;

	(void)state;
	assert_true(stamp_parse(slice_lit("2024-01-01T00:00:00Z"), &least));
	assert_true(clock_now() > least);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_monotonic_never_goes_back),
		cmocka_unit_test(test_wall_is_in_this_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
