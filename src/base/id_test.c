#include "base/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEX  "00112233445566778899aabbccddeeff"
#define UUID "00112233-4455-6677-8899-aabbccddeeff"

static void both_texts_are_the_same_id(void **state)
{
	char hex[ID_HEX + 1];
	char uuid[ID_UUID + 1];
	struct id a;
	struct id b;

	(void)state;
	assert_true(id_parse(slice_lit(HEX), &a));
	assert_true(id_parse(slice_lit(UUID), &b));
	assert_true(id_eq(&a, &b));
	assert_int_equal(a.b[15], 0xff);
	id_hex(&a, hex);
	id_uuid(&a, uuid);
	assert_string_equal(hex, HEX);
	assert_string_equal(uuid, UUID);
	assert_true(id_parse(slice_lit("00112233445566778899AABBCCDDEEFF"), &b));
	assert_true(id_eq(&a, &b));
	assert_int_equal(id_slice(&a).n, ID_LEN);
}

static void other_texts_are_no_ids(void **state)
{
	static const char *const rows[] = {
		"",
		"00112233445566778899aabbccddeef",
		"00112233445566778899aabbccddeeff0",
		"00112233445566778899aabbccddeefg",
		"0011223344556677-8899-aabb-ccddeeffx",
		"00112233-4455-6677-8899_aabbccddeeff",
		"001122334-455-6677-8899-aabbccddeeff",
		"00112233-4455-6677-8899-aabbccddee-f",
		"{0112233-4455-6677-8899-aabbccddeeff",
		" 0112233445566778899aabbccddeeff",
	};
	struct id id = { { 7 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (id_parse(slice_str(rows[i]), &id))
			fail_msg("%s is no id", rows[i]);
	assert_int_equal(id.b[0], 7);
}

static void zero_is_told(void **state)
{
	struct id id = { { 0 } };

	(void)state;
	assert_true(id_is_zero(&id));
	id.b[15] = 1;
	assert_false(id_is_zero(&id));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_texts_are_the_same_id),
		cmocka_unit_test(other_texts_are_no_ids),
		cmocka_unit_test(zero_is_told),
	};

	return cmocka_run_group_tests_name("base/id", tests, NULL, NULL);
}
