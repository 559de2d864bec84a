#include "cli/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct flag own[] = {
	{ "origin", "URL", "where" },
	{ "wait", NULL, "wait" },
	{ NULL, NULL, NULL },
};

static const struct flag common[] = {
	{ "json", NULL, "JSON" },
	{ "help", NULL, "help" },
	{ NULL, NULL, NULL },
};

/* A command line in one string, its words between blanks. */
static int parse(struct args *a, struct fail *f, const char *words, const char *line)
{
	static char text[256];
	char *argv[ARGS_WORDS];
	int argc = 0;

	(void)snprintf(text, sizeof(text), "%s", line);
	for (char *at = text, *word; (word = strsep(&at, " ")) != NULL;)
		argv[argc++] = word;
	return args_parse(a, argc, argv, words, own, common, f);
}

static void test_words_and_flags(void **state)
{
	struct args a;
	struct fail f = FAIL_INIT;

	(void)state;
	assert_int_equal(parse(&a, &f, "NAME [TYPE]", "shop.example.com --origin http://o --wait"),
			 0);
	assert_string_equal(args_word(&a, 0), "shop.example.com");
	assert_null(args_word(&a, 1));
	assert_string_equal(args_flag(&a, "origin"), "http://o");
	assert_true(args_has(&a, "wait"));
	assert_false(args_has(&a, "json"));
}

static void test_equals_and_end_of_flags(void **state)
{
	struct args a;
	struct fail f = FAIL_INIT;

	(void)state;
	assert_int_equal(parse(&a, &f, "NAME", "--origin=a=b --json -- --wait"), 0);
	assert_string_equal(args_flag(&a, "origin"), "a=b");
	assert_string_equal(args_word(&a, 0), "--wait");
	assert_false(args_has(&a, "wait"));
}

static void test_refusals(void **state)
{
	struct args a;

	(void)state;
	struct fail f = FAIL_INIT;
	assert_int_equal(parse(&a, &f, "NAME", "x --colour"), -1);
	assert_non_null(strstr(f.words, "--colour"));
	fail_clear(&f);
	assert_int_equal(parse(&a, &f, "NAME", "x y"), -1);
	assert_non_null(strstr(f.words, "'y'"));
	fail_clear(&f);
	assert_int_equal(parse(&a, &f, "NAME", "--json"), -1);
	assert_non_null(strstr(f.words, "NAME"));
	fail_clear(&f);
	assert_int_equal(parse(&a, &f, "NAME", "x --origin"), -1);
	assert_non_null(strstr(f.words, "URL"));
	fail_clear(&f);
	assert_int_equal(parse(&a, &f, "NAME", "x --json=yes"), -1);
}

static void test_settings_pass_and_help_needs_no_words(void **state)
{
	struct args a;
	struct fail f = FAIL_INIT;

	(void)state;
	assert_int_equal(parse(&a, &f, "", "--data.folder=/tmp/x"), 0);
	assert_int_equal(parse(&a, &f, "NAME", "--help"), 0);
}

static void test_spans(void **state)
{
	struct args a;
	struct fail f = FAIL_INIT;
	int64_t span;

	(void)state;
	assert_int_equal(parse(&a, &f, "", "--origin 30s"), 0);
	assert_int_equal(args_span(&a, "origin", 1, &span, &f), 0);
	assert_int_equal(span, 30000);
	assert_int_equal(args_span(&a, "wait", 7, &span, &f), 0);
	assert_int_equal(span, 7);
	assert_int_equal(parse(&a, &f, "", "--origin soon"), 0);
	assert_int_equal(args_span(&a, "origin", 1, &span, &f), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_and_flags),
		cmocka_unit_test(test_equals_and_end_of_flags),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_settings_pass_and_help_needs_no_words),
		cmocka_unit_test(test_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
