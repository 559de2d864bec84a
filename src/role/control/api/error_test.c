#include "role/control/api/error.h"

#include "role/control/api/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void rows_are_in_order(void **state)
{
	(void)state;
	for (const struct api_error *e = api_errors; e->code != 0; e++) {
		assert_in_range(e->status, 400, 599);
		assert_non_null(e->about);
		if (e != api_errors)
			assert_true(e[-1].code < e->code);
	}
}

static void a_code_decides_the_status(void **state)
{
	struct fail f = FAIL_INIT;

	(void)state;
	(void)fail_code(&f, FAIL_INPUT, 1406, "taken");
	assert_int_equal(api_error_of(&f)->status, 409);
}

static void a_kind_decides_without_a_code(void **state)
{
	static const struct {
		enum fail_kind kind;
		int status;
	} rows[] = {
		{ FAIL_INPUT, 400 },    { FAIL_DENIED, 403 }, { FAIL_ABSENT, 404 },
		{ FAIL_CONFLICT, 409 }, { FAIL_LIMIT, 429 },  { FAIL_PEER, 502 },
		{ FAIL_TIMEOUT, 504 },  { FAIL_SYSTEM, 500 }, { FAIL_UNAVAILABLE, 503 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail f = FAIL_INIT;
		(void)fail_code(&f, rows[i].kind, 0, "words");
		assert_int_equal(api_error_of(&f)->status, rows[i].status);
	}
}

static void a_parent_is_shown_with_its_chain(void **state)
{
	struct fail f = FAIL_INIT;

	(void)state;
	(void)fail_code(&f, FAIL_INPUT, 6111, "%s", "");
	json_t *list = api_error_json(&f);
	char *text = json_dumps(list, JSON_COMPACT);
	assert_string_equal(text, "[{\"code\":6003,\"message\":\"Invalid request headers\","
				  "\"error_chain\":[{\"code\":6111,\"message\":"
				  "\"Invalid format for Authorization header\"}]}]");
	free(text);
	json_decref(list);
}

static void words_are_text_whatever_they_quote(void **state)
{
	struct fail f = FAIL_INIT;

	(void)state;
	(void)fail_code(&f, FAIL_INPUT, 9000, "the name b\xc3 is cut");
	json_t *list = api_error_json(&f);
	assert_string_equal(json_get_str(json_array_get(list, 0), "message"), "the name b? is cut");
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_in_order),
		cmocka_unit_test(a_code_decides_the_status),
		cmocka_unit_test(a_kind_decides_without_a_code),
		cmocka_unit_test(words_are_text_whatever_they_quote),
		cmocka_unit_test(a_parent_is_shown_with_its_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
