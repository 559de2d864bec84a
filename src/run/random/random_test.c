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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
