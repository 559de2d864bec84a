#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void letters_and_digits_are_ascii(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		bool upper = c >= 'A' && c <= 'Z';
		bool lower = c >= 'a' && c <= 'z';

		assert_int_equal(text_lower((uint8_t)c), upper ? c + 32 : c);
		assert_int_equal(text_is_alpha((uint8_t)c), upper || lower);
		assert_int_equal(text_is_digit((uint8_t)c), c >= '0' && c <= '9');
	}
	assert_int_equal(text_hex_digit('0'), 0);
	assert_int_equal(text_hex_digit('f'), 15);
	assert_int_equal(text_hex_digit('F'), 15);
	assert_int_equal(text_hex_digit('g'), -1);
	assert_int_equal(text_hex_digit('/'), -1);
}

static void numbers_are_strict(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		uint64_t value;
		bool good;
	} rows[] = {
		{ "0", 0, 0, true },
		{ "1", 0, 0, false },
		{ "007", 7, 7, true },
		{ "8", 7, 0, false },
		{ "65535", 65535, 65535, true },
		{ "65536", 65535, 0, false },
		{ "18446744073709551615", UINT64_MAX, UINT64_MAX, true },
		{ "18446744073709551616", UINT64_MAX, 0, false },
		{ "99999999999999999999", UINT64_MAX, 0, false },
		{ "000000000000000000001", UINT64_MAX, 0, false },
		{ "", UINT64_MAX, 0, false },
		{ "-1", UINT64_MAX, 0, false },
		{ "+1", UINT64_MAX, 0, false },
		{ " 1", UINT64_MAX, 0, false },
		{ "1 ", UINT64_MAX, 0, false },
		{ "1a", UINT64_MAX, 0, false },
		{ "\xd9\xa1", UINT64_MAX, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t value = 0;

		if (text_u64(slice_str(rows[i].text), rows[i].max, &value) != rows[i].good)
			fail_msg("%s", rows[i].text);
		assert_int_equal(value, rows[i].value);
	}
}

static void hex_goes_both_ways(void **state)
{
	static const char *const broken[] = { "", "0", "000", "0g", "g0", " 0", "00 ", "0x" };
	uint8_t bytes[3] = { 1, 2, 3 };
	char text[7];

	(void)state;
	text_hex(slice_lit("\x00\x7f\xff"), text);
	assert_string_equal(text, "007fff");
	assert_true(text_unhex(slice_lit("007FfF"), bytes, 3));
	assert_memory_equal(bytes, "\x00\x7f\xff", 3);
	for (size_t i = 0; i < COUNT(broken); i++)
		assert_false(text_unhex(slice_str(broken[i]), bytes, 1));
	assert_memory_equal(bytes, "\x00\x7f\xff", 3);
	assert_true(text_unhex(SLICE_NONE, bytes, 0));
}

/* RFC 4648, section 10. */
static void base64_goes_both_ways(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xbf", "+/+/" },
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&b);
		text_base64(slice_str(rows[i][0]), &b);
		assert_string_equal(buf_str(&b), rows[i][1]);
		buf_clear(&b);
		assert_true(text_unbase64(slice_str(rows[i][1]), &b));
		assert_string_equal(buf_str(&b), rows[i][0]);
	}
	buf_clear(&b);
	text_base64url(slice_lit("\xfb\xff\xbf\xff"), &b);
	assert_string_equal(buf_str(&b), "-_-__w");
	struct buf back = BUF_INIT;

	assert_true(text_unbase64(buf_slice(&b), &back));
	assert_true(slice_eq(buf_slice(&back), slice_lit("\xfb\xff\xbf\xff")));
	buf_free(&b);
	buf_free(&back);
}

static void other_base64_is_refused(void **state)
{
	static const char *const rows[] = {
		"Z",      "Zm9vY", "Zg=",  "Zg===",  "Zm8==",      "Zm9v=",
		"Zm9v==", "=",     "==",   "Zg==Zg", "Zm9v\n",     " Zm9v",
		"Zm 9v",  "Zm9*",  "Zh==", "Zm9=",   "Zm\x39\xf6", "Zm9v====",
	};
	struct buf b = BUF_INIT;

	(void)state;
	buf_add_str(&b, "kept");
	for (size_t i = 0; i < COUNT(rows); i++)
		if (text_unbase64(slice_str(rows[i]), &b))
			fail_msg("%s", rows[i]);
	assert_string_equal(buf_str(&b), "kept");
	buf_free(&b);
}

static void percent_escapes(void **state)
{
	static const struct {
		const char *text;
		bool plus;
		const char *plain; /* NULL: refused */
	} rows[] = {
		{ "", false, "" },
		{ "a%20b", false, "a b" },
		{ "a+b", false, "a+b" },
		{ "a+b", true, "a b" },
		{ "%2B", true, "+" },
		{ "%2525", false, "%25" },
		{ "%c3%BC", false, "\u00fc" },
		{ "%", false, NULL },
		{ "%2", false, NULL },
		{ "%2g", false, NULL },
		{ "%%20", false, NULL },
		{ "a%", false, NULL },
		{ "%+1", true, NULL },
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&b);
		assert_int_equal(text_unpercent(slice_str(rows[i].text), rows[i].plus, &b),
				 rows[i].plain != NULL);
		assert_string_equal(buf_str(&b), rows[i].plain != NULL ? rows[i].plain : "");
	}
	buf_clear(&b);
	assert_true(text_unpercent(slice_lit("a%00b"), false, &b));
	assert_true(slice_eq(buf_slice(&b), slice_lit("a\0b")));
	buf_free(&b);
}

static void text_is_quoted_for_others(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	text_html(slice_lit("<a href=\"x\">&'</a>"), &b);
	assert_string_equal(buf_str(&b), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;");
	buf_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_and_digits_are_ascii),
		cmocka_unit_test(numbers_are_strict),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(base64_goes_both_ways),
		cmocka_unit_test(other_base64_is_refused),
		cmocka_unit_test(percent_escapes),
		cmocka_unit_test(text_is_quoted_for_others),
	};

	return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
