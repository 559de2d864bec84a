/* Tokens. One of ours is for a whole account or for one zone, and may read or also write; policies
 * in the well-known form that say exactly that are understood, others are refused: a token must
 * never be able to do more than its policies say.
 */
#include "model/token.h"

#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"

#define ACCOUNT_KEY "com.cloudflare.api.account."
#define ZONE_KEY    ACCOUNT_KEY "zone."

struct group {
	const char *id;
	const char *name;
	bool zone; /* for one zone, else for an account */
	enum token_access access;
};

static const struct group groups[] = {
	{ "e5ea1000000000000000000000000001", "Account All Read", false, TOKEN_READ },
	{ "e5ea1000000000000000000000000002", "Account All Write", false, TOKEN_WRITE },
	{ "e5ea1000000000000000000000000003", "Zone All Read", true, TOKEN_READ },
	{ "e5ea1000000000000000000000000004", "Zone All Write", true, TOKEN_WRITE },
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static const char *const effects[] = { "allow", "deny", NULL };
static const char *const statuses[] = { "active", "disabled", NULL };

static const struct api_field group_fields[] = {
	{ "id", FIELD_STRING, .max = 64 },
	{ "name", FIELD_STRING, .max = 64,
	  .about = "Instead of the id: its name, read, or write." },
	FIELD_END,
};

static const struct api_field policy_fields[] = {
	{ "effect", FIELD_STRING, FIELD_REQUIRED, .allowed = effects },
	{ "resources", FIELD_OBJECT, FIELD_REQUIRED,
	  .about = "One account, or one zone, with \"*\"." },
	{ "permission_groups", FIELD_LIST, FIELD_REQUIRED, .min = 1, .max = 8,
	  .fields = group_fields },
	FIELD_END,
};

static const struct api_field everseal_fields[] = {
	{ "expires_in", FIELD_INT, .min = 1, .max = 10LL * 366 * 86400, .about = "Seconds." },
	FIELD_END,
};

static const struct api_field token_fields[] = {
	{ "name", FIELD_STRING, FIELD_REQUIRED, .min = 1, .max = TOKEN_NAME_MAX },
	{ "policies", FIELD_LIST, FIELD_REQUIRED, .min = 1, .max = 8, .fields = policy_fields },
	{ "status", FIELD_STRING, .allowed = statuses },
	{ "not_before", FIELD_STRING, .max = 40, .about = "RFC 3339." },
	{ "expires_on", FIELD_STRING, .max = 40, .about = "RFC 3339." },
	{ "condition", FIELD_REFUSED },
	{ "everseal", FIELD_OBJECT, .fields = everseal_fields, .about = "expires_in." },
	FIELD_END,
};

static const struct api_field groups_query[] = {
	{ "name", FIELD_STRING },
	{ "scope", FIELD_STRING },
	FIELD_END,
};

/* ---- shape ---- */

static const struct group *group_of(const struct token_row *row)
{
	bool zone = !id_is_zero(&row->zone);

	for (size_t i = 0; i < GROUPS; i++)
		if (groups[i].zone == zone && groups[i].access == row->access)
			return &groups[i];
	must_not_reach();
}

static json_t *policies_of(struct api_call *c, const struct token_row *row)
{
	const struct group *g = group_of(row);
	char hex[ID_HEX + 1];
	json_t *o = json_id(&row->id);
	json_t *resources = json_object();

	id_hex(g->zone ? &row->zone : &row->account, hex);
	json_set_str(o, "effect", "allow");
	json_set_str(resources,
		     arena_printf(c->arena, "%s%s", g->zone ? ZONE_KEY : ACCOUNT_KEY, hex), "*");
	json_set(o, "resources", resources);
	json_set(o, "permission_groups", json_pack("[{s:s,s:s}]", "id", g->id, "name", g->name));
	return json_pack("[o]", o);
}

static const char *status_name(enum token_status status)
{
	switch (status) {
	case TOKEN_ACTIVE: return "active";
	case TOKEN_DISABLED: return "disabled";
	case TOKEN_EXPIRED: return "expired";
	}
	must_not_reach();
}

static void set_if(json_t *o, const char *key, stamp at)
{
	if (at != 0)
		json_set_stamp(o, key, at);
}

static json_t *show(struct api_call *c, const struct token_row *row)
{
	json_t *o = json_id(&row->id);

	json_set_slice(o, "name", row->name);
	json_set_str(o, "status", status_name(token_status_at(row, c->act.now)));
	json_set(o, "policies", policies_of(c, row));
	json_set_stamp(o, "issued_on", row->created_at);
	json_set_stamp(o, "modified_on", row->modified_at);
	set_if(o, "last_used_on", row->last_used_at);
	set_if(o, "not_before", row->not_before);
	set_if(o, "expires_on", row->expires_at);
	return o;
}

/* ---- from a body ---- */

static bool group_matches(const struct group *g, const json_t *asked, bool zone)
{
	const char *id = json_get_str(asked, "id");
	const char *name = json_get_str(asked, "name");

	if (g->zone != zone)
		return false;
	if (id != NULL)
		return strcmp(id, g->id) == 0;
	return name != NULL && (strcmp(name, g->name) == 0 ||
				strcmp(name, g->access == TOKEN_READ ? "read" : "write") == 0);
}

static int take_group(const json_t *asked, bool zone, struct token_row *want, struct fail *f)
{
	for (size_t i = 0; i < GROUPS; i++) {
		if (!group_matches(&groups[i], asked, zone))
			continue;
		if (groups[i].access == TOKEN_WRITE)
			want->access = TOKEN_WRITE;
		return 0;
	}
	return fail(f, FAIL_INPUT,
		    "unknown permission group for %s: /user/tokens/permission_groups lists those "
		    "there are",
		    zone ? "a zone" : "an account");
}

static int take_resource(struct api_call *c, const char *key, const json_t *value,
			 struct token_row *want, struct fail *f)
{
	const struct slice zone = slice_lit(ZONE_KEY);
	const struct slice account = slice_lit(ACCOUNT_KEY);
	struct slice text = slice_str(key);
	struct slice star = slice_str(json_string_value(value));
	bool is_zone = slice_starts(text, zone);
	struct id id;
	struct zone_row row;

	if (!slice_starts(text, account) || !slice_eq(star, slice_lit("*")) ||
	    !id_parse(slice_from(text, is_zone ? zone.n : account.n), &id))
		return fail(f, FAIL_INPUT,
			    "policies name \"%sID\": \"*\" or \"%sID\": \"*\" and nothing else",
			    ACCOUNT_KEY, ZONE_KEY);
	if (!is_zone)
		return id_eq(&id, &want->account) ? 0
						  : fail_code(f, FAIL_DENIED, 10000,
							      "the policy is for another account");
	if (zone_find(c->tx, c->arena, &id, &row, f) < 0)
		return -1;
	if (!id_eq(&row.account, &want->account))
		return fail_code(f, FAIL_DENIED, 10000, "the policy is for another account's zone");
	want->zone = id;
	return 0;
}

static int take_policy(struct api_call *c, const json_t *policy, struct token_row *want,
		       struct fail *f)
{
	json_t *resources = json_object_get(policy, "resources");
	json_t *value;
	json_t *asked;
	const char *key;
	size_t i;

	if (strcmp(json_get_str(policy, "effect"), "allow") != 0)
		return fail_code(f, FAIL_INPUT, 1015,
				 "policies with effect deny are not available in this version");
	if (json_object_size(resources) != 1)
		return fail(f, FAIL_INPUT, "a policy is for one account or for one zone");
	json_object_foreach(resources, key,
			    value) if (take_resource(c, key, value, want, f) < 0) return -1;
	json_array_foreach(json_object_get(policy, "permission_groups"), i,
			   asked) if (take_group(asked, !id_is_zero(&want->zone), want, f) <
				      0) return -1;
	return 0;
}

static int take_policies(struct api_call *c, struct token_row *want, struct fail *f)
{
	json_t *policies = json_object_get(c->body, "policies");
	json_t *policy;
	struct id zone;
	size_t i;

	want->access = TOKEN_READ;
	want->zone = (struct id){ { 0 } };
	json_array_foreach(policies, i, policy)
	{
		zone = want->zone;
		want->zone = (struct id){ { 0 } };
		if (take_policy(c, policy, want, f) < 0)
			return -1;
		if (i > 0 && !id_eq(&zone, &want->zone))
			return fail(f, FAIL_INPUT,
				    "all policies of a token are for the same thing");
	}
	return 0;
}

static int take_stamp(const json_t *body, const char *key, stamp *out, struct fail *f)
{
	struct slice text = json_get_slice(body, key);

	if (text.p != NULL && !stamp_parse(text, out))
		return fail(f, FAIL_INPUT, "%s is not a time like 2027-01-31T00:00:00Z", key);
	return 0;
}

/* A PUT replaces: what it leaves out is as if it were new. */
static int take_body(struct api_call *c, struct token_row *want, struct fail *f)
{
	const json_t *everseal = json_object_get(c->body, "everseal");
	struct slice status = json_get_slice(c->body, "status");

	want->name = json_get_slice(c->body, "name");
	want->status = slice_eq(status, slice_lit("disabled")) ? TOKEN_DISABLED : TOKEN_ACTIVE;
	want->not_before = 0;
	want->expires_at = 0;
	if (take_policies(c, want, f) < 0 ||
	    take_stamp(c->body, "not_before", &want->not_before, f) < 0 ||
	    take_stamp(c->body, "expires_on", &want->expires_at, f) < 0)
		return -1;
	if (json_has(everseal, "expires_in"))
		want->expires_at =
			c->act.now + json_get_int(everseal, "expires_in", 0) * STAMP_SECOND;
	return 0;
}

/* ---- handlers ---- */

/* A token for one zone knows of no other token. */
static bool is_visible(const struct api_call *c, const struct token_row *row)
{
	return api_call_only_zone(c) == NULL || id_eq(&c->who.token.id, &row->id);
}

/* The token of the path, when it is the account's. */
static int find(struct api_call *c, struct token_row *out, struct fail *f)
{
	if (token_find(c->tx, c->arena, api_call_id(c, "token_id"), out, f) < 0)
		return f->kind == FAIL_ABSENT ? (f->code = 1003, -1) : -1;
	return id_eq(&out->account, &c->account) && is_visible(c, out)
		       ? 0
		       : fail_code(f, FAIL_ABSENT, 1003, "no such token");
}

static int item(struct api_call *c, const struct id *id, json_t **out, struct fail *f)
{
	struct token_row row;

	if (token_find(c->tx, c->arena, id, &row, f) < 0)
		return -1;
	*out = show(c, &row);
	return 0;
}

static bool on_token(void *arg, const struct token_row *row)
{
	struct api_list *l = arg;

	if (is_visible(l->call, row))
		api_list_add(l, &row->id, SLICE_NONE);
	return true;
}

static int token_list(struct api_call *c, struct fail *f)
{
	struct api_list l;

	api_list_begin(&l, c, false);
	return api_list_end(&l, token_each(c->tx, &c->account, on_token, &l, f), item, f);
}

static int token_post(struct api_call *c, struct fail *f)
{
	struct token_row out;
	struct token_row want = { .account = c->account };
	char text[TOKEN_TEXT];

	if (take_body(c, &want, f) < 0 || token_create(c->tx, &c->act, &want, &out, text, f) < 0)
		return -1;
	c->result = show(c, &out);
	json_set_str(c->result, "value", text);
	explicit_bzero(text, sizeof(text));
	return 0;
}

static int token_get(struct api_call *c, struct fail *f)
{
	struct token_row row;

	if (find(c, &row, f) < 0)
		return -1;
	c->result = show(c, &row);
	return 0;
}

static int token_put(struct api_call *c, struct fail *f)
{
	struct token_row want;
	struct token_row out;

	if (find(c, &want, f) < 0 || take_body(c, &want, f) < 0 ||
	    token_replace(c->tx, &c->act, &want, &out, f) < 0)
		return -1;
	c->result = show(c, &out);
	return 0;
}

static int token_remove(struct api_call *c, struct fail *f)
{
	struct token_row row;

	if (find(c, &row, f) < 0 || token_delete(c->tx, &c->act, &row.id, f) < 0)
		return -1;
	c->result = json_id(&row.id);
	return 0;
}

static int token_new_value(struct api_call *c, struct fail *f)
{
	struct token_row row;
	char text[TOKEN_TEXT];

	if (find(c, &row, f) < 0 || token_roll(c->tx, &c->act, &row.id, text, f) < 0)
		return -1;
	c->result = json_string(text);
	explicit_bzero(text, sizeof(text));
	return 0;
}

static int token_verify(struct api_call *c, struct fail *f)
{
	const struct token_row *row = &c->who.token;

	if (c->who.local)
		return fail_code(f, FAIL_DENIED, 1000, "no token was sent");
	c->result = json_id(&row->id);
	json_set_str(c->result, "status", status_name(token_status_at(row, c->act.now)));
	set_if(c->result, "not_before", row->not_before);
	set_if(c->result, "expires_on", row->expires_at);
	c->messages = json_pack("[{s:i,s:s,s:n}]", "code", 10000, "message",
				"This API Token is valid and active", "type");
	return 0;
}

static int group_list(struct api_call *c, struct fail *f)
{
	struct slice name = json_get_slice(c->query, "name");
	struct slice scope = json_get_slice(c->query, "scope");

	(void)f;
	c->result = json_array();
	for (size_t i = 0; i < GROUPS; i++) {
		const char *of = groups[i].zone ? "com.cloudflare.api.account.zone"
						: "com.cloudflare.api.account";
		if ((name.p != NULL && !api_filter_contains(slice_str(groups[i].name), name)) ||
		    (scope.p != NULL && !slice_eq_str(scope, of)))
			continue;
		json_array_append_new(c->result, json_pack("{s:s,s:s,s:[s]}", "id", groups[i].id,
							   "name", groups[i].name, "scopes", of));
	}
	return 0;
}

/* The same resource at two places: below the user and below an account. */
const struct api_route token_routes[] = {
	{ "GET", "/user/tokens", API_USER, API_READ, token_list, .per_page = 20, .per_page_max = 50,
	  .summary = "List tokens" },
	{ "POST", "/user/tokens", API_USER, API_WRITE, token_post, .body = token_fields,
	  .summary = "Create a token; its value is shown this once" },
	{ "GET", "/user/tokens/verify", API_USER, API_READ, token_verify, .unknown_token = 1000,
	  .summary = "Is this token good?" },
	{ "GET", "/user/tokens/permission_groups", API_USER, API_READ, group_list,
	  .query = groups_query, .summary = "What tokens may be permitted" },
	{ "GET", "/user/tokens/{token_id}", API_USER, API_READ, token_get, .summary = "One token" },
	{ "PUT", "/user/tokens/{token_id}", API_USER, API_WRITE, token_put, .body = token_fields,
	  .summary = "Replace a token's name, policies and times" },
	{ "DELETE", "/user/tokens/{token_id}", API_USER, API_WRITE, token_remove,
	  .summary = "Revoke a token" },
	{ "PUT", "/user/tokens/{token_id}/value", API_USER, API_WRITE, token_new_value,
	  .summary = "Roll a token: a new value for it" },
	{ "GET", "/accounts/{account_id}/tokens", API_ACCOUNT, API_READ, token_list, .per_page = 20,
	  .per_page_max = 50, .summary = "List tokens" },
	{ "POST", "/accounts/{account_id}/tokens", API_ACCOUNT, API_WRITE, token_post,
	  .body = token_fields, .summary = "Create a token; its value is shown this once" },
	{ "GET", "/accounts/{account_id}/tokens/verify", API_ACCOUNT, API_READ, token_verify,
	  .unknown_token = 1000, .summary = "Is this token good?" },
	{ "GET", "/accounts/{account_id}/tokens/permission_groups", API_ACCOUNT, API_READ,
	  group_list, .query = groups_query, .summary = "What tokens may be permitted" },
	{ "GET", "/accounts/{account_id}/tokens/{token_id}", API_ACCOUNT, API_READ, token_get,
	  .summary = "One token" },
	{ "PUT", "/accounts/{account_id}/tokens/{token_id}", API_ACCOUNT, API_WRITE, token_put,
	  .body = token_fields, .summary = "Replace a token's name, policies and times" },
	{ "DELETE", "/accounts/{account_id}/tokens/{token_id}", API_ACCOUNT, API_WRITE,
	  token_remove, .summary = "Revoke a token" },
	{ "PUT", "/accounts/{account_id}/tokens/{token_id}/value", API_ACCOUNT, API_WRITE,
	  token_new_value, .summary = "Roll a token: a new value for it" },
	API_ROUTES_END,
};
