#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* cmocka has a fail() of its own */
#undef fail
#include "base/fail.h"

static void the_first_failure_wins(void **state)
{
	struct fail f = FAIL_INIT;

	(void)state;
	assert_int_equal(fail(&f, FAIL_INPUT, "port %d", 0), -1);
	assert_int_equal(fail_code(&f, FAIL_SYSTEM, 7, "later"), -1);
	assert_int_equal(f.kind, FAIL_INPUT);
	assert_int_equal(f.code, 0);
	assert_string_equal(f.words, "port 0");
	assert_non_null(strstr(f.file, "fail_test.c"));
	assert_true(f.line > 0);
}

static void steps_stand_in_front(void **state)
{
	struct fail f = FAIL_INIT;

	(void)state;
	(void)fail_code(&f, FAIL_ABSENT, 1002, "no such file");
	assert_int_equal(fail_pass(&f, "reading %s", "a.conf"), -1);
	assert_int_equal(fail_pass(&f, "start"), -1);
	assert_string_equal(f.words, "start: reading a.conf: no such file");
	assert_int_equal(f.kind, FAIL_ABSENT);
	assert_int_equal(f.code, 1002);
}

static void words_that_are_too_long_are_cut(void **state)
{
	char text[2 * FAIL_WORDS_MAX];
	struct fail f = FAIL_INIT;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)fail(&f, FAIL_LIMIT, "%s", text);
	assert_int_equal(strlen(f.words), FAIL_WORDS_MAX - 1);
	(void)fail_pass(&f, "%s", text);
	assert_int_equal(strlen(f.words), FAIL_WORDS_MAX - 1);
}

static void nobody_needs_to_listen(void **state)
{
	(void)state;
	assert_int_equal(fail(NULL, FAIL_INPUT, "unheard"), -1);
	assert_int_equal(fail_pass(NULL, "step"), -1);
}

static void a_cleared_failure_can_be_used_again(void **state)
{
	struct fail f = FAIL_INIT;

	(void)state;
	(void)fail(&f, FAIL_INPUT, "one");
	fail_clear(&f);
	assert_int_equal(f.kind, FAIL_NONE);
	assert_string_equal(f.words, "");
	(void)fail(&f, FAIL_PEER, "two");
	assert_string_equal(f.words, "two");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_failure_wins),
		cmocka_unit_test(steps_stand_in_front),
		cmocka_unit_test(words_that_are_too_long_are_cut),
		cmocka_unit_test(nobody_needs_to_listen),
		cmocka_unit_test(a_cleared_failure_can_be_used_again),
	};

	return cmocka_run_group_tests_name("base/fail", tests, NULL, NULL);
}
