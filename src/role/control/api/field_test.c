#include "role/control/api/field.h"

#include "role/control/api/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const colours[] = { "red", "green", NULL };

static const struct api_field inner[] = {
	{ "port", FIELD_INT, .min = 1, .max = 65535 },
	{ "host", FIELD_STRING, FIELD_REQUIRED, .min = 1, .max = 10 },
	FIELD_END,
};

static const struct api_field rows[] = {
	{ "name", FIELD_STRING, FIELD_REQUIRED, .min = 1, .code = 9000 },
	{ "on", FIELD_BOOL },
	{ "ttl", FIELD_INT, .min = 1, .max = 86400, .code = 9021 },
	{ "colour", FIELD_STRING, .allowed = colours },
	{ "origin", FIELD_OBJECT, FIELD_NULLABLE, .fields = inner },
	{ "hosts", FIELD_LIST, .max = 2, .fields = inner },
	{ "words", FIELD_LIST, .allowed = colours },
	{ "key", FIELD_REFUSED, .code = 1434 },
	FIELD_END,
};

static json_t *body(const char *text, bool partial, struct fail *f)
{
	json_t *out = NULL;

	if (api_body_parse(slice_str(text), rows, partial, 9207, &out, f) == 0)
		return out;
	json_decref(out);
	return NULL;
}

static void accepts(const char *text, bool partial)
{
	struct fail f = FAIL_INIT;
	json_t *out = body(text, partial, &f);

	if (out == NULL)
		fail_msg("%s: %s", text, f.words);
	json_decref(out);
}

static void refuses(const char *text, int code, const char *words)
{
	struct fail f = FAIL_INIT;

	assert_null(body(text, false, &f));
	assert_int_equal(f.code, code);
	assert_non_null(strstr(f.words, words));
}

static void bodies_are_checked_by_rows(void **state)
{
	(void)state;
	accepts("{\"name\":\"a\"}", false);
	accepts(" {\"name\":\"a\",\"unknown\":[{}],\"on\":true,\"ttl\":60} ", false);
	accepts("{\"name\":\"a\",\"origin\":null,\"key\":null,\"ttl\":null}", false);
	accepts("{\"name\":\"a\",\"origin\":{\"host\":\"h\"},\"words\":[\"red\"]}", false);
	accepts("", true);
	accepts("null", true);
	accepts("{}", true);
	refuses("{}", 9000, "name is required");
	refuses("", 9000, "name is required");
	refuses("{\"name\":null}", 9000, "name is required");
	refuses("{\"name\":\"\"}", 9000, "must not be empty");
	refuses("{\"name\":5}", 9208, "name must be a string");
	refuses("{\"name\":\"a\",\"on\":\"yes\"}", 9208, "on must be a boolean");
	refuses("{\"name\":\"a\",\"ttl\":0}", 9021, "between 1 and 86400");
	refuses("{\"name\":\"a\",\"ttl\":86401}", 9021, "between 1 and 86400");
	refuses("{\"name\":\"a\",\"ttl\":\"60\"}", 9208, "ttl must be a number");
	refuses("{\"name\":\"a\",\"colour\":\"blue\"}", 9207, "one of: red, green");
	refuses("{\"name\":\"a\",\"origin\":[]}", 9208, "origin must be an object");
	refuses("{\"name\":\"a\",\"origin\":{}}", 9207, "host is required");
	refuses("{\"name\":\"a\",\"origin\":{\"host\":\"12345678901\"}}", 9207, "too long");
	refuses("{\"name\":\"a\",\"hosts\":[{\"host\":\"h\"},{},{}]}", 9207, "too many");
	refuses("{\"name\":\"a\",\"hosts\":[\"h\"]}", 9208, "must be an object");
	refuses("{\"name\":\"a\",\"words\":[\"blue\"]}", 9207, "one of: red, green");
	refuses("{\"name\":\"a\",\"key\":\"PEM\"}", 1434, "not available");
	refuses("{\"name\":\"a\",\"name\":\"b\"}", 6007, "Malformed JSON");
	refuses("{\"name\":\"a\\u0000b\"}", 6007, "Malformed JSON");
	refuses("[]", 9207, "must be an object");
	refuses("{", 6007, "Malformed JSON");
}

static void nulls_reach_only_those_who_want_them(void **state)
{
	struct fail f = FAIL_INIT;

	(void)state;
	json_t *out = body("{\"name\":\"a\",\"origin\":null,\"on\":null}", false, &f);
	assert_true(json_is_null(json_object_get(out, "origin")));
	assert_null(json_object_get(out, "on"));
	json_decref(out);
}

static void without_rows_any_body_is_empty(void **state)
{
	struct fail f = FAIL_INIT;
	json_t *out = NULL;

	(void)state;
	assert_int_equal(api_body_parse(slice_str("]not json["), NULL, false, 9207, &out, &f), 0);
	assert_int_equal(json_object_size(out), 0);
	json_decref(out);
}

static const struct api_field keys[] = {
	{ "page", FIELD_INT, .min = 1 },
	{ "account.id", FIELD_STRING },
	{ "type", FIELD_LIST },
	{ "proxied", FIELD_BOOL },
	FIELD_END,
};

static json_t *query(const char *text, struct fail *f)
{
	json_t *out = NULL;

	if (api_query_parse(slice_str(text), keys, &out, f) == 0)
		return out;
	json_decref(out);
	return NULL;
}

static void queries_arrive_typed(void **state)
{
	struct fail f = FAIL_INIT;

	(void)state;
	json_t *out = query("page=2&account.id=a%2Bb+c&type=A,AAAA&type=CNAME&proxied=1&x=y", &f);
	assert_int_equal(json_get_int(out, "page", 0), 2);
	assert_string_equal(json_get_str(out, "account.id"), "a+b c");
	assert_int_equal(json_array_size(json_object_get(out, "type")), 3);
	assert_true(json_get_bool(out, "proxied", false));
	assert_null(json_object_get(out, "x"));
	json_decref(out);
	out = query("0=b&1=&&page=&proxied=false", &f);
	assert_null(json_object_get(out, "page"));
	assert_false(json_get_bool(out, "proxied", true));
	json_decref(out);
}

static void bad_queries_are_refused(void **state)
{
	static const char *const texts[] = { "page=0",        "page=x",         "page=-1",
					     "proxied=maybe", "account.id=%zz", "type=%ff",
					     "account.id=%c3" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fail f = FAIL_INIT;
		assert_null(query(texts[i], &f));
		assert_int_equal(f.kind, FAIL_INPUT);
	}
}

static void a_query_has_a_limit(void **state)
{
	char text[2 * API_QUERY_MAX + 8] = "";
	struct fail f = FAIL_INIT;

	(void)state;
	memset(text, '&', API_QUERY_MAX - 1);
	json_decref(query(text, &f));
	assert_int_equal(f.kind, FAIL_NONE);
	text[API_QUERY_MAX - 1] = '&';
	assert_null(query(text, &f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_are_checked_by_rows),
		cmocka_unit_test(nulls_reach_only_those_who_want_them),
		cmocka_unit_test(without_rows_any_body_is_empty),
		cmocka_unit_test(queries_arrive_typed),
		cmocka_unit_test(bad_queries_are_refused),
		cmocka_unit_test(a_query_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
