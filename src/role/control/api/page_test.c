#include "role/control/api/page.h"

#include "role/control/api/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct api_route route = { .method = "GET", .per_page = 20, .per_page_max = 50 };

static struct api_page page_of(const char *text)
{
	struct fail f = FAIL_INIT;
	json_t *query = NULL;

	assert_int_equal(api_query_parse(slice_str(text), api_page_fields, &query, &f), 0);
	struct api_page p = api_page_of(&route, query);
	json_decref(query);
	return p;
}

static void pages_and_offsets(void **state)
{
	static const struct {
		const char *query;
		int64_t number, size, offset;
	} rows[] = {
		{ "", 1, 20, 0 },
		{ "page=3", 3, 20, 40 },
		{ "per_page=1", 1, 1, 0 },
		{ "per_page=500&page=2", 2, 50, 50 },
		{ "limit=10&offset=30", 4, 10, 30 },
		{ "page=2147483648&per_page=50", 2147483648, 50, 2147483647LL * 50 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_page p = page_of(rows[i].query);
		assert_int_equal(p.number, rows[i].number);
		assert_int_equal(p.size, rows[i].size);
		assert_int_equal(p.offset, rows[i].offset);
		assert_false(p.descending);
	}
	assert_true(page_of("direction=desc").descending);
}

static void info_counts_pages(void **state)
{
	struct api_page p = page_of("page=2");
	json_t *info = api_page_info(&p, 1, 21);
	char *text = json_dumps(info, JSON_COMPACT);

	(void)state;
	assert_string_equal(text, "{\"page\":2,\"per_page\":20,\"count\":1,\"total_count\":21,"
				  "\"total_pages\":2}");
	free(text);
	json_decref(info);
	info = api_page_info(&p, 0, 0);
	assert_int_equal(json_get_int(info, "total_pages", -1), 0);
	json_decref(info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_and_offsets),
		cmocka_unit_test(info_counts_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
