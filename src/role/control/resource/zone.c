#include "model/zone.h"

#include "model/account.h"
#include "role/control/api/server.h"
#include "role/control/resource/body.h"
#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"
#include "role/control/truth.h"
#include "role/control/upkeep.h"

/* An owner may ask for another look at the proof this often. */
#define CHECK_AGAIN (10 * STAMP_SECOND)

static const char *const types[] = { "full", "partial", NULL };
static const char *const orders[] = { "name",         "status",  "account.id",
				      "account.name", "plan.id", NULL };

static const struct api_field create_fields[] = {
	{ "name", FIELD_STRING, FIELD_REQUIRED, .min = 1, .max = 253, .code = 1049 },
	{ "account", FIELD_OBJECT, .fields = body_id_fields },
	{ "type", FIELD_STRING, .allowed = types, .about = "full (the default) or partial." },
	FIELD_END,
};

static const struct api_field edit_fields[] = {
	{ "paused", FIELD_BOOL },
	{ "type", FIELD_STRING, .allowed = types },
	{ "vanity_name_servers", FIELD_REFUSED, .code = 1015 },
	{ "plan", FIELD_REFUSED, .code = 1015 },
	FIELD_END,
};

static const struct api_field list_fields[] = {
	{ "name", FIELD_STRING, .about = "Exact, or with an operator: contains:x." },
	{ "account.id", FIELD_STRING },
	{ "account.name", FIELD_STRING, .about = "Exact, or with an operator." },
	{ "status", FIELD_LIST },
	{ "type", FIELD_LIST },
	{ "match", FIELD_STRING, .allowed = body_match_modes },
	{ "order", FIELD_STRING, .allowed = orders },
	FIELD_END,
};

/* ---- shape ---- */

static json_t *plan(void)
{
	json_t *o = json_object();

	json_set_str(o, "id", "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
	json_set_str(o, "name", "Everseal");
	json_set_int(o, "price", 0);
	json_set_str(o, "currency", "USD");
	json_set_str(o, "frequency", "");
	json_set_bool(o, "is_subscribed", true);
	json_set_bool(o, "can_subscribe", false);
	json_set_str(o, "legacy_id", "everseal");
	json_set_bool(o, "legacy_discount", false);
	json_set_bool(o, "externally_managed", false);
	return o;
}

static json_t *meta(void)
{
	json_t *o = json_object();

	json_set_int(o, "step", 4);
	json_set_int(o, "custom_certificate_quota", 0);
	json_set_int(o, "page_rule_quota", 0);
	json_set_bool(o, "phishing_detected", false);
	return o;
}

static json_t *permissions(const struct api_call *c, const struct zone_row *row)
{
	json_t *list = json_pack("[sss]", "#zone:read", "#dns_records:read", "#ssl:read");

	if (api_call_allows(c, &row->account, &row->id, API_WRITE)) {
		json_array_append_new(list, json_string("#zone:edit"));
		json_array_append_new(list, json_string("#dns_records:edit"));
		json_array_append_new(list, json_string("#ssl:edit"));
	}
	return list;
}

static json_t *owner_of(const json_t *account)
{
	json_t *o = json_object();

	json_set(o, "id", json_incref(json_object_get(account, "id")));
	json_set_str(o, "type", "organization");
	json_set(o, "name", json_incref(json_object_get(account, "name")));
	return o;
}

int show_zone(struct api_call *c, const struct zone_row *row, json_t **out, struct fail *f)
{
	json_t *account = NULL;

	if (show_account_short(c, &row->account, &account, f) < 0)
		return -1;
	json_t *o = json_id(&row->id);
	*out = o;
	json_set_slice(o, "name", row->name);
	json_set_str(o, "status", zone_status_name(row->status));
	json_set_bool(o, "paused", row->paused);
	json_set_str(o, "type", zone_type_name(row->type));
	json_set_int(o, "development_mode", 0);
	json_set(o, "name_servers", json_array());
	json_set_null(o, "original_name_servers");
	json_set_null(o, "original_registrar");
	json_set_null(o, "original_dnshost");
	json_set_stamp(o, "modified_on", row->modified_at);
	json_set_stamp(o, "created_on", row->created_at);
	json_set_stamp(o, "activated_on", row->activated_at);
	json_set_slice(o, "verification_key", row->verification_key);
	json_set(o, "meta", meta());
	json_set(o, "owner", owner_of(account));
	json_set(o, "account", account);
	json_set(o, "permissions", permissions(c, row));
	json_set(o, "plan", plan());
	return 0;
}

static int item(struct api_call *c, const struct id *id, json_t **out, struct fail *f)
{
	struct zone_row row;

	return zone_find(c->tx, c->arena, id, &row, f) < 0 ? -1 : show_zone(c, &row, out, f);
}

/* ---- list ---- */

struct walk {
	struct api_list list; /* first: it is what the callbacks get */
	struct fail *f;
	const char *order;
	bool failed;
};

static bool account_named(struct walk *w, const struct zone_row *row, struct slice filter)
{
	struct account_row account;

	if (filter.p == NULL)
		return true;
	if (account_find(w->list.call->tx, w->list.call->arena, &row->account, &account, w->f) < 0)
		w->failed = true;
	return !w->failed && api_filter_text(filter, account.name);
}

static bool account_is(const struct zone_row *row, struct slice filter)
{
	struct id id;

	return id_parse(filter, &id) && id_eq(&id, &row->account);
}

static bool matches(struct walk *w, const struct zone_row *row)
{
	const json_t *q = w->list.call->query;
	struct slice name = json_get_slice(q, "name");
	struct slice account = json_get_slice(q, "account.id");
	struct slice account_name = json_get_slice(q, "account.name");
	const json_t *status = json_object_get(q, "status");
	const json_t *type = json_object_get(q, "type");
	struct body_match m;

	body_match_begin(&m, q);
	body_match_add(&m, name.p != NULL, api_filter_text(name, row->name));
	body_match_add(&m, account.p != NULL, account_is(row, account));
	body_match_add(&m, account_name.p != NULL, account_named(w, row, account_name));
	body_match_add(&m, json_array_size(status) > 0,
		       api_filter_list(status, zone_status_name(row->status)));
	body_match_add(&m, json_array_size(type) > 0,
		       api_filter_list(type, zone_type_name(row->type)));
	return body_match_end(&m);
}

static struct slice sort_key(const struct walk *w, const struct zone_row *row)
{
	if (strcmp(w->order, "status") == 0)
		return slice_str(zone_status_name(row->status));
	return id_slice(&row->account);
}

static bool on_zone(void *arg, const struct zone_row *row)
{
	struct walk *w = arg;

	if (api_call_allows(w->list.call, &row->account, &row->id, API_READ) && matches(w, row))
		api_list_add(&w->list, &row->id, w->list.sorted ? sort_key(w, row) : SLICE_NONE);
	return !w->failed;
}

/* The exact name to look up, when that is all that is asked: what most clients do. */
static struct slice exact_name(struct api_call *c)
{
	struct slice name = json_get_slice(c->query, "name");
	struct body_match m;

	body_match_begin(&m, c->query);
	if (m.any || name.p == NULL || slice_find(name, ':') != name.n)
		return SLICE_NONE;
	return api_lower(c, name);
}

static int zone_list(struct api_call *c, struct fail *f)
{
	const char *order = json_get_str(c->query, "order");
	struct walk w = { .f = f, .order = order != NULL ? order : "name" };
	bool sorted = strcmp(w.order, "name") != 0 && strcmp(w.order, "plan.id") != 0;

	api_list_begin(&w.list, c, sorted);
	int r = zone_each(c->tx, c->who.local ? NULL : &c->who.account, exact_name(c), on_zone, &w,
			  f);
	return api_list_end(&w.list, w.failed ? -1 : r, item, f);
}

/* ---- one ---- */

static int zone_post(struct api_call *c, struct fail *f)
{
	struct zone_row out;
	struct zone_row want = { .account = c->account, .name = json_get_slice(c->body, "name") };
	struct slice type = json_get_slice(c->body, "type");
	struct slice account = json_get_slice(json_object_get(c->body, "account"), "id");

	if (type.p != NULL)
		must(zone_type_parse(type, &want.type));
	if (account.p != NULL && !id_parse(account, &want.account))
		return fail_code(f, FAIL_INPUT, 9207, "account.id is not an identifier");
	if (!api_call_allows(c, &want.account, NULL, API_WRITE))
		return fail_code(f, FAIL_DENIED, 10000, "the token is not for that account");
	if (zone_create(c->tx, &c->act, &want, &out, f) < 0)
		return -1;
	return show_zone(c, &out, &c->result, f);
}

static int zone_get(struct api_call *c, struct fail *f)
{
	return show_zone(c, &c->zone, &c->result, f);
}

static int zone_patch(struct api_call *c, struct fail *f)
{
	struct zone_row want = c->zone;
	struct zone_row out;
	struct slice type = json_get_slice(c->body, "type");

	want.paused = json_get_bool(c->body, "paused", want.paused);
	if (type.p != NULL)
		must(zone_type_parse(type, &want.type));
	if (zone_replace(c->tx, &c->act, &want, &out, f) < 0)
		return -1;
	return show_zone(c, &out, &c->result, f);
}

static int zone_remove(struct api_call *c, struct fail *f)
{
	if (zone_delete(c->tx, &c->act, &c->zone.id, f) < 0)
		return -1;
	c->result = json_id(&c->zone.id);
	return 0;
}

static int zone_check(struct api_call *c, struct fail *f)
{
	struct zone_row out;

	c->result = json_id(&c->zone.id);
	if (c->zone.status == ZONE_STATUS_ACTIVE)
		return 0;
	if (c->act.now - c->zone.checked_at < CHECK_AGAIN)
		return fail_code(f, FAIL_LIMIT, 1224, "checked a moment ago: try again in %d s",
				 (int)(CHECK_AGAIN / STAMP_SECOND));
	if (c->act.config->activation == ACTIVATION_TRUST)
		return zone_activate(c->tx, &c->act, &c->zone.id, false, &out, f);
	return 0;
}

/* The proof is looked up by upkeep, in its own time. A zone that was not looked at yet, or since it
 * was last asked for, waits for its turn already. */
static int after_zone_check(struct api_call *c, struct fail *f)
{
	(void)f;
	if (c->zone.status != ZONE_STATUS_ACTIVE && c->zone.checked_at != 0)
		upkeep_check_zone(c->api->truth->upkeep, &c->zone.id);
	return 0;
}

const struct api_route zone_routes[] = {
	{ "GET", "/zones", API_USER, API_READ, zone_list, .query = list_fields, .per_page = 20,
	  .per_page_max = 50, .summary = "List zones" },
	{ "POST", "/zones", API_USER, API_WRITE, zone_post, .body = create_fields,
	  .summary = "Create a zone" },
	{ "GET", "/zones/{zone_id}", API_ZONE, API_READ, zone_get, .summary = "One zone" },
	{ "PATCH", "/zones/{zone_id}", API_ZONE, API_WRITE, zone_patch, .body = edit_fields,
	  .summary = "Pause a zone or change its type" },
	{ "DELETE", "/zones/{zone_id}", API_ZONE, API_WRITE, zone_remove,
	  .summary = "Delete a zone and all that is in it" },
	{ "PUT", "/zones/{zone_id}/activation_check", API_ZONE, API_WRITE, zone_check,
	  .after = after_zone_check, .summary = "Look for the proof of a pending zone now" },
	API_ROUTES_END,
};
