#include "base/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state)
{
	struct buf b = BUF_INIT;
	uint8_t three[3];

	(void)state;
	write_u8(&b, 0x01);
	write_u16(&b, 0x0203);
	write_u32(&b, 0x04050607);
	write_u64(&b, 0x08090a0b0c0d0e0f);
	write_bytes(&b, "abc", 3);
	write_vec8(&b, slice_lit("d"));
	write_vec16(&b, slice_lit("ef"));
	write_vec32(&b, SLICE_NONE);
	for (uint8_t i = 0; i < 15; i++)
		assert_int_equal(b.p[i], i + 1);
	struct reader r = reader_of(buf_slice(&b));

	assert_int_equal(read_u8(&r), 0x01);
	assert_int_equal(read_u16(&r), 0x0203);
	assert_int_equal(read_u32(&r), 0x04050607);
	assert_int_equal(read_u64(&r), 0x08090a0b0c0d0e0f);
	assert_false(reader_done(&r));
	read_copy(&r, three, 3);
	assert_memory_equal(three, "abc", 3);
	assert_true(slice_eq_str(read_vec8(&r), "d"));
	assert_true(slice_eq_str(read_vec16(&r), "ef"));
	assert_int_equal(read_vec32(&r).n, 0);
	assert_true(reader_done(&r));
	buf_free(&b);
}

static void three_bytes_are_a_number(void **state)
{
	struct reader r = reader_of(slice_lit("\x01\x02\x03"));

	(void)state;
	assert_int_equal(read_u24(&r), 0x010203);
	assert_true(reader_done(&r));
}

static void the_error_sticks(void **state)
{
	struct reader r = reader_of(slice_lit("\x01\x02\x03"));
	uint8_t copy[4] = { 9, 9, 9, 9 };

	(void)state;
	assert_int_equal(read_u32(&r), 0);
	assert_int_equal(read_u8(&r), 0);
	assert_int_equal(read_bytes(&r, 1).n, 0);
	read_copy(&r, copy, sizeof(copy));
	assert_int_equal(copy[0] | copy[3], 0);
	assert_false(reader_done(&r));
}

static void lengths_are_believed_only_with_their_bytes(void **state)
{
	struct reader r8 = reader_of(slice_of("\3ab", 3));
	struct reader r16 = reader_of(slice_of("\0\3ab", 4));
	struct reader r32 = reader_of(slice_of("\xff\xff\xff\xff@@", 6));

	(void)state;
	assert_null(read_vec8(&r8).p);
	assert_null(read_vec16(&r16).p);
	assert_null(read_vec32(&r32).p);
	assert_false(reader_done(&r8) || reader_done(&r16) || reader_done(&r32));
}

static void what_is_left_over_is_seen(void **state)
{
	struct reader r = reader_of(slice_lit("ab"));

	(void)state;
	assert_true(slice_eq_str(read_bytes(&r, 1), "a"));
	assert_false(reader_done(&r));
	assert_int_equal(read_bytes(&r, 0).n, 0);
	assert_true(slice_eq_str(read_bytes(&r, 1), "b"));
	assert_true(reader_done(&r));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(three_bytes_are_a_number),
		cmocka_unit_test(the_error_sticks),
		cmocka_unit_test(lengths_are_believed_only_with_their_bytes),
		cmocka_unit_test(what_is_left_over_is_seen),
	};

	return cmocka_run_group_tests_name("base/cursor", tests, NULL, NULL);
}
