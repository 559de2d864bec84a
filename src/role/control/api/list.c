#include "role/control/api/list.h"

#include "base/must.h"
#include "base/text.h"

#include <stdlib.h>

void api_list_begin(struct api_list *l, struct api_call *c, bool sorted)
{
	*l = (struct api_list){ .call = c, .sorted = sorted };
	l->page = api_page_of(c->match.route, c->query);
}

/* Rows of a walk in its own order are kept only when they are of the page; otherwise all are, since
 * only the end tells where they belong. */
static bool keeps(const struct api_list *l)
{
	if (l->sorted || l->page.descending)
		return true;
	return l->total >= l->page.offset && l->total < l->page.offset + l->page.size;
}

void api_list_add(struct api_list *l, const struct id *id, struct slice key)
{
	bool keep = keeps(l);
	size_t index = (size_t)l->total++;

	if (!keep)
		return;
	if (l->count == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		l->rows = realloc(l->rows, l->room * sizeof(*l->rows));
		must(l->rows != NULL);
	}
	if (l->sorted)
		key = arena_copy(l->call->arena, key);
	l->rows[l->count++] = (struct api_list_row){ *id, key, index };
}

static int by_key(const void *a, const void *b)
{
	const struct api_list_row *x = a;
	const struct api_list_row *y = b;
	int r = slice_cmp(x->key, y->key);

	return r != 0 ? r : (x->index > y->index) - (x->index < y->index);
}

static void arrange(struct api_list *l)
{
	if (l->sorted && l->count > 1)
		qsort(l->rows, l->count, sizeof(*l->rows), by_key);
	if (!l->page.descending)
		return;
	for (size_t i = 0, j = l->count; i + 1 < j; i++, j--) {
		struct api_list_row row = l->rows[i];
		l->rows[i] = l->rows[j - 1];
		l->rows[j - 1] = row;
	}
}

static int show(struct api_list *l, api_item_f *item, struct fail *f)
{
	bool all = l->sorted || l->page.descending;
	size_t from = all ? (size_t)l->page.offset : 0;
	json_t *list = json_array();

	l->call->result = list;
	for (size_t i = from; i < l->count && i < from + (size_t)l->page.size; i++) {
		json_t *o = NULL;
		if (item(l->call, &l->rows[i].id, &o, f) < 0)
			return -1;
		json_array_append_new(list, o);
	}
	l->call->info = api_page_info(&l->page, json_array_size(list), l->total);
	return 0;
}

int api_list_end(struct api_list *l, int walked, api_item_f *item, struct fail *f)
{
	int r = walked;

	if (r >= 0) {
		arrange(l);
		r = show(l, item, f);
	}
	free(l->rows);
	l->rows = NULL;
	return r;
}

struct slice api_lower(struct api_call *c, struct slice text)
{
	if (text.p == NULL)
		return SLICE_NONE;
	char *lower = arena_str(c->arena, text);
	for (char *p = lower; *p != '\0'; p++)
		*p = (char)text_lower((uint8_t)*p);
	return slice_of(lower, text.n);
}

bool api_filter_contains(struct slice text, struct slice part)
{
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (slice_eq_nocase(slice_sub(text, i, part.n), part))
			return true;
	return false;
}

static bool starts(struct slice text, struct slice part)
{
	return text.n >= part.n && slice_eq_nocase(slice_sub(text, 0, part.n), part);
}

static bool ends(struct slice text, struct slice part)
{
	return text.n >= part.n && slice_eq_nocase(slice_from(text, text.n - part.n), part);
}

static bool differs(struct slice text, struct slice part)
{
	return !slice_eq_nocase(text, part);
}

static const struct {
	const char *name;
	bool (*passes)(struct slice text, struct slice part);
} operators[] = {
	{ "equal", slice_eq_nocase },
	{ "not_equal", differs },
	{ "starts_with", starts },
	{ "ends_with", ends },
	{ "contains", api_filter_contains },
	{ "starts_with_case_sensitive", slice_starts },
	{ "ends_with_case_sensitive", slice_ends },
};

bool api_filter_text(struct slice filter, struct slice text)
{
	size_t colon = slice_find(filter, ':');

	if (filter.p == NULL)
		return true;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (slice_eq_str(slice_sub(filter, 0, colon), operators[i].name))
			return operators[i].passes(text, slice_from(filter, colon + 1));
	return slice_eq_nocase(text, filter);
}

bool api_filter_list(const json_t *list, const char *text)
{
	size_t i;
	json_t *v;

	if (json_array_size(list) == 0)
		return true;
	json_array_foreach(list, i, v) if (slice_eq_nocase(slice_str(json_string_value(v)),
							   slice_str(text))) return true;
	return false;
}
