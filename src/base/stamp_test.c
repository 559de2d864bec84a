#include "base/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void times_are_read_and_written(void **state)
{
	static const struct {
		const char *text;
		stamp at;
		const char *written; /* NULL: as read */
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0, NULL },
		{ "1970-01-01T00:00:00.001Z", 1, NULL },
		{ "1969-12-31T23:59:59.999Z", -1, NULL },
		{ "2026-11-21T21:43:42.120Z", 1795297422120, NULL },
		{ "2026-11-21T21:43:42.12Z", 1795297422120, "2026-11-21T21:43:42.120Z" },
		{ "2026-11-21t21:43:42z", 1795297422000, "2026-11-21T21:43:42Z" },
		{ "2026-11-21T21:43:42.123456789Z", 1795297422123, "2026-11-21T21:43:42.123Z" },
		{ "2026-11-21T22:43:42+01:00", 1795297422000, "2026-11-21T21:43:42Z" },
		{ "2026-11-21T16:13:42-05:30", 1795297422000, "2026-11-21T21:43:42Z" },
		{ "2000-02-29T12:00:00Z", 951825600000, NULL },
		{ "2024-02-29T00:00:00Z", 1709164800000, NULL },
		{ "9999-12-31T23:59:59Z", 253402300799000, NULL },
		{ "0001-01-01T00:00:00Z", -62135596800000, NULL },
		{ "2016-12-31T23:59:60Z", 1483228800000, "2017-01-01T00:00:00Z" },
	};
	char text[STAMP_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		stamp at;

		if (!stamp_parse(slice_str(rows[i].text), &at))
			fail_msg("%s is a time", rows[i].text);
		assert_int_equal(at, rows[i].at);
		stamp_text(at, text);
		assert_string_equal(text, rows[i].written != NULL ? rows[i].written : rows[i].text);
	}
}

static void other_texts_are_no_times(void **state)
{
	static const char *const rows[] = {
		"",
		"2026-11-21",
		"2026-11-21T21:43:42",
		"2026-11-21 21:43:42Z",
		"2026-11-21T21:43Z",
		"2026-1-21T21:43:42Z",
		"26-11-21T21:43:42Z",
		"2026-00-21T21:43:42Z",
		"2026-13-21T21:43:42Z",
		"2026-11-00T21:43:42Z",
		"2026-11-31T21:43:42Z",
		"2026-02-29T21:43:42Z",
		"1900-02-29T21:43:42Z",
		"2026-11-21T24:00:00Z",
		"2026-11-21T21:60:42Z",
		"2026-11-21T21:43:61Z",
		"2026-11-21T21:43:42.Z",
		"2026-11-21T21:43:42,5Z",
		"2026-11-21T21:43:42+0100",
		"2026-11-21T21:43:42+24:00",
		"2026-11-21T21:43:42+01:60",
		"2026-11-21T21:43:42Zx",
		" 2026-11-21T21:43:42Z",
		"+026-11-21T21:43:42Z",
		"0000-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01",
		"-026-11-21T21:43:42Z",
	};
	stamp at = 7;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (stamp_parse(slice_str(rows[i]), &at))
			fail_msg("%s is no time", rows[i]);
	assert_int_equal(at, 7);
}

static void http_dates(void **state)
{
	char text[STAMP_HTTP];

	(void)state;
	stamp_http(784111777999, text);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	stamp_http(0, text);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
}

static void spans_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		stamp span; /* -1: refused */
	} rows[] = {
		{ "250ms", 250 },
		{ "90s", 90000 },
		{ "15m", 900000 },
		{ "24h", 86400000 },
		{ "30d", 2592000000 },
		{ "0s", 0 },
		{ "36500d", 3153600000000 },
		{ "", -1 },
		{ "5", -1 },
		{ "s", -1 },
		{ "5 s", -1 },
		{ "-5s", -1 },
		{ "5S", -1 },
		{ "5w", -1 },
		{ "5ss", -1 },
		{ "1.5s", -1 },
		{ "36501d", -1 },
		{ "3153600000001ms", -1 },
		{ "99999999999999999999s", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		stamp span = -1;
		bool good = stamp_span_parse(slice_str(rows[i].text), &span);

		assert_int_equal(good, rows[i].span >= 0);
		assert_int_equal(span, rows[i].span);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read_and_written),
		cmocka_unit_test(other_texts_are_no_times),
		cmocka_unit_test(http_dates),
		cmocka_unit_test(spans_have_a_unit),
	};

	return cmocka_run_group_tests_name("base/stamp", tests, NULL, NULL);
}
