/* role/control/api/list.h: lists: filter, order, cut to the page, show.
 *
 *	struct api_list list;
 *	api_list_begin(&list, c, true);
 *	r = zone_each(tx, account, name, on_zone, &list, f);	on_zone: api_list_add() what matches
 *	return api_list_end(&list, r, zone_item, f);
 *
 * The walk gives rows in the model's own order. Only ids (and, when another order is asked for,
 * keys) are kept, and the page's rows are read again to be shown, in the same transaction. So a
 * list costs a walk over what the filter's index leaves, and memory for the page alone unless it
 * must be sorted.
 */
#pragma once

#include "role/control/api/call.h"

struct api_list_row {
	struct id id;
	struct slice key; /* what it is sorted by */
	size_t index;     /* place in the walk: equal keys keep it */
};

struct api_list {
	struct api_call *call;
	struct api_page page;
	bool sorted; /* rows must be sorted by key */
	int64_t total;
	struct api_list_row *rows; /* private */
	size_t count, room;
};

/* sorted: the order asked for is not the walk's own. */
void api_list_begin(struct api_list *l, struct api_call *c, bool sorted);

/* One match. key is copied; it counts only when sorted. */
void api_list_add(struct api_list *l, const struct id *id, struct slice key);

/* Shows one row. */
typedef int api_item_f(struct api_call *c, const struct id *id, json_t **out, struct fail *f);

/* walked: what the walk answered. Fills result and result_info of the call. */
must_check int api_list_end(struct api_list *l, int walked, api_item_f *item, struct fail *f);

/* Does text pass a filter of the forms "x", "equal:x", "starts_with:x" ... (case ignored)? An absent
 * filter passes everything. */
bool api_filter_text(struct slice filter, struct slice text);

/* Is text among the strings of a list? An absent or empty list passes everything. */
bool api_filter_list(const json_t *list, const char *text);

/* Lower-case ASCII, in the arena; absent stays absent. */
struct slice api_lower(struct api_call *c, struct slice text);

bool api_filter_contains(struct slice text, struct slice part);
