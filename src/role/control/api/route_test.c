#include "role/control/api/route.h"

#include "role/control/api/describe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct api_field body[] = { { "name", FIELD_STRING, FIELD_REQUIRED }, FIELD_END };

static const struct api_route things[] = {
	{ "GET", "/things", API_USER, API_READ, .per_page = 5, .summary = "List" },
	{ "POST", "/things", API_USER, API_WRITE, .body = body, .summary = "Create" },
	{ "GET", "/things/quota", API_USER, API_READ, .summary = "Quota" },
	{ "GET", "/things/{thing_id}", API_USER, API_READ, .summary = "Get" },
	API_ROUTES_END,
};
static const struct api_route others[] = {
	{ "GET", "/zones/{zone_id}/settings/{setting}", API_ZONE, API_READ, .summary = "Setting" },
	API_ROUTES_END,
};
static const struct api_route *const tables[] = { things, others, NULL };

static enum api_found find(const char *method, const char *path, struct api_match *m)
{
	return api_route_find(slice_str(method), slice_str(path), tables, m);
}

static void paths_find_their_row(void **state)
{
	struct api_match m;

	(void)state;
	assert_int_equal(find("GET", "/things", &m), API_FOUND);
	assert_ptr_equal(m.route, &things[0]);
	assert_int_equal(find("GET", "/things/", &m), API_FOUND);
	assert_int_equal(find("POST", "/things", &m), API_FOUND);
	assert_ptr_equal(m.route, &things[1]);
	assert_int_equal(find("GET", "/things/quota", &m), API_FOUND);
	assert_ptr_equal(m.route, &things[2]);
	assert_int_equal(find("GET", "/things/17", &m), API_FOUND);
	assert_true(slice_eq_str(m.params[0], "17"));
	assert_int_equal(find("GET", "/zones/z/settings/ssl", &m), API_FOUND);
	assert_true(slice_eq_str(m.params[1], "ssl"));
}

static void what_is_not_there(void **state)
{
	struct api_match m;

	(void)state;
	assert_int_equal(find("GET", "", &m), API_NO_PATH);
	assert_int_equal(find("GET", "/", &m), API_NO_PATH);
	assert_int_equal(find("GET", "//things", &m), API_NO_PATH);
	assert_int_equal(find("GET", "/things//", &m), API_NO_PATH);
	assert_int_equal(find("GET", "/things/1/2", &m), API_NO_PATH);
	assert_int_equal(find("GET", "/zones//settings/ssl", &m), API_NO_PATH);
	assert_int_equal(find("DELETE", "/things", &m), API_NO_METHOD);
	assert_int_equal(find("get", "/things", &m), API_NO_METHOD);
}

static void the_walk_sees_every_row_once(void **state)
{
	const struct api_route *r = NULL;
	size_t n = 0;

	(void)state;
	while ((r = api_route_next(tables, r)) != NULL)
		n++;
	assert_int_equal(n, 5);
}

static void parameters_have_names(void **state)
{
	size_t i = 9;

	(void)state;
	assert_true(api_route_param(&others[0], "setting", &i));
	assert_int_equal(i, 1);
	assert_false(api_route_param(&others[0], "thing_id", &i));
	assert_true(api_route_param_is_id(&others[0], 0));
	assert_false(api_route_param_is_id(&others[0], 1));
}

static void the_document_names_every_path(void **state)
{
	json_t *o = api_openapi(tables, "1");
	json_t *paths = json_object_get(o, "paths");

	(void)state;
	assert_int_equal(json_object_size(paths), 4);
	json_t *post = json_object_get(json_object_get(paths, "/things"), "post");
	assert_non_null(json_object_get(post, "requestBody"));
	assert_true(json_is_object(json_object_get(o, "components")));
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_find_their_row),
		cmocka_unit_test(what_is_not_there),
		cmocka_unit_test(the_walk_sees_every_row_once),
		cmocka_unit_test(parameters_have_names),
		cmocka_unit_test(the_document_names_every_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
