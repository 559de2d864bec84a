#include "model/hostname.h"

#include "model/audit.h"
#include "model/name.h"
#include "model/owner.h"
#include "model/row.h"
#include "model/zone.h"
#include "proto/dns/name.h"
#include "run/random/random.h"

#define COLUMNS                                                                                    \
	"id, zone, account, name, status, ownership_token, metadata, has_ssl, ssl_id, ssl_method," \
	" ssl_type, ssl_bundle_method, ssl_authority, ssl_wildcard, ssl_settings, origin_server,"  \
	" origin_sni, origin_host, origin_name, origin_scheme, origin_http_port,"                  \
	" origin_https_port, origin_id, created_at, modified_at"

#define WORK_NAMES 200 /* hostnames of one transaction: at most four change records each */

const char *hostname_status_name(enum hostname_status s)
{
	static const char *const names[] = { "pending", "active", "moved" };

	must((unsigned)s < sizeof(names) / sizeof(names[0]));
	return names[s];
}

static void hostname_read(struct sql_query *q, struct arena *a, struct hostname_row *out)
{
	sql_id(q, 0, &out->id);
	sql_id(q, 1, &out->zone);
	sql_id(q, 2, &out->account);
	out->name = row_text(q, 3, a);
	out->status = (enum hostname_status)sql_i64(q, 4);
	sql_id(q, 5, &out->ownership_token);
	out->metadata = row_text(q, 6, a);
	out->has_ssl = sql_i64(q, 7) != 0;
	sql_id(q, 8, &out->ssl_id);
	out->ssl_method = row_text(q, 9, a);
	out->ssl_type = row_text(q, 10, a);
	out->ssl_bundle_method = row_text(q, 11, a);
	out->ssl_authority = row_text(q, 12, a);
	out->ssl_wildcard = sql_i64(q, 13) != 0;
	out->ssl_settings = row_text(q, 14, a);
	out->origin_server = row_text(q, 15, a);
	out->origin_sni = row_text(q, 16, a);
	out->origin.host = row_text(q, 17, a);
	out->origin.sni = row_text(q, 18, a);
	out->origin.scheme = (enum origin_scheme)sql_i64(q, 19);
	out->origin.http_port = (uint16_t)sql_i64(q, 20);
	out->origin.https_port = (uint16_t)sql_i64(q, 21);
	sql_id(q, 22, &out->origin_id);
	out->created_at = sql_i64(q, 23);
	out->modified_at = sql_i64(q, 24);
}

static struct slice hostname_json(const struct hostname_row *h, struct arena *a)
{
	json_t *o = json_object();

	audit_set(o, "hostname", h->name);
	audit_set(o, "status", slice_str(hostname_status_name(h->status)));
	audit_set(o, "method", h->has_ssl ? h->ssl_method : SLICE_NONE);
	audit_set_bool(o, "wildcard", h->ssl_wildcard);
	audit_set(o, "settings", h->has_ssl ? h->ssl_settings : SLICE_NONE);
	audit_set(o, "custom_origin_server", h->origin_server);
	audit_set(o, "custom_origin_sni", h->origin_sni);
	audit_set(o, "origin_host", h->origin.host);
	audit_set_int(o, "origin_http_port", h->origin.http_port);
	audit_set_int(o, "origin_https_port", h->origin.https_port);
	return audit_json(a, o);
}

static int hostname_note(struct sql_tx *tx, const struct act *act, const char *action,
			 const struct hostname_row *was, const struct hostname_row *is,
			 struct fail *f)
{
	const struct hostname_row *h = is == NULL ? was : is;
	struct audit_note note = { .action = action,
				   .object_kind = "custom_hostname",
				   .object = h->id,
				   .object_name = h->name,
				   .account = h->account,
				   .zone = h->zone };

	note.before = was == NULL ? SLICE_NONE : hostname_json(was, act->arena);
	note.after = is == NULL ? SLICE_NONE : hostname_json(is, act->arena);
	return audit_append(tx, act, &note, f);
}

/* ---- what the ssl object may say ---- */

static bool among(struct slice s, const char *const *allowed)
{
	for (; *allowed != NULL; allowed++)
		if (slice_eq_str(s, *allowed))
			return true;
	return false;
}

struct ssl_setting {
	const char *name;
	int code;
	const char *allowed[6];
	const char *later[3]; /* legal, but bears on security and is not built yet */
};

static const struct ssl_setting ssl_settings[] = {
	{ "http2", 1422, { "on", "off" }, { NULL } },
	{ "http3", 1422, { "on", "off" }, { NULL } },
	{ "early_hints", 1434, { "on", "off" }, { NULL } },
	{ "tls_1_2_only", 1423, { "on", "off" }, { "on" } },
	{ "tls_1_3", 1424, { "on", "off" }, { "off" } },
	{ "min_tls_version", 1425, { "1.0", "1.1", "1.2", "1.3" }, { "1.3" } },
};

static int ssl_setting_check(const struct ssl_setting *s, const json_t *settings, struct fail *f)
{
	const json_t *v = json_object_get(settings, s->name);

	if (v == NULL || json_is_null(v))
		return 0;
	struct slice text = slice_str(json_is_string(v) ? json_string_value(v) : "");
	if (!among(text, s->allowed))
		return fail_code(f, FAIL_INPUT, s->code, "ssl.settings.%s has a value unknown here",
				 s->name);
	if (among(text, s->later))
		return fail_code(f, FAIL_INPUT, s->code,
				 "ssl.settings.%s = %.*s is not available in this version", s->name,
				 SLICE_ARG(text));
	return 0;
}

static int ssl_settings_check(struct slice text, struct fail *f)
{
	json_t *o = json_loadb((const char *)text.p, text.n, 0, NULL);
	int r = 0;

	if (!json_is_object(o)) {
		json_decref(o);
		return fail_code(f, FAIL_INPUT, 1434, "ssl.settings must be an object");
	}
	for (size_t i = 0; r == 0 && i < sizeof(ssl_settings) / sizeof(ssl_settings[0]); i++)
		r = ssl_setting_check(&ssl_settings[i], o, f);
	if (r == 0 && json_array_size(json_object_get(o, "ciphers")) > 0)
		r = fail_code(f, FAIL_INPUT, 1442,
			      "ssl.settings.ciphers is not available in this version");
	json_decref(o);
	return r;
}

static int ssl_check(const struct hostname_row *h, struct fail *f)
{
	static const char *const methods[] = { "http", "txt", "email", "cname", NULL };
	static const char *const bundles[] = { "ubiquitous", "optimal", "force", NULL };
	static const char *const authorities[] = { "digicert", "google", "lets_encrypt", "ssl_com",
						   NULL };

	if (h->ssl_method.n == 0 || h->ssl_type.n == 0)
		return fail_code(f, FAIL_INPUT, 1440, "ssl needs both type and method");
	if (!among(h->ssl_method, methods))
		return fail_code(f, FAIL_INPUT, 1432, "ssl.method must be http, txt or email");
	if (!slice_eq_str(h->ssl_type, "dv"))
		return fail_code(f, FAIL_INPUT, 1433, "ssl.type must be dv");
	if (!among(h->ssl_bundle_method, bundles))
		return fail_code(f, FAIL_INPUT, 1449,
				 "ssl.bundle_method must be ubiquitous, optimal or force");
	if (h->ssl_authority.n > 0 && !among(h->ssl_authority, authorities))
		return fail_code(f, FAIL_INPUT, 1434,
				 "ssl.certificate_authority must be digicert, google, lets_encrypt "
				 "or ssl_com");
	if (h->ssl_wildcard && h->metadata.n > 0)
		return fail_code(f, FAIL_INPUT, 1412,
				 "custom_metadata cannot be used with a wildcard hostname");
	return ssl_settings_check(h->ssl_settings, f);
}

/* ---- where its requests go ---- */

static int server_name(struct arena *a, struct slice text, struct slice *out, struct fail *f)
{
	struct dns_name n;
	bool converted;
	enum dns_name_answer got;

	*out = SLICE_NONE;
	if (text.n == 0)
		return 0;
	if (dns_name_looks_like_address(text))
		return fail_code(f, FAIL_INPUT, 1416,
				 "custom_origin_server must be a name, not an address");
	got = dns_name_from_user(text, DNS_NAME_UNDERSCORE, &n, &converted);
	if (got != DNS_NAME_OK)
		return fail_code(f, FAIL_INPUT, 1415, "custom_origin_server %.*s %s",
				 SLICE_ARG(text), dns_name_why(got));
	*out = arena_copy(a, dns_name_slice(&n));
	return 0;
}

/* The record's origin with the SNI that was asked for. */
static int origin_with_sni(struct sql_tx *tx, struct act *act, const struct hostname_row *h,
			   struct id *origin, struct fail *f)
{
	struct origin_record r;
	struct id plain = *origin;

	if (h->origin_sni.n == 0 || slice_eq_str(h->origin_sni, ":request_host_header:"))
		return 0;
	if (origin_find(tx, act->arena, &plain, &r, f) < 0)
		return -1;
	r.sni_rule = ORIGIN_SNI_FIXED;
	r.sni = h->origin_sni;
	if (origin_use(tx, act, &r, origin, f) < 0)
		return -1;
	return origin_drop(tx, act, &plain, f);
}

/* One use of the origin, or zero for the fallback. */
static int hostname_origin(struct sql_tx *tx, struct act *act, const struct zone_row *zone,
			   const struct hostname_row *h, struct id *out, struct fail *f)
{
	struct origin_record record;

	*out = (struct id){ 0 };
	if (h->origin.host.n > 0) {
		if (origin_resolve(&h->origin, act->config, act->arena, &record, f) < 0)
			return -1;
		return origin_use(tx, act, &record, out, f);
	}
	if (h->origin_server.n == 0)
		return 0;
	if (zone_origin_of_record(tx, act, zone, h->origin_server, out, f) < 0)
		return -1;
	return id_is_zero(out) ? 0 : origin_with_sni(tx, act, h, out, f);
}

static int server_is_record(const struct hostname_row *h, const struct id *origin, struct fail *f)
{
	if (h->origin.host.n > 0 || h->origin_server.n == 0 || !id_is_zero(origin))
		return 0;
	return fail_code(f, FAIL_INPUT, 1421,
			 "custom_origin_server %.*s is no proxied record of the zone",
			 SLICE_ARG(h->origin_server));
}

/* ---- the names it serves: its own, and below it with a wildcard ---- */

static int serve_one(struct sql_tx *tx, struct act *act, const struct hostname_row *h,
		     struct slice name, struct fail *f)
{
	struct name_row row = { .name = name,
				.zone = h->zone,
				.account = h->account,
				.source = NAME_FROM_HOSTNAME,
				.source_id = h->id,
				.origin = h->origin_id,
				.plain = !h->has_ssl };

	if (origin_share(tx, &h->origin_id, f) < 0)
		return -1;
	return name_serve(tx, act, &row, f);
}

static struct slice wildcard_of(struct arena *a, struct slice name)
{
	return slice_str(arena_printf(a, "*.%.*s", SLICE_ARG(name)));
}

static int hostname_serve(struct sql_tx *tx, struct act *act, const struct hostname_row *h,
			  struct fail *f)
{
	struct slice wildcard = wildcard_of(act->arena, h->name);

	if (h->status != HOSTNAME_ACTIVE)
		return 0;
	if (serve_one(tx, act, h, h->name, f) < 0)
		return -1;
	return h->ssl_wildcard ? serve_one(tx, act, h, wildcard, f) : 0;
}

/* Only what this hostname itself serves. */
static int unserve_one(struct sql_tx *tx, struct act *act, const struct hostname_row *h,
		       struct slice name, struct fail *f)
{
	struct fail absent = FAIL_INIT;
	struct name_row served;

	if (name_find(tx, act->arena, name, &served, &absent) < 0)
		return absent.kind == FAIL_ABSENT ? 0 : fail(f, absent.kind, "%s", absent.words);
	return id_eq(&served.source_id, &h->id) ? name_unserve(tx, act, name, f) : 0;
}

static int hostname_unserve(struct sql_tx *tx, struct act *act, const struct hostname_row *h,
			    struct fail *f)
{
	if (unserve_one(tx, act, h, h->name, f) < 0)
		return -1;
	return unserve_one(tx, act, h, wildcard_of(act->arena, h->name), f);
}

/* ---- rows ---- */

static const struct sql_stmt hostname_insert = {
	"insert into hostname (" COLUMNS ", key, checked_at, stale) values ($1, $2, $3, $4, $5, $6,"
	" $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,"
	" $25, $26, 0, 0)"
};
static const struct sql_stmt hostname_update = {
	"update hostname set zone = $2, account = $3, name = $4, status = $5, ownership_token = $6,"
	" metadata = $7, has_ssl = $8, ssl_id = $9, ssl_method = $10, ssl_type = $11,"
	" ssl_bundle_method = $12, ssl_authority = $13, ssl_wildcard = $14, ssl_settings = $15,"
	" origin_server = $16, origin_sni = $17, origin_host = $18, origin_name = $19,"
	" origin_scheme = $20, origin_http_port = $21, origin_https_port = $22, origin_id = $23,"
	" created_at = $24, modified_at = $25, key = $26, stale = 0 where id = $1"
};

static int hostname_write(struct sql_tx *tx, const struct sql_stmt *stmt,
			  const struct hostname_row *h, struct fail *f)
{
	uint8_t room[DNS_NAME_KEY];
	struct sql_query q;

	sql_start(&q, tx, stmt);
	sql_bind_id(&q, 1, &h->id);
	sql_bind_id(&q, 2, &h->zone);
	sql_bind_id(&q, 3, &h->account);
	sql_bind_text(&q, 4, h->name);
	sql_bind_i64(&q, 5, h->status);
	sql_bind_id(&q, 6, &h->ownership_token);
	row_bind_text(&q, 7, h->metadata);
	sql_bind_i64(&q, 8, h->has_ssl);
	row_bind_id(&q, 9, &h->ssl_id);
	row_bind_text(&q, 10, h->ssl_method);
	row_bind_text(&q, 11, h->ssl_type);
	row_bind_text(&q, 12, h->ssl_bundle_method);
	row_bind_text(&q, 13, h->ssl_authority);
	sql_bind_i64(&q, 14, h->ssl_wildcard);
	row_bind_text(&q, 15, h->ssl_settings);
	row_bind_text(&q, 16, h->origin_server);
	row_bind_text(&q, 17, h->origin_sni);
	row_bind_text(&q, 18, h->origin.host);
	row_bind_text(&q, 19, h->origin.sni);
	sql_bind_i64(&q, 20, h->origin.scheme);
	sql_bind_i64(&q, 21, h->origin.http_port);
	sql_bind_i64(&q, 22, h->origin.https_port);
	row_bind_id(&q, 23, &h->origin_id);
	sql_bind_i64(&q, 24, h->created_at);
	sql_bind_i64(&q, 25, h->modified_at);
	sql_bind_blob(&q, 26, dns_name_key(h->name, room));
	return sql_end(&q, f);
}

static struct slice copy(struct arena *a, struct slice s)
{
	return s.p == NULL ? SLICE_NONE : arena_copy(a, s);
}

/* What a caller may choose, checked; the rest of *out stays. */
static int hostname_fill(const struct act *act, const struct hostname_row *want,
			 struct hostname_row *out, struct fail *f)
{
	struct arena *a = act->arena;

	out->metadata = copy(a, want->metadata);
	out->has_ssl = want->has_ssl;
	out->ssl_method = copy(a, want->ssl_method);
	out->ssl_type = copy(a, want->ssl_type);
	out->ssl_bundle_method = want->ssl_bundle_method.n == 0 ? slice_lit("ubiquitous")
								: copy(a, want->ssl_bundle_method);
	out->ssl_authority = copy(a, want->ssl_authority);
	out->ssl_wildcard = want->has_ssl && want->ssl_wildcard;
	out->ssl_settings =
		want->ssl_settings.n == 0 ? slice_lit("{}") : copy(a, want->ssl_settings);
	out->origin = want->origin;
	out->origin.host = copy(a, want->origin.host);
	out->origin.sni = copy(a, want->origin.sni);
	out->origin_sni = copy(a, want->origin_sni);
	if (server_name(a, want->origin_server, &out->origin_server, f) < 0)
		return -1;
	return out->has_ssl ? ssl_check(out, f) : 0;
}

/* ---- finding ---- */

static const struct sql_stmt hostname_by_id = { "select " COLUMNS " from hostname where id = $1" };
static const struct sql_stmt hostname_held = { "select " COLUMNS
					       " from hostname where name = $1 and status = 1" };

static int hostname_one(struct sql_query *q, struct arena *a, struct hostname_row *out, bool *found,
			struct fail *f)
{
	*found = sql_row(q);
	if (*found)
		hostname_read(q, a, out);
	return sql_end(q, f);
}

static int hostname_get(struct sql_tx *tx, struct arena *a, const struct id *id,
			struct hostname_row *out, struct fail *f)
{
	struct sql_query q;
	bool found;

	sql_start(&q, tx, &hostname_by_id);
	sql_bind_id(&q, 1, id);
	if (hostname_one(&q, a, out, &found, f) < 0)
		return -1;
	return found ? 0 : fail_code(f, FAIL_ABSENT, 1436, "The custom hostname was not found.");
}

int hostname_find(struct sql_tx *tx, struct arena *a, const struct id *zone, const struct id *id,
		  struct hostname_row *out, struct fail *f)
{
	if (hostname_get(tx, a, id, out, f) < 0)
		return -1;
	return id_eq(&out->zone, zone)
		       ? 0
		       : fail_code(f, FAIL_ABSENT, 1436, "The custom hostname was not found.");
}

static const struct sql_stmt hostnames_of_zone = { "select " COLUMNS
						   " from hostname where zone = $1 order by name" };
static const struct sql_stmt hostnames_named = { "select " COLUMNS
						 " from hostname where zone = $1 and name = $2" };
static const struct sql_stmt hostnames_pending = {
	"select " COLUMNS " from hostname where status = 0 and checked_at < $1"
	" order by checked_at limit $2"
};

static int hostname_walk(struct sql_query *q, hostname_each_f *each, void *arg, struct fail *f)
{
	struct hostname_row row;

	while (sql_row(q)) {
		hostname_read(q, NULL, &row);
		if (!each(arg, &row))
			break;
	}
	return sql_end(q, f);
}

int hostname_each(struct sql_tx *tx, const struct id *zone, struct slice name,
		  hostname_each_f *each, void *arg, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, name.p == NULL ? &hostnames_of_zone : &hostnames_named);
	sql_bind_id(&q, 1, zone);
	if (name.p != NULL)
		sql_bind_text(&q, 2, name);
	return hostname_walk(&q, each, arg, f);
}

int hostname_each_pending(struct sql_tx *tx, stamp before, int limit, hostname_each_f *each,
			  void *arg, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &hostnames_pending);
	sql_bind_i64(&q, 1, before);
	sql_bind_i64(&q, 2, limit);
	return hostname_walk(&q, each, arg, f);
}

static const struct sql_stmt hostname_set_checked = {
	"update hostname set checked_at = $2 where id = $1"
};

int hostname_checked(struct sql_tx *tx, const struct id *id, stamp now, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &hostname_set_checked);
	sql_bind_id(&q, 1, id);
	sql_bind_i64(&q, 2, now);
	return sql_end(&q, f);
}

/* ---- operations ---- */

static int hostname_decide(struct sql_tx *tx, const struct act *act, const struct hostname_row *h,
			   bool standing, bool proven, enum owner_answer *out, struct fail *f)
{
	struct owner_claim claim = { h->name,  h->account, OWNER_HOSTNAME,
				     standing, proven,     act->config->activation };

	return owner_decide_in(tx, &claim, out, f);
}

static int duplicate(struct slice name, struct fail *f)
{
	return fail_code(f, FAIL_CONFLICT, 1406, "Duplicate custom hostname found: %.*s",
			 SLICE_ARG(name));
}

static int hostname_unique(struct sql_tx *tx, const struct hostname_row *h, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &hostnames_named);
	sql_bind_id(&q, 1, &h->zone);
	sql_bind_text(&q, 2, h->name);
	bool there = sql_row(&q);
	if (sql_end(&q, f) < 0)
		return -1;
	return there ? duplicate(h->name, f) : 0;
}

static int zone_ready(struct sql_tx *tx, const struct act *act, const struct id *id,
		      struct zone_row *zone, struct fail *f)
{
	if (zone_find(tx, act->arena, id, zone, f) < 0)
		return -1;
	if (zone->status == ZONE_STATUS_ACTIVE)
		return 0;
	return fail_code(f, FAIL_CONFLICT, 1439,
			 "the zone %.*s is %s: custom hostnames need an active zone",
			 SLICE_ARG(zone->name), zone_status_name(zone->status));
}

static int hostname_begin(struct sql_tx *tx, struct act *act, const struct hostname_row *want,
			  struct zone_row *zone, struct hostname_row *out, struct fail *f)
{
	*out = (struct hostname_row){ .zone = want->zone,
				      .created_at = act->now,
				      .modified_at = act->now };
	if (zone_ready(tx, act, &want->zone, zone, f) < 0 ||
	    owner_hostname_name(want->name, act->config, act->arena, &out->name, f) < 0 ||
	    hostname_fill(act, want, out, f) < 0)
		return -1;
	out->account = zone->account;
	random_id(&out->id);
	random_id(&out->ownership_token);
	random_id(&out->ssl_id);
	return hostname_unique(tx, out, f);
}

int hostname_create(struct sql_tx *tx, struct act *act, const struct hostname_row *want,
		    struct hostname_row *out, struct fail *f)
{
	enum owner_answer answer;
	struct zone_row zone;

	if (hostname_begin(tx, act, want, &zone, out, f) < 0 ||
	    hostname_decide(tx, act, out, false, false, &answer, f) < 0)
		return -1;
	if (answer == OWNER_DUPLICATE)
		return duplicate(out->name, f);
	out->status = answer == OWNER_HELD ? HOSTNAME_ACTIVE : HOSTNAME_PENDING;
	if (hostname_origin(tx, act, &zone, out, &out->origin_id, f) < 0 ||
	    server_is_record(out, &out->origin_id, f) < 0 ||
	    hostname_write(tx, &hostname_insert, out, f) < 0 || hostname_serve(tx, act, out, f) < 0)
		return -1;
	return hostname_note(tx, act, "custom_hostname.create", NULL, out, f);
}

/* Writes, serves anew and lets the origin before go. */
static int hostname_apply(struct sql_tx *tx, struct act *act, const struct hostname_row *was,
			  struct hostname_row *out, struct fail *f)
{
	out->modified_at = act->now;
	if (hostname_write(tx, &hostname_update, out, f) < 0 ||
	    hostname_serve(tx, act, out, f) < 0 || origin_drop(tx, act, &was->origin_id, f) < 0)
		return -1;
	if (was->ssl_wildcard && !out->ssl_wildcard)
		return unserve_one(tx, act, out, wildcard_of(act->arena, out->name), f);
	return 0;
}

int hostname_replace(struct sql_tx *tx, struct act *act, const struct hostname_row *want,
		     struct hostname_row *out, struct fail *f)
{
	struct hostname_row was;
	struct zone_row zone;

	if (zone_ready(tx, act, &want->zone, &zone, f) < 0 ||
	    hostname_find(tx, act->arena, &want->zone, &want->id, &was, f) < 0)
		return -1;
	*out = was;
	if (hostname_fill(act, want, out, f) < 0 ||
	    hostname_origin(tx, act, &zone, out, &out->origin_id, f) < 0 ||
	    server_is_record(out, &out->origin_id, f) < 0)
		return -1;
	if (was.status == HOSTNAME_MOVED)
		out->status = HOSTNAME_PENDING;
	if (hostname_apply(tx, act, &was, out, f) < 0)
		return -1;
	return hostname_note(tx, act, "custom_hostname.update", &was, out, f);
}

static const struct sql_stmt hostname_remove = { "delete from hostname where id = $1" };

int hostname_delete(struct sql_tx *tx, struct act *act, const struct id *zone, const struct id *id,
		    struct fail *f)
{
	struct hostname_row was;

	if (hostname_find(tx, act->arena, zone, id, &was, f) < 0 ||
	    hostname_unserve(tx, act, &was, f) < 0 ||
	    row_exec_id(tx, &hostname_remove, id, f) < 0 ||
	    origin_drop(tx, act, &was.origin_id, f) < 0)
		return -1;
	return hostname_note(tx, act, "custom_hostname.delete", &was, NULL, f);
}

/* The holder before loses the name. */
static int hostname_dispossess(struct sql_tx *tx, struct act *act, struct slice name,
			       struct fail *f)
{
	struct hostname_row was, moved;
	struct sql_query q;
	bool found;

	sql_start(&q, tx, &hostname_held);
	sql_bind_text(&q, 1, name);
	if (hostname_one(&q, act->arena, &was, &found, f) < 0)
		return -1;
	if (!found)
		return 0;
	moved = was;
	moved.status = HOSTNAME_MOVED;
	moved.modified_at = act->now;
	if (hostname_unserve(tx, act, &was, f) < 0 ||
	    hostname_write(tx, &hostname_update, &moved, f) < 0)
		return -1;
	return hostname_note(tx, act, "custom_hostname.moved", &was, &moved, f);
}

int hostname_activate(struct sql_tx *tx, struct act *act, const struct id *id,
		      struct hostname_row *out, struct fail *f)
{
	enum owner_answer answer;
	struct hostname_row was;

	if (hostname_get(tx, act->arena, id, &was, f) < 0)
		return -1;
	*out = was;
	if (was.status == HOSTNAME_ACTIVE)
		return 0;
	if (hostname_decide(tx, act, &was, true, true, &answer, f) < 0)
		return -1;
	if (answer == OWNER_DUPLICATE)
		return duplicate(was.name, f);
	if (hostname_dispossess(tx, act, was.name, f) < 0)
		return -1;
	out->status = HOSTNAME_ACTIVE;
	out->modified_at = act->now;
	if (hostname_write(tx, &hostname_update, out, f) < 0 || hostname_serve(tx, act, out, f) < 0)
		return -1;
	return hostname_note(tx, act, "custom_hostname.activate", &was, out, f);
}

/* ---- following records ---- */

static const struct sql_stmt hostnames_mark = {
	"update hostname set stale = 1 where zone = $1 and origin_server = $2"
};
static const struct sql_stmt hostnames_stale = { "select " COLUMNS
						 " from hostname where stale = 1 limit $1" };

struct stale {
	struct arena *arena;
	struct hostname_row rows[WORK_NAMES];
	int count;
};

static int stale_read(struct sql_tx *tx, struct stale *s, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &hostnames_stale);
	sql_bind_i64(&q, 1, WORK_NAMES);
	while (s->count < WORK_NAMES && sql_row(&q))
		hostname_read(&q, s->arena, &s->rows[s->count++]);
	return sql_end(&q, f);
}

static int hostname_follow(struct sql_tx *tx, struct act *act, const struct hostname_row *was,
			   struct fail *f)
{
	struct hostname_row h = *was;
	struct zone_row zone;

	if (zone_find(tx, act->arena, &h.zone, &zone, f) < 0 ||
	    hostname_origin(tx, act, &zone, &h, &h.origin_id, f) < 0)
		return -1;
	return hostname_apply(tx, act, was, &h, f);
}

static const struct sql_stmt hostname_settle = { "update hostname set stale = 0 where id = $1" };

/* One that is refused (its zone is being deleted, say) stays as it is: it must not be in the way of
 * the others for ever. */
static int hostname_try_follow(struct sql_tx *tx, struct act *act, const struct hostname_row *h,
			       struct fail *f)
{
	struct fail refused = FAIL_INIT;

	if (hostname_follow(tx, act, h, &refused) == 0)
		return 0;
	if (refused.kind == FAIL_SYSTEM || refused.kind == FAIL_UNAVAILABLE)
		return fail(f, refused.kind, "%s", refused.words);
	return row_exec_id(tx, &hostname_settle, &h->id, f);
}

int hostname_work(struct sql_tx *tx, struct act *act, bool *more, struct fail *f)
{
	struct stale *s = arena_new(act->arena, struct stale);

	s->arena = act->arena;
	if (stale_read(tx, s, f) < 0)
		return -1;
	for (int i = 0; i < s->count; i++)
		if (hostname_try_follow(tx, act, &s->rows[i], f) < 0)
			return -1;
	*more = s->count == WORK_NAMES;
	return 0;
}

int hostname_server_changed(struct sql_tx *tx, struct act *act, const struct zone_row *zone,
			    struct slice name, struct fail *f)
{
	struct sql_query q;
	bool more;

	if (zone_fallback_follow(tx, act, &zone->id, name, f) < 0)
		return -1;
	sql_start(&q, tx, &hostnames_mark);
	sql_bind_id(&q, 1, &zone->id);
	sql_bind_text(&q, 2, name);
	if (sql_end(&q, f) < 0)
		return -1;
	return sql_changes(tx) == 0 ? 0 : hostname_work(tx, act, &more, f);
}

const struct sql_stmt *const hostname_statements[] = {
	&hostname_insert,
	&hostname_update,
	&hostname_by_id,
	&hostname_held,
	&hostnames_of_zone,
	&hostnames_named,
	&hostnames_pending,
	&hostname_set_checked,
	&hostname_remove,
	&hostnames_mark,
	&hostnames_stale,
	&hostname_settle,
	NULL,
};
