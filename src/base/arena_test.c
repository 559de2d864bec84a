#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void memory_is_zero_aligned_and_apart(void **state)
{
	struct arena a = ARENA_INIT;
	uint8_t *before = NULL;

	(void)state;
	for (size_t n = 0; n < 300; n++) {
		uint8_t *p = arena_alloc(&a, n);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
		assert_true(before == NULL || n <= 1 || before[n - 2] == 0xff);
		before = p;
	}
	assert_int_equal(a.held, 299 * 300 / 2);
	arena_free(&a);
	assert_null(a.blocks);
	assert_int_equal(a.held, 0);
}

static void large_pieces_fit(void **state)
{
	struct arena a = ARENA_INIT;
	uint8_t *small = arena_alloc(&a, 1);
	uint8_t *large = arena_alloc(&a, 100000);

	(void)state;
	memset(large, 1, 100000);
	assert_int_equal(*small, 0);
	arena_free(&a);
}

static void a_reset_arena_is_empty_and_usable(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++) {
			uint64_t *p = arena_new(&a, uint64_t);

			assert_int_equal(*p, 0);
			*p = UINT64_MAX;
		}
		arena_reset(&a);
		assert_int_equal(a.held, 0);
	}
	(void)arena_alloc(&a, 100000);
	arena_reset(&a);
	assert_int_equal(*arena_array(&a, char, 10), 0);
	arena_free(&a);
	arena_reset(&a);
	arena_free(&a);
}

static void copies_have_an_end_mark(void **state)
{
	struct arena a = ARENA_INIT;
	struct slice s = arena_copy(&a, slice_lit("abc"));

	(void)state;
	assert_true(slice_eq_str(s, "abc"));
	assert_int_equal(s.p[3], 0);
	assert_string_equal(arena_str(&a, slice_lit("de")), "de");
	assert_string_equal(arena_str(&a, SLICE_NONE), "");
	assert_int_equal(arena_copy(&a, SLICE_NONE).n, 0);
	assert_string_equal(arena_printf(&a, "%s-%d", "x", 7), "x-7");
	arena_free(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zero_aligned_and_apart),
		cmocka_unit_test(large_pieces_fit),
		cmocka_unit_test(a_reset_arena_is_empty_and_usable),
		cmocka_unit_test(copies_have_an_end_mark),
	};

	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
