/* Accounts, and the one membership that each token has: of its own account. */
#include "model/account.h"

#include "role/control/api/server.h"
#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"
#include "role/control/truth.h"

static const char *const types[] = { "standard", "enterprise", NULL };

static const struct api_field account_fields[] = {
	{ "name", FIELD_STRING, FIELD_REQUIRED, .min = 1, .max = ACCOUNT_NAME_MAX },
	{ "type", FIELD_STRING, .allowed = types },
	FIELD_END,
};

static const struct api_field list_fields[] = {
	{ "name", FIELD_STRING, .about = "Exact, or with an operator: contains:x." },
	FIELD_END,
};

json_t *show_account(const struct account_row *row)
{
	json_t *o = json_id(&row->id);
	json_t *settings = json_object();

	json_set_slice(o, "name", row->name);
	json_set_slice(o, "type", row->type);
	json_set_bool(settings, "enforce_twofactor", false);
	json_set_null(settings, "abuse_contact_email");
	json_set(o, "settings", settings);
	json_set_stamp(o, "created_on", row->created_at);
	return o;
}

int show_account_short(struct api_call *c, const struct id *id, json_t **out, struct fail *f)
{
	struct account_row row;

	if (account_find(c->tx, c->arena, id, &row, f) < 0)
		return -1;
	*out = json_id(&row.id);
	json_set_slice(*out, "name", row.name);
	return 0;
}

static int item(struct api_call *c, const struct id *id, json_t **out, struct fail *f)
{
	struct account_row row;

	if (account_find(c->tx, c->arena, id, &row, f) < 0)
		return -1;
	*out = show_account(&row);
	return 0;
}

static bool on_account(void *arg, const struct account_row *row)
{
	struct api_list *l = arg;
	struct slice name = json_get_slice(l->call->query, "name");

	if (api_call_allows(l->call, &row->id, NULL, API_READ) && api_filter_text(name, row->name))
		api_list_add(l, &row->id, row->name);
	return true;
}

static int account_list(struct api_call *c, struct fail *f)
{
	struct api_list l;

	api_list_begin(&l, c, false);
	return api_list_end(&l, account_each(c->tx, on_account, &l, f), item, f);
}

static int show_one(struct api_call *c, const struct account_row *row)
{
	c->result = show_account(row);
	return 0;
}

static int account_post(struct api_call *c, struct fail *f)
{
	struct account_row out;
	struct account_row want = {
		.name = json_get_slice(c->body, "name"),
		.type = json_get_slice(c->body, "type"),
	};

	return account_create(c->tx, &c->act, &want, &out, f) < 0 ? -1 : show_one(c, &out);
}

static int account_get(struct api_call *c, struct fail *f)
{
	struct account_row row;

	return account_find(c->tx, c->arena, &c->account, &row, f) < 0 ? -1 : show_one(c, &row);
}

static int account_put(struct api_call *c, struct fail *f)
{
	struct account_row want;
	struct account_row out;

	if (account_find(c->tx, c->arena, &c->account, &want, f) < 0)
		return -1;
	want.name = json_get_slice(c->body, "name");
	if (json_has(c->body, "type"))
		want.type = json_get_slice(c->body, "type");
	return account_replace(c->tx, &c->act, &want, &out, f) < 0 ? -1 : show_one(c, &out);
}

/* The first account owns the installation: were it deleted, the next one would inherit that. */
static int remove_account(struct api_call *c, struct fail *f)
{
	const struct id *id = api_call_id(c, "account_id");

	if (id_eq(&c->api->truth->owner, id))
		return fail_code(f, FAIL_CONFLICT, 10001,
				 "this account owns the installation and cannot be deleted");
	if (account_delete(c->tx, &c->act, id, f) < 0)
		return -1;
	c->result = json_id(id);
	return 0;
}

static json_t *membership(json_t *account, const struct id *id)
{
	json_t *o = json_id(id);
	json_t *permissions = json_object();

	json_set_str(o, "status", "accepted");
	json_set(o, "account", account);
	json_set(o, "roles", json_pack("[s]", "Administrator"));
	json_set(o, "permissions", permissions);
	json_set_bool(o, "api_access_enabled", true);
	return o;
}

static int membership_item(struct api_call *c, const struct id *id, json_t **out, struct fail *f)
{
	json_t *account = NULL;

	if (show_account_short(c, id, &account, f) < 0)
		return -1;
	*out = membership(account, id);
	return 0;
}

static int membership_list(struct api_call *c, struct fail *f)
{
	struct api_list l;

	api_list_begin(&l, c, false);
	api_list_add(&l, &c->who.account, SLICE_NONE);
	return api_list_end(&l, 0, membership_item, f);
}

static int membership_get(struct api_call *c, struct fail *f)
{
	const struct id *id = api_call_id(c, "membership_id");

	if (!id_eq(id, &c->who.account))
		return fail(f, FAIL_ABSENT, "no such membership");
	return membership_item(c, id, &c->result, f);
}

const struct api_route account_routes[] = {
	{ "GET", "/accounts", API_USER, API_READ, account_list, .query = list_fields,
	  .per_page = 20, .per_page_max = 50, .summary = "List accounts" },
	{ "POST", "/accounts", API_SYSTEM, API_WRITE, account_post, .body = account_fields,
	  .summary = "Create an account" },
	{ "GET", "/accounts/{account_id}", API_ACCOUNT, API_READ, account_get,
	  .summary = "One account" },
	{ "PUT", "/accounts/{account_id}", API_ACCOUNT, API_WRITE, account_put,
	  .body = account_fields, .summary = "Rename an account" },
	{ "DELETE", "/accounts/{account_id}", API_SYSTEM, API_WRITE, remove_account,
	  .summary = "Delete an account that has no zones" },
	{ "GET", "/memberships", API_USER, API_READ, membership_list, .per_page = 20,
	  .per_page_max = 50, .summary = "List memberships: the token's account" },
	{ "GET", "/memberships/{membership_id}", API_USER, API_READ, membership_get,
	  .summary = "One membership" },
	API_ROUTES_END,
};
