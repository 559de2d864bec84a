/* How a custom hostname looks. Its row says what was asked for; how far it has come is read from
 * the name that is served, the certificates it lists and its newest order.
 */
#include "model/name.h"
#include "model/order.h"
#include "role/control/resource/show.h"

#include "base/text.h"

struct progress {
	bool served;
	bool ordered;
	bool valid; /* a certificate is valid now */
	struct name_row name;
	struct order_row order;
	struct name_candidate now; /* the one the edge answers with, when valid */
};

static bool absent(struct fail *f)
{
	if (f->kind != FAIL_ABSENT)
		return false;
	fail_clear(f);
	return true;
}

static int progress_of(struct api_call *c, const struct hostname_row *row, struct progress *p,
		       struct fail *f)
{
	*p = (struct progress){ .served = row->status == HOSTNAME_ACTIVE };
	if (!p->served)
		return 0;
	if (name_find(c->tx, c->arena, row->name, &p->name, f) < 0) {
		p->served = false;
		return absent(f) ? 0 : -1;
	}
	for (size_t i = 0; i < p->name.record.count && !p->valid; i++) {
		p->now = p->name.record.candidates[i];
		p->valid = c->act.now >= p->now.not_before && c->act.now < p->now.not_after;
	}
	p->ordered = order_latest(c->tx, c->arena, row->name, &p->order, f) == 0;
	return p->ordered || absent(f) ? 0 : -1;
}

/* A certificate that is valid serves on while its renewal is under way: the name stays active. */
static const char *ssl_status(const struct hostname_row *row, const struct progress *p)
{
	if (row->status == HOSTNAME_MOVED)
		return "inactive";
	if (!p->served)
		return "pending_validation";
	bool renewal = p->ordered && p->order.reason != ORDER_FOR_NEW_NAME;
	if (p->valid && (!p->ordered || p->order.state != ORDER_ISSUED || renewal))
		return "active";
	if (p->valid)
		return "pending_deployment";
	if (!p->ordered)
		return "initializing";
	switch (p->order.state) {
	case ORDER_NEW:
	case ORDER_KEYED: return "pending_issuance";
	case ORDER_FAILED: return "issuance_timed_out";
	case ORDER_ISSUED:
	case ORDER_LIVE: return "expired";
	case ORDER_REMOVED: return "deleted";
	}
	must_not_reach();
}

int show_ssl_status(struct api_call *c, const struct hostname_row *row, const char **out,
		    struct fail *f)
{
	struct progress p;

	if (progress_of(c, row, &p, f) < 0)
		return -1;
	*out = row->has_ssl ? ssl_status(row, &p) : "";
	return 0;
}

static void set_proof_name(struct api_call *c, json_t *o, const char *key, struct slice host)
{
	json_set_str(o, key, arena_printf(c->arena, "_cf-custom-hostname.%.*s", SLICE_ARG(host)));
}

/* The built-in CA needs no validation of its own: what is to be proven is the ownership. */
static json_t *validation_record(struct api_call *c, const struct hostname_row *row)
{
	json_t *o = json_object();

	json_set_str(o, "status", "pending");
	set_proof_name(c, o, "txt_name", row->name);
	json_set_uuid(o, "txt_value", &row->ownership_token);
	json_set(o, "emails", json_array());
	return o;
}

static void set_validation(struct api_call *c, const struct hostname_row *row,
			   const struct progress *p, json_t *ssl)
{
	json_t *records = json_array();
	json_t *errors = json_array();

	json_set(ssl, "validation_records", records);
	json_set(ssl, "validation_errors", errors);
	json_set(ssl, "dcv_delegation_records", json_array());
	if (row->status == HOSTNAME_PENDING) {
		json_t *record = validation_record(c, row);
		(void)json_object_update_missing(ssl, record);
		json_set_str(ssl, "status", ssl_status(row, p));
		json_array_append_new(records, record);
	}
	if (p->ordered && p->order.error.n > 0) {
		json_t *error = json_object();
		json_set_slice(error, "message", p->order.error);
		json_array_append_new(errors, error);
	}
}

static int set_certificate(struct api_call *c, const struct progress *p, json_t *ssl,
			   struct fail *f)
{
	struct certificate_row cert;
	json_t *list = json_array();

	json_set(ssl, "certificates", list);
	if (!p->valid)
		return 0;
	if (certificate_find(c->tx, c->arena, &p->now.cert, &cert, f) < 0)
		return absent(f) ? 0 : -1;
	json_t *o = show_certificate(&cert);
	static const struct {
		const char *to, *from;
	} copies[] = {
		{ "issuer", "issuer" },         { "serial_number", "serial" },
		{ "signature", "signature" },   { "uploaded_on", "created_on" },
		{ "expires_on", "expires_on" },
	};
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
		json_set(ssl, copies[i].to, json_incref(json_object_get(o, copies[i].from)));
	json_set(o, "serial_number", json_incref(json_object_get(o, "serial")));
	json_array_append_new(list, o);
	return 0;
}

static json_t *hosts_of(struct api_call *c, const struct hostname_row *row)
{
	json_t *list = json_array();

	json_array_append_new(list, json_text(row->name));
	if (row->ssl_wildcard)
		json_array_append_new(
			list, json_string(arena_printf(c->arena, "*.%.*s", SLICE_ARG(row->name))));
	return list;
}

static json_t *settings_of(struct slice text)
{
	json_t *o = text.n > 0 ? json_loadb((const char *)text.p, text.n, 0, NULL) : NULL;

	return o != NULL ? o : json_object();
}

static int show_ssl(struct api_call *c, const struct hostname_row *row, const struct progress *p,
		    json_t **out, struct fail *f)
{
	struct slice bundle = row->ssl_bundle_method;
	json_t *o = json_object();

	*out = o;
	json_set_uuid(o, "id", &row->ssl_id);
	json_set_slice(o, "type", row->ssl_type);
	json_set_slice(o, "method", row->ssl_method);
	json_set_str(o, "status", ssl_status(row, p));
	json_set_bool(o, "wildcard", row->ssl_wildcard);
	json_set(o, "certificate_authority",
		 row->ssl_authority.n > 0 ? json_text(row->ssl_authority)
					  : json_string("everseal"));
	json_set(o, "bundle_method", bundle.n > 0 ? json_text(bundle) : json_string("ubiquitous"));
	json_set(o, "settings", settings_of(row->ssl_settings));
	json_set(o, "hosts", hosts_of(c, row));
	if (set_certificate(c, p, o, f) < 0)
		return -1;
	set_validation(c, row, p, o);
	return 0;
}

static void set_ownership(struct api_call *c, const struct hostname_row *row, json_t *o)
{
	json_t *proof = json_object();
	json_t *errors = json_array();

	json_set_str(proof, "type", "txt");
	set_proof_name(c, proof, "name", row->name);
	json_set_uuid(proof, "value", &row->ownership_token);
	json_set(o, "ownership_verification", proof);
	if (row->status == HOSTNAME_PENDING)
		json_array_append_new(
			errors, json_string("The ownership verification token was not found yet."));
	if (row->status == HOSTNAME_MOVED)
		json_array_append_new(errors,
				      json_string("Another account has proven this hostname."));
	json_set(o, "verification_errors", errors);
}

static int set_everseal(struct api_call *c, const struct hostname_row *row, json_t *o,
			struct fail *f)
{
	json_t *everseal = json_object();
	struct slice host = row->origin.host.n > 0 ? row->origin.host : row->origin_server;

	json_set(o, "everseal", everseal);
	if (host.n == 0)
		host = c->zone.fallback_host;
	json_set(everseal, "origin",
		 show_origin(row->origin.scheme, host, row->origin.http_port,
			     row->origin.https_port));
	return show_served(c, row->name, everseal, f);
}

int show_hostname(struct api_call *c, const struct hostname_row *row, json_t **out, struct fail *f)
{
	struct progress p;
	json_t *o = json_object();
	json_t *ssl = NULL;

	*out = o;
	json_set_uuid(o, "id", &row->id);
	json_set_slice(o, "hostname", row->name);
	if (progress_of(c, row, &p, f) < 0)
		return -1;
	if (row->has_ssl && show_ssl(c, row, &p, &ssl, f) < 0) {
		json_decref(ssl);
		return -1;
	}
	json_set(o, "ssl", ssl != NULL ? ssl : json_null());
	json_set_str(o, "status", hostname_status_name(row->status));
	set_ownership(c, row, o);
	if (row->metadata.n > 0)
		json_set(o, "custom_metadata", settings_of(row->metadata));
	if (row->origin_server.n > 0)
		json_set_slice(o, "custom_origin_server", row->origin_server);
	if (row->origin_sni.n > 0)
		json_set_slice(o, "custom_origin_sni", row->origin_sni);
	json_set_stamp(o, "created_at", row->created_at);
	return set_everseal(c, row, o, f);
}
