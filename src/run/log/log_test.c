#include "run/log/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

static int ends[2];
static char text[2 * LOG_LINE_MAX];

static int open_pipe(void **state)
{
	(void)state;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	log_open("edge", 2, ends[1], LOG_INFO);
	return 0;
}

static int close_pipe(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static size_t take(void)
{
	ssize_t n = read(ends[0], text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : (size_t)n;
}

static void test_fields(void **state)
{
	struct id id = { { 0xab, 1 } };
	struct fail f = { .kind = FAIL_PEER, .words = "no answer" };

	(void)state;
	log_line(LOG_WARNING, "thing.happened", "it did", LOG_S("s", "a"), LOG_I("n", -5),
		 LOG_YES("yes", true), LOG_ID("id", &id), LOG_FAIL(&f));
	take();
	assert_non_null(strstr(text, "\"level\":\"warning\",\"role\":\"edge\",\"slot\":2,"));
	assert_non_null(strstr(text, "\"event\":\"thing.happened\",\"text\":\"it did\",\"s\":\"a\","
				     "\"n\":-5,\"yes\":true,"
				     "\"id\":\"ab010000000000000000000000000000\","
				     "\"error\":\"no answer\"}\n"));
}

static void test_hostile_text_stays_one_json_line(void **state)
{
	(void)state;
	log_line(LOG_INFO, "x", "w", LOG_S("s", "a\"b\\c\nd\x01\xff\xc3\xa9\xed\xa0\x80"));
	take();
	assert_non_null(strstr(text, "\"s\":\"a\\\"b\\\\c\\u000ad\\u0001\\ufffd\xc3\xa9"
				     "\\ufffd\\ufffd\\ufffd\"}\n"));
}

static void test_least_level(void **state)
{
	(void)state;
	log_line(LOG_DEBUG, "x", "w");
	assert_int_equal(take(), 0);
}

static void test_a_long_line_is_cut_and_still_json(void **state)
{
	static char big[3 * LOG_LINE_MAX];
	size_t n;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	log_line(LOG_INFO, "x", "w", LOG_S("first", "here"), LOG_S("big", big), LOG_I("gone", 1));
	n = take();
	assert_in_range(n, LOG_LINE_MAX - 128, LOG_LINE_MAX);
	assert_non_null(strstr(text, "\"first\":\"here\""));
	assert_null(strstr(text, "gone"));
	assert_string_equal(text + n - 4, "x\"}\n");
}

static void test_a_full_pipe_drops_and_counts(void **state)
{
	uint64_t before = log_dropped();
	uint64_t dropped;

	(void)state;
	while (log_dropped() < before + 3)
		log_line(LOG_INFO, "x", "many words to fill the pipe with");
	dropped = log_dropped() - before;
	assert_int_equal(dropped, 3);
	while (take() > 0)
		;
	log_line(LOG_INFO, "y", "w");
	take();
	assert_non_null(strstr(text, "\"dropped\":3"));
	log_line(LOG_INFO, "y", "w");
	take();
	assert_null(strstr(text, "dropped"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_hostile_text_stays_one_json_line),
		cmocka_unit_test(test_least_level),
		cmocka_unit_test(test_a_long_line_is_cut_and_still_json),
		cmocka_unit_test(test_a_full_pipe_drops_and_counts),
	};

	return cmocka_run_group_tests(tests, open_pipe, close_pipe);
}
