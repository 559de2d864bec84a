#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct column columns[] = {
	{ "NAME", "name" },
	{ "STATUS", "ssl.status" },
	{ "LIVE", "live" },
	{ NULL, NULL },
};

static void test_columns_align(void **state)
{
	struct buf out = BUF_INIT;
	json_t *rows =
		json_loads("[{\"name\":\"a.example\",\"ssl\":{\"status\":\"active\"},\"live\":1},"
			   "{\"name\":\"b\\u001b[2J\",\"ssl\":null,\"live\":true}]",
			   0, NULL);

	(void)state;
	table_write(&out, rows, columns);
	assert_string_equal(buf_str(&out), "NAME       STATUS  LIVE\n"
					   "a.example  active  1\n"
					   "b?[2J      -       yes\n");
	buf_free(&out);
	json_decref(rows);
}

static void test_one_object(void **state)
{
	struct buf out = BUF_INIT;
	json_t *row = json_loads("{\"name\":\"a\",\"live\":[\"x\",\"y\"]}", 0, NULL);

	(void)state;
	table_write_one(&out, row, columns);
	assert_string_equal(buf_str(&out), "NAME    a\nSTATUS  -\nLIVE    x, y\n");
	buf_free(&out);
	json_decref(row);
}

static void test_paths(void **state)
{
	json_t *row = json_loads("{\"a\":[{\"b\":7}]}", 0, NULL);

	(void)state;
	assert_int_equal(json_integer_value(table_at(row, "a.0.b")), 7);
	assert_null(table_at(row, "a.1.b"));
	assert_null(table_at(row, "a.x"));
	json_decref(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_align),
		cmocka_unit_test(test_one_object),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
