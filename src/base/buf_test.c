#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void bytes_are_kept_while_it_grows(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_add_byte(&b, (uint8_t)i);
	assert_int_equal(b.n, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(b.p[i], (uint8_t)i);
	buf_free(&b);
	assert_null(b.p);
	assert_int_equal(b.n, 0);
}

static void what_is_added_follows(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, SLICE_NONE);
	assert_null(b.p);
	buf_add_str(&b, "one ");
	buf_add(&b, slice_lit("two "));
	buf_addf(&b, "%d %s", 3, "four");
	assert_string_equal(buf_str(&b), "one two 3 four");
	assert_int_equal(b.n, strlen("one two 3 four"));
	assert_true(slice_eq_str(buf_slice(&b), "one two 3 four"));
	buf_free(&b);
}

static void both_ends_can_be_cut(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add_str(&b, "abcdef");
	buf_drop(&b, 2);
	assert_string_equal(buf_str(&b), "cdef");
	buf_cut(&b, 2);
	assert_string_equal(buf_str(&b), "cd");
	buf_drop(&b, 0);
	buf_drop(&b, 2);
	assert_string_equal(buf_str(&b), "");
	buf_add_str(&b, "x");
	buf_clear(&b);
	assert_int_equal(b.n, 0);
	buf_free(&b);
}

static void room_is_given_without_bytes(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_non_null(buf_reserve(&b, 0));
	uint8_t *at = buf_reserve(&b, 1000);
	uint8_t *base = b.p;

	memset(at, 'x', 1000);
	b.n += 1000;
	assert_ptr_equal(buf_reserve(&b, b.cap - b.n), base + 1000);
	assert_ptr_equal(b.p, base);
	buf_free(&b);
}

static void numbers_are_decimal(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add_u64(&b, 0);
	buf_add_byte(&b, ' ');
	buf_add_u64(&b, 10);
	buf_add_byte(&b, ' ');
	buf_add_u64(&b, UINT64_MAX);
	assert_string_equal(buf_str(&b), "0 10 18446744073709551615");
	buf_free(&b);
}

static void wiped_buffers_are_empty_too(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_free_wiped(&b);
	buf_add_str(&b, "secret");
	buf_free_wiped(&b);
	assert_null(b.p);
	assert_int_equal(b.n, 0);
	assert_string_equal(buf_str(&b), "");
	buf_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_kept_while_it_grows),
		cmocka_unit_test(what_is_added_follows),
		cmocka_unit_test(both_ends_can_be_cut),
		cmocka_unit_test(room_is_given_without_bytes),
		cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(wiped_buffers_are_empty_too),
	};

	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
