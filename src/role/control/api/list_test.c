#include "role/control/api/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct api_route route = { .method = "GET", .per_page = 3, .per_page_max = 3 };

static struct id id_of(uint8_t n)
{
	return (struct id){ { n } };
}

static int item(struct api_call *c, const struct id *id, json_t **out, struct fail *f)
{
	(void)c;
	(void)f;
	*out = json_integer(id->b[0]);
	return 0;
}

/* Walks ids 1 to 7, with keys when sorted, and returns the page as text. */
static void page_is(const char *query, bool sorted, const char *expected)
{
	static const char *const keys[] = { "d", "b", "b", "a", "c", "b", "a" };
	struct api_call *c = calloc(1, sizeof(*c));
	struct fail f = FAIL_INIT;
	struct api_list l;

	c->match.route = &route;
	c->arena = &c->job.arena;
	assert_int_equal(api_query_parse(slice_str(query), api_page_fields, &c->query, &f), 0);
	api_list_begin(&l, c, sorted);
	for (uint8_t i = 0; i < 7; i++) {
		struct id id = id_of((uint8_t)(i + 1));

		api_list_add(&l, &id, slice_str(keys[i]));
	}
	assert_int_equal(api_list_end(&l, 0, item, &f), 0);
	char *text = json_dumps(c->result, JSON_COMPACT);

	assert_string_equal(text, expected);
	assert_int_equal(json_get_int(c->info, "total_count", 0), 7);
	free(text);
	json_decref(c->query);
	json_decref(c->result);
	json_decref(c->info);
	arena_free(&c->job.arena);
	free(c);
}

static void pages_in_the_walks_own_order(void **state)
{
	(void)state;
	page_is("", false, "[1,2,3]");
	page_is("page=2", false, "[4,5,6]");
	page_is("page=3", false, "[7]");
	page_is("page=4", false, "[]");
	page_is("direction=desc", false, "[7,6,5]");
	page_is("direction=desc&page=3", false, "[1]");
	page_is("offset=5", false, "[6,7]");
}

static void pages_in_another_order(void **state)
{
	(void)state;
	page_is("", true, "[4,7,2]");
	page_is("page=2", true, "[3,6,5]");
	page_is("page=3", true, "[1]");
	page_is("page=9", true, "[]");
	page_is("direction=desc", true, "[1,5,6]");
}

static void a_failed_walk_is_a_failed_list(void **state)
{
	struct api_call *c = calloc(1, sizeof(*c));
	struct fail f = FAIL_INIT;
	struct api_list l;
	struct id id = id_of(1);

	(void)state;

	c->match.route = &route;
	c->arena = &c->job.arena;
	api_list_begin(&l, c, false);
	api_list_add(&l, &id, SLICE_NONE);
	assert_int_equal(api_list_end(&l, -1, item, &f), -1);
	assert_null(c->result);
	free(c);
}

static void filters_of_text(void **state)
{
	static const struct {
		const char *filter;
		const char *text;
		bool passes;
	} rows[] = {
		{ "a.example", "a.example", true },
		{ "A.Example", "a.example", true },
		{ "b.example", "a.example", false },
		{ "equal:a", "A", true },
		{ "not_equal:a", "b", true },
		{ "not_equal:a", "A", false },
		{ "starts_with:ab", "ABC", true },
		{ "starts_with:abcd", "abc", false },
		{ "ends_with:bc", "abc", true },
		{ "ends_with:abcd", "abc", false },
		{ "contains:b", "aBc", true },
		{ "contains:", "abc", true },
		{ "contains:x", "abc", false },
		{ "starts_with_case_sensitive:A", "abc", false },
		{ "ends_with_case_sensitive:c", "abc", true },
		{ "2001:db8::1", "2001:db8::1", true },
	};

	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (api_filter_text(slice_str(rows[i].filter), slice_str(rows[i].text)) !=
		    rows[i].passes)
			fail_msg("%s on %s", rows[i].filter, rows[i].text);
	assert_true(api_filter_text(SLICE_NONE, slice_lit("x")));
}

static void filters_of_lists(void **state)
{
	json_t *list = json_pack("[ss]", "A", "aaaa");

	(void)state;

	assert_true(api_filter_list(NULL, "x"));
	assert_true(api_filter_list(list, "a"));
	assert_true(api_filter_list(list, "AAAA"));
	assert_false(api_filter_list(list, "CNAME"));
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_in_the_walks_own_order),
		cmocka_unit_test(pages_in_another_order),
		cmocka_unit_test(a_failed_walk_is_a_failed_list),
		cmocka_unit_test(filters_of_text),
		cmocka_unit_test(filters_of_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
