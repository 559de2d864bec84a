/* A body comes as JSON values and a query as text; both end as an object of typed values. So a
 * query is first turned into JSON (each pair by the row that knows its key) and then both are held
 * against the rows by the same function.
 */
#include "role/control/api/field.h"

#include "base/buf.h"
#include "base/text.h"
#include "role/control/api/json.h"

#include <inttypes.h>

struct check {
	bool partial;
	int malformed;
	struct fail *f;
};

typedef int check_f(const struct check *c, const struct api_field *row, json_t *value);

static int check_members(const struct check *c, const struct api_field *rows, json_t *object);

static int bad(const struct check *c, const struct api_field *row, const char *words)
{
	int code = row->code != 0 ? row->code : c->malformed;

	return fail_code(c->f, FAIL_INPUT, code, "%s %s", row->name, words);
}

static int bad_type(const struct check *c, const struct api_field *row, const char *type)
{
	int own = row->code != 0 ? row->code : c->malformed;
	int code = c->malformed == 9207 ? 9208 : own;

	return fail_code(c->f, FAIL_INPUT, code, "%s must be %s", row->name, type);
}

static int check_allowed(const struct check *c, const struct api_field *row, const char *text)
{
	char list[256];
	size_t n = 0;

	list[0] = '\0';
	for (const char *const *a = row->allowed; *a != NULL; a++) {
		if (strcmp(*a, text) == 0)
			return 0;
		if (n < sizeof(list))
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n > 0 ? ", " : "",
					      *a);
	}
	int code = row->code != 0 ? row->code : c->malformed;
	return fail_code(c->f, FAIL_INPUT, code, "%s must be one of: %s", row->name, list);
}

static int check_string(const struct check *c, const struct api_field *row, json_t *value)
{
	if (!json_is_string(value))
		return bad_type(c, row, "a string");
	size_t n = json_string_length(value);
	int64_t max = row->max != 0 ? row->max : API_TEXT_MAX;
	if (n > (uint64_t)max)
		return bad(c, row, "is too long");
	if (n < (uint64_t)row->min)
		return bad(c, row, n == 0 ? "must not be empty" : "is too short");
	if (strlen(json_string_value(value)) != n)
		return bad(c, row, "contains a NUL character");
	return row->allowed != NULL ? check_allowed(c, row, json_string_value(value)) : 0;
}

static int check_bool(const struct check *c, const struct api_field *row, json_t *value)
{
	return json_is_boolean(value) ? 0 : bad_type(c, row, "a boolean");
}

static int check_int(const struct check *c, const struct api_field *row, json_t *value)
{
	if (!json_is_integer(value))
		return bad_type(c, row, "a number");
	int64_t n = json_integer_value(value);
	int code = row->code != 0 ? row->code : c->malformed;
	if (row->max != 0 && (n < row->min || n > row->max))
		return fail_code(c->f, FAIL_INPUT, code,
				 "%s must be between %" PRId64 " and %" PRId64, row->name, row->min,
				 row->max);
	if (n < row->min)
		return fail_code(c->f, FAIL_INPUT, code, "%s must be at least %" PRId64, row->name,
				 row->min);
	return 0;
}

static int check_object(const struct check *c, const struct api_field *row, json_t *value)
{
	if (!json_is_object(value))
		return bad_type(c, row, "an object");
	/* What is sent inside is sent whole: only the outermost members may be left out. */
	const struct check inside = { false, c->malformed, c->f };
	return row->fields != NULL ? check_members(&inside, row->fields, value) : 0;
}

static int check_list(const struct check *c, const struct api_field *row, json_t *value)
{
	if (!json_is_array(value))
		return bad_type(c, row, "a list");
	if (row->max != 0 && json_array_size(value) > (uint64_t)row->max)
		return bad(c, row, "has too many items");
	if (json_array_size(value) < (uint64_t)row->min)
		return bad(c, row, "has too few items");
	struct api_field item = *row;
	item.min = 0;
	item.max = 0;
	size_t i;
	json_t *v;
	json_array_foreach(value, i, v)
	{
		int r = row->fields != NULL ? check_object(c, &item, v) : check_string(c, &item, v);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_any(const struct check *c, const struct api_field *row, json_t *value)
{
	(void)c, (void)row, (void)value;
	return 0;
}

static int check_refused(const struct check *c, const struct api_field *row, json_t *value)
{
	(void)value;
	return bad(c, row, "is not available in this version");
}

static check_f *const checkers[] = {
	[FIELD_STRING] = check_string,   [FIELD_BOOL] = check_bool, [FIELD_INT] = check_int,
	[FIELD_OBJECT] = check_object,   [FIELD_LIST] = check_list, [FIELD_ANY] = check_any,
	[FIELD_REFUSED] = check_refused,
};

static int check_member(const struct check *c, const struct api_field *row, json_t *object)
{
	json_t *value = json_object_get(object, row->name);

	if (json_is_null(value) && (row->flags & FIELD_NULLABLE) != 0)
		return 0;
	if (json_is_null(value)) {
		json_object_del(object, row->name);
		value = NULL;
	}
	if (value != NULL)
		return checkers[row->type](c, row, value);
	return (row->flags & FIELD_REQUIRED) != 0 && !c->partial ? bad(c, row, "is required") : 0;
}

static int check_members(const struct check *c, const struct api_field *rows, json_t *object)
{
	for (const struct api_field *row = rows; row->name != NULL; row++)
		if (check_member(c, row, object) < 0)
			return -1;
	return 0;
}

/* The parsed body, or NULL when it is not JSON. Members that occur twice make it not JSON: two
 * readers of one body must not see two different things. */
static json_t *body_load(struct slice body, struct fail *f)
{
	json_error_t e;
	json_t *in = json_loadb((const char *)body.p, body.n,
				JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);

	if (in == NULL)
		(void)fail_code(f, FAIL_INPUT, 6007, "Malformed JSON in request body: %s (line %d)",
				e.text, e.line);
	return in;
}

int api_body_parse(struct slice body, const struct api_field *rows, bool partial, int malformed,
		   json_t **out, struct fail *f)
{
	const struct check c = { partial, malformed, f };

	body = slice_trim(body);
	if (rows == NULL || body.n == 0 || slice_eq(body, slice_lit("null"))) {
		*out = json_object();
		return rows == NULL ? 0 : check_members(&c, rows, *out);
	}
	*out = body_load(body, f);
	if (*out == NULL) {
		f->code = malformed != 9207 ? malformed : f->code;
		return -1;
	}
	if (!json_is_object(*out))
		return fail_code(f, FAIL_INPUT, malformed, "the request body must be an object");
	return check_members(&c, rows, *out);
}

static const struct api_field *row_find(const struct api_field *rows, struct slice name)
{
	for (const struct api_field *row = rows; row != NULL && row->name != NULL; row++)
		if (slice_eq_str(name, row->name))
			return row;
	return NULL;
}

/* Text as the row wants it; what cannot be that stays text, and the checker says so. */
static json_t *query_value(const struct api_field *row, struct slice text)
{
	uint64_t n;
	bool yes = slice_eq(text, slice_lit("true")) || slice_eq(text, slice_lit("1"));
	bool no = slice_eq(text, slice_lit("false")) || slice_eq(text, slice_lit("0"));

	if (row->type == FIELD_BOOL && (yes || no))
		return json_boolean(yes);
	if (row->type == FIELD_INT && text_u64(text, INT64_MAX, &n))
		return json_integer((json_int_t)n);
	return json_stringn((const char *)text.p, text.n);
}

static int query_add_list(json_t *out, const struct api_field *row, struct slice text)
{
	json_t *list = json_object_get(out, row->name);
	struct slice part;

	if (list == NULL) {
		list = json_array();
		json_set(out, row->name, list);
	}
	while (slice_split(&text, ',', &part)) {
		json_t *v = json_stringn((const char *)part.p, part.n);
		if (v == NULL)
			return -1;
		json_array_append_new(list, v);
	}
	return 0;
}

static int query_add(json_t *out, const struct api_field *row, struct slice text)
{
	if (row->type == FIELD_LIST)
		return query_add_list(out, row, text);
	if (text.n == 0) /* `name=` asks nothing */
		return 0;
	json_t *v = query_value(row, text);
	if (v == NULL)
		return -1;
	json_set(out, row->name, v);
	return 0;
}

static int query_pair(json_t *out, const struct api_field *rows, struct slice pair, struct fail *f)
{
	size_t eq = slice_find(pair, '=');
	struct buf name = BUF_INIT;
	struct buf value = BUF_INIT;
	int r = 0;

	if (!text_unpercent(slice_sub(pair, 0, eq), true, &name) ||
	    !text_unpercent(slice_from(pair, eq + 1), true, &value))
		r = fail_code(f, FAIL_INPUT, 9207, "a broken %%-escape in the query");
	const struct api_field *row = r < 0 ? NULL : row_find(rows, buf_slice(&name));
	if (row != NULL && query_add(out, row, buf_slice(&value)) < 0)
		r = fail_code(f, FAIL_INPUT, 9207, "%s is not UTF-8", row->name);
	buf_free(&name);
	buf_free(&value);
	return r;
}

int api_query_parse(struct slice query, const struct api_field *rows, json_t **out, struct fail *f)
{
	const struct check c = { false, 9207, f };
	struct slice pair;
	size_t pairs = 0;

	*out = json_object();
	while (slice_split(&query, '&', &pair)) {
		if (++pairs > API_QUERY_MAX)
			return fail_code(f, FAIL_INPUT, 9207, "the query has too many parts");
		if (pair.n > 0 && query_pair(*out, rows, pair, f) < 0)
			return -1;
	}
	return rows != NULL ? check_members(&c, rows, *out) : 0;
}
