#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void parts_never_leave_the_whole(void **state)
{
	struct slice s = slice_lit("abcdef");

	(void)state;
	assert_true(slice_eq_str(slice_sub(s, 2, 2), "cd"));
	assert_true(slice_eq_str(slice_sub(s, 4, 100), "ef"));
	assert_true(slice_eq_str(slice_sub(s, 6, 1), ""));
	assert_int_equal(slice_sub(s, 100, SIZE_MAX).n, 0);
	assert_true(slice_eq_str(slice_from(s, 5), "f"));
	assert_int_equal(slice_from(s, SIZE_MAX).n, 0);
	assert_null(slice_from(SLICE_NONE, 3).p);
	assert_int_equal(slice_str(NULL).n, 0);
}

static void order_is_by_bytes_then_length(void **state)
{
	static const char *const order[] = { "", "A", "a", "aa", "ab", "b", "\x80", "\xff" };

	(void)state;
	for (int i = 0; i < 8; i++)
		for (int j = 0; j < 8; j++) {
			int is = slice_cmp(slice_str(order[i]), slice_str(order[j]));

			assert_int_equal((is > 0) - (is < 0), (i > j) - (i < j));
			assert_int_equal(slice_eq(slice_str(order[i]), slice_str(order[j])),
					 i == j);
		}
	assert_int_equal(slice_cmp(SLICE_NONE, slice_lit("")), 0);
	assert_true(slice_eq(SLICE_NONE, slice_lit("")));
}

static void case_is_of_ascii_letters_only(void **state)
{
	(void)state;
	assert_true(slice_eq_nocase(slice_lit("Host-1"), slice_lit("hOST-1")));
	assert_false(slice_eq_nocase(slice_lit("a"), slice_lit("ab")));
	assert_false(slice_eq_nocase(slice_lit("@"), slice_lit("`")));
	assert_false(slice_eq_nocase(slice_lit("["), slice_lit("{")));
	assert_false(slice_eq_nocase(slice_lit("\xc4"), slice_lit("\xe4")));
}

static void starts_and_ends(void **state)
{
	struct slice s = slice_lit("abc");

	(void)state;
	assert_true(slice_starts(s, slice_lit("ab")));
	assert_true(slice_starts(s, SLICE_NONE));
	assert_false(slice_starts(s, slice_lit("abcd")));
	assert_false(slice_starts(s, slice_lit("b")));
	assert_true(slice_ends(s, slice_lit("bc")));
	assert_true(slice_ends(s, slice_lit("")));
	assert_false(slice_ends(s, slice_lit("xabc")));
	assert_false(slice_ends(s, slice_lit("b")));
}

static void bytes_are_found_and_blanks_trimmed(void **state)
{
	(void)state;
	assert_int_equal(slice_find(slice_lit("a\0b"), '\0'), 1);
	assert_int_equal(slice_find(slice_lit("abc"), 'x'), 3);
	assert_int_equal(slice_find(SLICE_NONE, 'x'), 0);
	assert_true(slice_eq_str(slice_trim(slice_lit(" \t a b\t ")), "a b"));
	assert_true(slice_eq_str(slice_trim(slice_lit(" \t ")), ""));
	assert_true(slice_eq_str(slice_trim(slice_lit("\na")), "\na"));
}

static void parts_are_split(void **state)
{
	static const char *const parts[] = { "a", "", "bc", "" };
	struct slice rest = slice_lit("a,,bc,");
	struct slice part;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(slice_split(&rest, ',', &part));
		assert_true(slice_eq_str(part, parts[i]));
	}
	assert_false(slice_split(&rest, ',', &part));
	rest = slice_lit("");
	assert_true(slice_split(&rest, ',', &part));
	assert_int_equal(part.n, 0);
	assert_false(slice_split(&rest, ',', &part));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_never_leave_the_whole),
		cmocka_unit_test(order_is_by_bytes_then_length),
		cmocka_unit_test(case_is_of_ascii_letters_only),
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(bytes_are_found_and_blanks_trimmed),
		cmocka_unit_test(parts_are_split),
	};

	return cmocka_run_group_tests_name("base/slice", tests, NULL, NULL);
}
