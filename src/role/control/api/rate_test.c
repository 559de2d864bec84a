#include "role/control/api/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void hash_of(uint32_t n, uint8_t out[TOKEN_HASH])
{
	memset(out, 0, TOKEN_HASH);
	memcpy(out, &n, sizeof(n));
}

static void the_limit_and_one_above(void **state)
{
	struct rate r;
	uint8_t hash[TOKEN_HASH];

	(void)state;
	rate_init(&r, 3, 300000);
	hash_of(1, hash);
	rate_known(&r, hash, 1000);
	assert_int_equal(rate_ask(&r, hash, 1000).left, 1);
	assert_int_equal(rate_ask(&r, hash, 2000).left, 0);
	struct rate_answer a = rate_ask(&r, hash, 2000);
	assert_true(a.refused);
	assert_int_equal(a.reset, 299);
	assert_true(rate_ask(&r, hash, 300999).refused);
	assert_false(rate_ask(&r, hash, 301000).refused);
	rate_fini(&r);
}

static void unknown_tokens_are_not_counted(void **state)
{
	struct rate r;
	uint8_t hash[TOKEN_HASH];

	(void)state;
	rate_init(&r, 1, 1000);
	hash_of(1, hash);
	for (int i = 0; i < 5; i++)
		assert_false(rate_ask(&r, hash, 0).refused);
	assert_int_equal(r.tokens.count, 0);
	rate_fini(&r);
}

static void memory_is_bounded(void **state)
{
	struct rate r;
	uint8_t hash[TOKEN_HASH];

	(void)state;
	rate_init(&r, 1, 1000000);
	for (uint32_t i = 0; i < 20000; i++) {
		hash_of(i, hash);
		rate_known(&r, hash, i);
	}
	assert_in_range(r.tokens.count, 1, 4096);
	assert_true(rate_ask(&r, hash, 20000).refused);
	rate_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_and_one_above),
		cmocka_unit_test(unknown_tokens_are_not_counted),
		cmocka_unit_test(memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
