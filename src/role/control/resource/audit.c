/* The audit: who changed what, when and from where. A token reads what was done in its own
 * account, or in its zone. */
#include "model/audit.h"

#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"

static const struct api_field list_fields[] = {
	{ "before", FIELD_STRING, .max = 40, .about = "Only what is older than this time." },
	{ "action", FIELD_STRING, .max = 64,
	  .about = "Exact, or with an operator: starts_with:x." },
	FIELD_END,
};

struct walk {
	struct api_call *call;
	struct api_page page;
	struct slice action;
	int64_t total;
	json_t *rows;
};

static json_t *parsed(struct slice text)
{
	json_t *o =
		text.n > 0 ? json_loadb((const char *)text.p, text.n, JSON_DECODE_ANY, NULL) : NULL;

	return o != NULL ? o : json_null();
}

static void set_id(json_t *o, const char *key, const struct id *id)
{
	if (id_is_zero(id))
		json_set_null(o, key);
	else
		json_set_hex(o, key, id);
}

static json_t *show(const struct audit_row *row)
{
	json_t *o = json_id(&row->id);
	json_t *object = json_object();

	json_set_stamp(o, "when", row->at);
	json_set_slice(o, "action", row->action);
	set_id(o, "token_id", &row->token);
	set_id(o, "account_id", &row->account);
	set_id(o, "zone_id", &row->zone);
	json_set_slice(o, "address", row->address);
	json_set_slice(object, "kind", row->object_kind);
	set_id(object, "id", &row->object);
	json_set_slice(object, "name", row->object_name);
	json_set(o, "object", object);
	json_set(o, "before", parsed(row->before));
	json_set(o, "after", parsed(row->after));
	return o;
}

/* Rows come newest first; all are counted, those of the page are shown. */
static bool on_audit(void *arg, const struct audit_row *row)
{
	struct walk *w = arg;
	const struct id *only = api_call_only_zone(w->call);

	if (!api_filter_text(w->action, row->action) || (only != NULL && !id_eq(only, &row->zone)))
		return true;
	int64_t index = w->total++;
	if (index >= w->page.offset && index < w->page.offset + w->page.size)
		json_array_append_new(w->rows, show(row));
	return true;
}

static int audit_list(struct api_call *c, struct fail *f)
{
	struct walk w = { .call = c, .action = json_get_slice(c->query, "action") };
	struct slice before = json_get_slice(c->query, "before");
	stamp until = INT64_MAX;

	if (before.p != NULL && !stamp_parse(before, &until))
		return fail(f, FAIL_INPUT, "before is not a time like 2027-01-31T00:00:00Z");
	w.page = api_page_of(c->match.route, c->query);
	w.rows = c->result = json_array();
	if (audit_each(c->tx, &c->account, until, on_audit, &w, f) < 0)
		return -1;
	c->info = api_page_info(&w.page, json_array_size(w.rows), w.total);
	return 0;
}

const struct api_route audit_routes[] = {
	{ "GET", "/everseal/audit", API_USER, API_READ, audit_list, .query = list_fields,
	  .per_page = 50, .per_page_max = 1000, .summary = "Who changed what, newest first" },
	API_ROUTES_END,
};
