/* Custom hostnames (SSL for SaaS). How one looks stands in hostname_show.c. */
#include "model/hostname.h"

#include "base/buf.h"
#include "role/control/api/reply.h"
#include "role/control/api/server.h"
#include "role/control/resource/body.h"
#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"
#include "role/control/truth.h"
#include "role/control/upkeep.h"

#define HOSTNAMES_ALLOCATED 10000000 /* there are no plans: as many as the machine holds */

static const char *const methods[] = { "http", "txt", "email", "cname", NULL };
static const char *const dv[] = { "dv", NULL };
static const char *const bundles[] = { "ubiquitous", "optimal", "force", NULL };
static const char *const authorities[] = { "digicert", "google", "lets_encrypt", "ssl_com", NULL };
static const char *const on_off[] = { "on", "off", NULL };
static const char *const versions[] = { "1.0", "1.1", "1.2", "1.3", NULL };

static const struct api_field settings_fields[] = {
	{ "http2", FIELD_STRING, .allowed = on_off, .code = 1422 },
	{ "http3", FIELD_STRING, .allowed = on_off },
	{ "early_hints", FIELD_STRING, .allowed = on_off },
	{ "tls_1_2_only", FIELD_STRING, .allowed = on_off, .code = 1423 },
	{ "tls_1_3", FIELD_STRING, .allowed = on_off, .code = 1424 },
	{ "min_tls_version", FIELD_STRING, .allowed = versions, .code = 1425,
	  .about = "The edge never speaks less than 1.2; 1.3 alone is not available yet." },
	{ "ciphers", FIELD_LIST, .code = 1442, .about = "Empty: the default list." },
	FIELD_END,
};

static const struct api_field ssl_fields[] = {
	{ "method", FIELD_STRING, .allowed = methods, .code = 1432 },
	{ "type", FIELD_STRING, .allowed = dv, .code = 1433 },
	{ "bundle_method", FIELD_STRING, .allowed = bundles, .code = 1449 },
	{ "certificate_authority", FIELD_STRING, .allowed = authorities, .code = 1434,
	  .about = "Kept; the built-in CA issues until others are available." },
	{ "wildcard", FIELD_BOOL },
	{ "settings", FIELD_OBJECT, .fields = settings_fields },
	{ "custom_certificate", FIELD_REFUSED, .code = 1434 },
	{ "custom_key", FIELD_REFUSED, .code = 1434 },
	{ "custom_cert_bundle", FIELD_REFUSED, .code = 1434 },
	{ "custom_csr_id", FIELD_REFUSED, .code = 1434 },
	FIELD_END,
};

#define COMMON_FIELDS                                                                              \
	{ "ssl", FIELD_OBJECT, FIELD_NULLABLE, .fields = ssl_fields },                             \
		{ "custom_metadata", FIELD_OBJECT, FIELD_NULLABLE, .code = 1401 },                 \
		{ "custom_origin_server", FIELD_STRING, .max = 253, .code = 1415 },                \
		{ "custom_origin_sni", FIELD_STRING, .max = 253, .code = 1415 },                   \
	{                                                                                          \
		"everseal", FIELD_OBJECT, .fields = body_everseal_fields,                          \
					  .about = "Where requests go: scheme, host, ports."       \
	}

static const struct api_field create_fields[] = {
	{ "hostname", FIELD_STRING, FIELD_REQUIRED, .min = 1, .max = 255, .code = 1407 },
	COMMON_FIELDS,
	FIELD_END,
};

static const struct api_field edit_fields[] = {
	COMMON_FIELDS,
	FIELD_END,
};

static const char *const orders[] = { "ssl", "ssl_status", NULL };

static const struct api_field list_fields[] = {
	{ "id", FIELD_STRING, .about = "Goes with no other filter." },
	{ "hostname", FIELD_STRING },
	{ "hostname.exact", FIELD_STRING },
	{ "hostname.contain", FIELD_STRING },
	{ "hostname.startsWith", FIELD_STRING },
	{ "ssl", FIELD_BOOL },
	{ "ssl_status", FIELD_STRING },
	{ "hostname_status", FIELD_STRING },
	{ "certificate_authority", FIELD_STRING },
	{ "wildcard", FIELD_BOOL },
	{ "custom_origin_server", FIELD_STRING },
	{ "order", FIELD_STRING, .allowed = orders },
	FIELD_END,
};

static int item(struct api_call *c, const struct id *id, json_t **out, struct fail *f)
{
	struct hostname_row row;

	return hostname_find(c->tx, c->arena, &c->zone.id, id, &row, f) < 0
		       ? -1
		       : show_hostname(c, &row, out, f);
}

/* ---- list ---- */

struct walk {
	struct api_list list; /* first: it is what the callbacks get */
	struct slice exact;
	bool by_id;
	struct id id;
	struct fail *f;
	bool failed;
};

static bool text_is(const json_t *query, const char *key, struct slice text)
{
	struct slice filter = json_get_slice(query, key);

	return filter.p == NULL || slice_eq_nocase(filter, text);
}

static bool name_passes(const struct walk *w, const json_t *q, struct slice name)
{
	struct slice part = json_get_slice(q, "hostname.contain");
	struct slice start = json_get_slice(q, "hostname.startsWith");

	return (w->exact.p == NULL || slice_eq_nocase(w->exact, name)) &&
	       (part.p == NULL || api_filter_contains(name, part)) &&
	       (start.p == NULL || slice_eq_nocase(slice_sub(name, 0, start.n), start));
}

static bool status_passes(struct walk *w, const json_t *q, const struct hostname_row *row)
{
	const char *status = NULL;

	if (!json_has(q, "ssl_status"))
		return true;
	if (show_ssl_status(w->list.call, row, &status, w->f) < 0)
		w->failed = true;
	return !w->failed && text_is(q, "ssl_status", slice_str(status));
}

static bool matches(struct walk *w, const struct hostname_row *row)
{
	const json_t *q = w->list.call->query;
	struct slice host = row->origin_server.n > 0 ? row->origin_server : row->origin.host;

	if (w->by_id)
		return id_eq(&w->id, &row->id);
	return name_passes(w, q, row->name) &&
	       json_get_bool(q, "ssl", row->has_ssl) == row->has_ssl &&
	       json_get_bool(q, "wildcard", row->ssl_wildcard) == row->ssl_wildcard &&
	       text_is(q, "hostname_status", slice_str(hostname_status_name(row->status))) &&
	       text_is(q, "certificate_authority", row->ssl_authority) &&
	       text_is(q, "custom_origin_server", host) && status_passes(w, q, row);
}

static struct slice sort_key(struct walk *w, const struct hostname_row *row)
{
	const char *order = json_get_str(w->list.call->query, "order");
	const char *status = "";

	if (strcmp(order, "ssl") == 0)
		return slice_str(row->has_ssl ? "1" : "0");
	if (show_ssl_status(w->list.call, row, &status, w->f) < 0)
		w->failed = true;
	return slice_str(status);
}

static bool on_hostname(void *arg, const struct hostname_row *row)
{
	struct walk *w = arg;

	if (matches(w, row))
		api_list_add(&w->list, &row->id, w->list.sorted ? sort_key(w, row) : SLICE_NONE);
	return !w->failed;
}

static int take_id_filter(struct walk *w, const json_t *query, struct fail *f)
{
	static const char *const others[] = { "hostname", "hostname.exact", "hostname.contain",
					      "hostname.startsWith", "ssl" };
	struct slice id = json_get_slice(query, "id");

	w->by_id = id.p != NULL;
	for (size_t i = 0; w->by_id && i < sizeof(others) / sizeof(others[0]); i++)
		if (json_has(query, others[i]))
			return fail_code(f, FAIL_INPUT, 1438, "id goes with no other filter");
	if (w->by_id && !id_parse(id, &w->id))
		return fail_code(f, FAIL_INPUT, 1435, "id is not an identifier");
	return 0;
}

static int hostname_list(struct api_call *c, struct fail *f)
{
	struct walk w = { .exact = json_get_slice(c->query, "hostname.exact"), .f = f };

	if (w.exact.p == NULL)
		w.exact = json_get_slice(c->query, "hostname");
	if (take_id_filter(&w, c->query, f) < 0)
		return -1;
	api_list_begin(&w.list, c, json_has(c->query, "order"));
	struct slice lower = api_lower(c, w.exact);
	int r = hostname_each(c->tx, &c->zone.id, lower, on_hostname, &w, f);
	return api_list_end(&w.list, w.failed ? -1 : r, item, f);
}

/* ---- one ---- */

static struct slice json_copy_text(struct api_call *c, json_t *value)
{
	struct buf text = BUF_INIT;

	reply_json(json_incref(value), &text);
	struct slice copy = arena_copy(c->arena, buf_slice(&text));
	buf_free(&text);
	return copy;
}

/* An authority that is asked for and cannot issue yet is no secret. */
static void note_authority(struct api_call *c, struct slice authority)
{
	json_t *o = json_object();

	json_set_int(o, "code", 1434);
	json_set(o, "message",
		 json_sprintf("certificate_authority %.*s is kept, but in this version the "
			      "built-in CA issues every certificate",
			      SLICE_ARG(authority)));
	c->messages = json_array();
	json_array_append_new(c->messages, o);
}

static int take_ssl(struct api_call *c, const json_t *ssl, struct hostname_row *want,
		    struct fail *f)
{
	want->has_ssl = true;
	if (json_has(ssl, "method"))
		want->ssl_method = json_get_slice(ssl, "method");
	if (json_has(ssl, "type"))
		want->ssl_type = json_get_slice(ssl, "type");
	if (json_has(ssl, "bundle_method"))
		want->ssl_bundle_method = json_get_slice(ssl, "bundle_method");
	if (json_has(ssl, "certificate_authority")) {
		want->ssl_authority = json_get_slice(ssl, "certificate_authority");
		note_authority(c, want->ssl_authority);
	}
	want->ssl_wildcard = json_get_bool(ssl, "wildcard", want->ssl_wildcard);
	if (json_has(ssl, "settings"))
		want->ssl_settings = json_copy_text(c, json_object_get(ssl, "settings"));
	if (want->ssl_method.n == 0 || want->ssl_type.n == 0)
		return fail_code(f, FAIL_INPUT, 1440, "ssl needs both method and type");
	return 0;
}

static int take_metadata(struct api_call *c, json_t *metadata, struct hostname_row *want,
			 struct fail *f)
{
	const char *key;
	json_t *value;

	if (json_is_null(metadata) || json_object_size(metadata) == 0) {
		want->metadata = SLICE_NONE;
		return 0;
	}
	json_object_foreach(metadata, key, value) if (!json_is_string(value)) return fail_code(
		f, FAIL_INPUT, 1401, "custom_metadata.%.100s must be text", key);
	want->metadata = json_copy_text(c, metadata);
	return 0;
}

/* What the body says on top of what *want holds. */
static int take_body(struct api_call *c, struct hostname_row *want, struct fail *f)
{
	json_t *ssl = json_object_get(c->body, "ssl");
	json_t *metadata = json_object_get(c->body, "custom_metadata");

	if (json_is_object(ssl) && take_ssl(c, ssl, want, f) < 0)
		return -1;
	if (json_is_null(ssl))
		want->has_ssl = false;
	if (metadata != NULL && take_metadata(c, metadata, want, f) < 0)
		return -1;
	if (json_has(c->body, "custom_origin_server"))
		want->origin_server = json_get_slice(c->body, "custom_origin_server");
	if (json_has(c->body, "custom_origin_sni"))
		want->origin_sni = json_get_slice(c->body, "custom_origin_sni");
	(void)body_origin(c->body, &want->origin);
	return 0;
}

static int hostname_post(struct api_call *c, struct fail *f)
{
	struct hostname_row out;
	struct hostname_row want = { .zone = c->zone.id, .account = c->zone.account };

	want.name = json_get_slice(c->body, "hostname");
	if (take_body(c, &want, f) < 0 || hostname_create(c->tx, &c->act, &want, &out, f) < 0)
		return -1;
	return show_hostname(c, &out, &c->result, f);
}

static int hostname_get(struct api_call *c, struct fail *f)
{
	return item(c, api_call_id(c, "hostname_id"), &c->result, f);
}

static int hostname_patch(struct api_call *c, struct fail *f)
{
	const struct id *id = api_call_id(c, "hostname_id");
	struct hostname_row want;
	struct hostname_row out;

	if (hostname_find(c->tx, c->arena, &c->zone.id, id, &want, f) < 0)
		return -1;
	if (take_body(c, &want, f) < 0 || hostname_replace(c->tx, &c->act, &want, &out, f) < 0)
		return -1;
	return show_hostname(c, &out, &c->result, f);
}

/* A pending hostname is looked at again when its owner says something about it. */
static int after_hostname_patch(struct api_call *c, struct fail *f)
{
	(void)f;
	if (strcmp(json_get_str(c->result, "status"), "pending") == 0)
		upkeep_check_hostname(c->api->truth->upkeep, api_call_id(c, "hostname_id"));
	return 0;
}

/* Some clients read the id beside the envelope's members, some in result: both find it. */
static int hostname_remove(struct api_call *c, struct fail *f)
{
	const struct id *id = api_call_id(c, "hostname_id");

	if (hostname_delete(c->tx, &c->act, &c->zone.id, id, f) < 0)
		return -1;
	c->result = json_object();
	json_set_uuid(c->result, "id", id);
	c->bare = true;
	return 0;
}

static bool on_count(void *arg, const struct hostname_row *row)
{
	int64_t *n = arg;

	(void)row;
	(*n)++;
	return true;
}

static int hostname_quota(struct api_call *c, struct fail *f)
{
	int64_t used = 0;

	if (hostname_each(c->tx, &c->zone.id, SLICE_NONE, on_count, &used, f) < 0)
		return -1;
	c->result = json_object();
	json_set_int(c->result, "allocated", HOSTNAMES_ALLOCATED);
	json_set_int(c->result, "used", used);
	json_set_bool(c->result, "exceeded", used > HOSTNAMES_ALLOCATED);
	json_set_int(c->result, "hard_cap", HOSTNAMES_ALLOCATED);
	return 0;
}

#define HOSTNAMES "/zones/{zone_id}/custom_hostnames"
#define HOSTNAME  HOSTNAMES "/{hostname_id}"

const struct api_route hostname_routes[] = {
	{ "GET", HOSTNAMES, API_ZONE, API_READ, hostname_list, .query = list_fields, .per_page = 20,
	  .per_page_max = 1000, .summary = "List custom hostnames" },
	{ "POST", HOSTNAMES, API_ZONE, API_WRITE, hostname_post, .body = create_fields,
	  .status = 201, .malformed = 1400, .summary = "Create a custom hostname" },
	{ "GET", HOSTNAMES "/quota", API_ZONE, API_READ, hostname_quota,
	  .summary = "How many custom hostnames there may be" },
	{ "GET", HOSTNAME, API_ZONE, API_READ, hostname_get, .summary = "One custom hostname" },
	{ "PATCH", HOSTNAME, API_ZONE, API_WRITE, hostname_patch, .body = edit_fields,
	  .status = 202, .malformed = 1400, .after = after_hostname_patch,
	  .summary = "Change a custom hostname, or look for its proof again" },
	{ "DELETE", HOSTNAME, API_ZONE, API_WRITE, hostname_remove,
	  .summary = "Delete a custom hostname" },
	API_ROUTES_END,
};
