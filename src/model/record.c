#include "model/record.h"

#include "model/audit.h"
#include "model/hostname.h"
#include "model/name.h"
#include "model/origin.h"
#include "model/row.h"
#include "model/zone.h"
#include "proto/dns/address.h"
#include "proto/dns/name.h"
#include "run/random/random.h"

#define COLUMNS                                                                                    \
	"id, zone, type, name, content, ttl, proxied, comment, tags, origin_scheme,"               \
	" origin_http_port, origin_https_port, created_at, modified_at"

static const char *const type_names[RECORD_TYPES] = {
	[RECORD_A] = "A",
	[RECORD_AAAA] = "AAAA",
	[RECORD_CNAME] = "CNAME",
};

const char *record_type_name(enum record_type t)
{
	must((unsigned)t < RECORD_TYPES);
	return type_names[t];
}

bool record_type_parse(struct slice text, enum record_type *out)
{
	for (unsigned i = 0; i < RECORD_TYPES; i++) {
		if (slice_eq_nocase(text, slice_str(type_names[i]))) {
			*out = (enum record_type)i;
			return true;
		}
	}
	return false;
}

static void record_read(struct sql_query *q, struct arena *a, struct record_row *out)
{
	sql_id(q, 0, &out->id);
	sql_id(q, 1, &out->zone);
	out->type = (enum record_type)sql_i64(q, 2);
	out->name = row_text(q, 3, a);
	out->content = row_text(q, 4, a);
	out->ttl = (uint32_t)sql_i64(q, 5);
	out->proxied = sql_i64(q, 6) != 0;
	out->comment = row_text(q, 7, a);
	out->tags = row_text(q, 8, a);
	out->origin_scheme = (enum origin_scheme)sql_i64(q, 9);
	out->origin_http_port = (uint16_t)sql_i64(q, 10);
	out->origin_https_port = (uint16_t)sql_i64(q, 11);
	out->created_at = sql_i64(q, 12);
	out->modified_at = sql_i64(q, 13);
}

static struct slice record_json(const struct record_row *r, struct arena *a)
{
	json_t *o = json_object();

	audit_set(o, "type", slice_str(record_type_name(r->type)));
	audit_set(o, "name", r->name);
	audit_set(o, "content", r->content);
	audit_set_int(o, "ttl", r->ttl);
	audit_set_bool(o, "proxied", r->proxied);
	audit_set(o, "comment", r->comment);
	audit_set(o, "origin_scheme", slice_str(origin_scheme_name(r->origin_scheme)));
	audit_set_int(o, "origin_http_port", r->origin_http_port);
	audit_set_int(o, "origin_https_port", r->origin_https_port);
	return audit_json(a, o);
}

/* ---- what a record may say ---- */

/* "www", "@", "www.example.com": the full name, within the zone. */
static int record_name(struct arena *a, const struct zone_row *zone, struct slice text,
		       struct slice *out, struct fail *f)
{
	const unsigned allow = DNS_NAME_WILDCARD | DNS_NAME_UNDERSCORE;
	struct dns_name n;
	bool converted;

	if (slice_eq_str(text, "@")) {
		*out = zone->name;
		return 0;
	}
	enum dns_name_answer got = dns_name_from_user(text, allow, &n, &converted);
	if (got == DNS_NAME_OK && dns_name_is_within(dns_name_slice(&n), zone->name)) {
		*out = arena_copy(a, dns_name_slice(&n));
		return 0;
	}
	const char *full = arena_printf(a, "%.*s.%.*s", SLICE_ARG(text), SLICE_ARG(zone->name));
	if (got == DNS_NAME_OK || got == DNS_NAME_STAR)
		got = dns_name_from_user(slice_str(full), allow, &n, &converted);
	if (got != DNS_NAME_OK)
		return fail_code(f, FAIL_INPUT, 9000, "the name %.*s %s", SLICE_ARG(text),
				 dns_name_why(got));
	*out = arena_copy(a, dns_name_slice(&n));
	return 0;
}

static int content_address(const struct record_row *r, bool v6, struct fail *f)
{
	struct dns_address a;

	if (dns_address_parse(r->content, &a) && a.v6 == v6)
		return 0;
	return fail_code(f, FAIL_INPUT, v6 ? 9006 : 9005,
			 "Content for %s record must be a valid IPv%d address.",
			 record_type_name(r->type), v6 ? 6 : 4);
}

static int content_name(const struct record_row *r, struct fail *f)
{
	struct dns_name n;
	bool converted;

	if (dns_name_from_user(r->content, DNS_NAME_UNDERSCORE, &n, &converted) != DNS_NAME_OK)
		return fail_code(f, FAIL_INPUT, 9007,
				 "Content for CNAME record must be a valid hostname.");
	if (slice_eq(dns_name_slice(&n), r->name))
		return fail_code(f, FAIL_INPUT, 9039, "CNAME content cannot reference itself.");
	return 0;
}

static int record_content(const struct record_row *r, struct fail *f)
{
	if (r->content.n > RECORD_CONTENT_MAX)
		return fail_code(f, FAIL_INPUT, 9015, "content is longer than %d bytes",
				 RECORD_CONTENT_MAX);
	switch (r->type) {
	case RECORD_A: return content_address(r, false, f);
	case RECORD_AAAA: return content_address(r, true, f);
	case RECORD_CNAME: return content_name(r, f);
	}
	must_not_reach();
}

static int record_rest(const struct record_row *r, struct fail *f)
{
	if (r->ttl != 1 && (r->ttl < 60 || r->ttl > 86400))
		return fail_code(f, FAIL_INPUT, 9021,
				 "ttl must be between 60 and 86400 seconds, or 1 for Automatic");
	if (r->comment.n > RECORD_COMMENT_MAX)
		return fail_code(f, FAIL_INPUT, 9208, "a comment has at most %d bytes",
				 RECORD_COMMENT_MAX);
	return 0;
}

/* What the caller asks for, checked and in the one spelling. */
static int record_fill(const struct act *act, const struct zone_row *zone,
		       const struct record_row *want, struct record_row *out, struct fail *f)
{
	struct arena *a = act->arena;

	*out = *want;
	if (record_name(a, zone, want->name, &out->name, f) < 0)
		return -1;
	out->content = arena_copy(a, want->content);
	out->comment = want->comment.p == NULL ? SLICE_NONE : arena_copy(a, want->comment);
	out->tags = want->tags.n == 0 ? slice_lit("[]") : arena_copy(a, want->tags);
	out->ttl = want->proxied ? 1 : want->ttl;
	out->origin_http_port = want->origin_http_port == 0 ? 80 : want->origin_http_port;
	out->origin_https_port = want->origin_https_port == 0 ? 443 : want->origin_https_port;
	if (record_content(out, f) < 0)
		return -1;
	return record_rest(want->proxied ? out : want, f);
}

/* ---- neighbours of the same name ---- */

static const struct sql_stmt records_of_name = {
	"select " COLUMNS " from record where zone = $1 and name = $2 order by type, content"
};

static int conflict(const struct record_row *r, const struct record_row *other, struct fail *f)
{
	if (r->type == other->type && slice_eq(r->content, other->content))
		return fail_code(f, FAIL_CONFLICT, 81058, "An identical record already exists.");
	if (other->type == RECORD_CNAME)
		return fail_code(f, FAIL_CONFLICT, 81054,
				 "A CNAME record with that host already exists.");
	if (r->type == RECORD_CNAME)
		return fail_code(f, FAIL_CONFLICT, 81053,
				 "An A, AAAA, or CNAME record with that host already exists.");
	return 0;
}

static int record_conflicts(struct sql_tx *tx, const struct record_row *r, struct fail *f)
{
	struct record_row other;
	struct sql_query q;
	int bad = 0;

	sql_start(&q, tx, &records_of_name);
	sql_bind_id(&q, 1, &r->zone);
	sql_bind_text(&q, 2, r->name);
	while (bad == 0 && sql_row(&q)) {
		record_read(&q, NULL, &other);
		if (!id_eq(&other.id, &r->id))
			bad = conflict(r, &other, f);
	}
	return sql_end(&q, f) < 0 ? -1 : bad;
}

/* ---- the name it serves ---- */

/* Gathers the proxied records of a name into one origin; none: *proxied stays false. */
static int origin_gather(struct sql_tx *tx, const struct act *act, const struct zone_row *zone,
			 struct slice name, struct origin_record *out, bool *proxied,
			 struct fail *f)
{
	struct record_row r;
	struct dns_address address;
	struct sql_query q;
	int bad = 0;

	*out = (struct origin_record){ .host = slice_lit(""), .sni = slice_lit("") };
	*proxied = false;
	sql_start(&q, tx, &records_of_name);
	sql_bind_id(&q, 1, &zone->id);
	sql_bind_text(&q, 2, name);
	while (bad == 0 && sql_row(&q)) {
		record_read(&q, act->arena, &r);
		if (!r.proxied)
			continue;
		*proxied = true;
		out->scheme = r.origin_scheme;
		out->http_port = r.origin_http_port;
		out->https_port = r.origin_https_port;
		if (r.type == RECORD_CNAME)
			out->host = r.content;
		else if (dns_address_parse(r.content, &address))
			bad = origin_add_address(out, &address, act->config, 9041, f);
	}
	return sql_end(&q, f) < 0 ? -1 : bad;
}

/* A CNAME's content as an origin host: checked like every origin. */
static int origin_host_check(const struct act *act, struct origin_record *o, struct fail *f)
{
	struct origin_want want = { .scheme = o->scheme,
				    .http_port = o->http_port,
				    .https_port = o->https_port,
				    .host = o->host };

	return o->host.n == 0 ? 0 : origin_resolve(&want, act->config, act->arena, o, f);
}

/* A deeper zone of another holder has the say over its names. */
static int record_zone_speaks(struct sql_tx *tx, const struct act *act, const struct zone_row *zone,
			      struct slice name, struct fail *f)
{
	struct zone_row deepest;

	if (zone_find_containing(tx, act->arena, name, &deepest, f) < 0)
		return -1;
	if (id_eq(&deepest.id, &zone->id))
		return 0;
	return fail_code(f, FAIL_CONFLICT, 9041,
			 "%.*s cannot be proxied here: the zone %.*s has it", SLICE_ARG(name),
			 SLICE_ARG(deepest.name));
}

/* A refusal leaves nothing behind: the work on a large zone passes such names over. */
static int serve_with(struct sql_tx *tx, struct act *act, struct name_row *row,
		      const struct origin_record *origin, struct fail *f)
{
	if (origin_use(tx, act, origin, &row->origin, f) < 0)
		return -1;
	int r = name_serve(tx, act, row, f);
	if (r < 0 && origin_drop(tx, act, &row->origin, f) < 0)
		return -1; /* with the words of the first failure */
	return r;
}

int record_sync_name(struct sql_tx *tx, struct act *act, const struct zone_row *zone,
		     struct slice name, struct fail *f)
{
	struct name_row row = {
		.name = name, .zone = zone->id, .account = zone->account, .source = NAME_FROM_RECORD
	};
	struct origin_record origin;
	struct fail absent = FAIL_INIT;
	struct name_row was;
	bool proxied;

	if (zone->status != ZONE_STATUS_ACTIVE)
		return 0;
	if (origin_gather(tx, act, zone, name, &origin, &proxied, f) < 0)
		return -1;
	if (proxied) {
		if (record_zone_speaks(tx, act, zone, name, f) < 0 ||
		    origin_host_check(act, &origin, f) < 0 ||
		    serve_with(tx, act, &row, &origin, f) < 0)
			return -1;
	} else if (name_find(tx, act->arena, name, &was, &absent) == 0 &&
		   was.source == NAME_FROM_RECORD && id_eq(&was.zone, &zone->id)) {
		if (name_unserve(tx, act, name, f) < 0)
			return -1;
	}
	return hostname_server_changed(tx, act, zone, name, f);
}

/* ---- operations ---- */

static int record_note(struct sql_tx *tx, const struct act *act, const char *action,
		       const struct zone_row *zone, const struct record_row *was,
		       const struct record_row *is, struct fail *f)
{
	const struct record_row *r = is == NULL ? was : is;
	struct audit_note note = { .action = action,
				   .object_kind = "dns_record",
				   .object = r->id,
				   .object_name = r->name,
				   .account = zone->account,
				   .zone = zone->id };

	note.before = was == NULL ? SLICE_NONE : record_json(was, act->arena);
	note.after = is == NULL ? SLICE_NONE : record_json(is, act->arena);
	return audit_append(tx, act, &note, f);
}

static const struct sql_stmt record_insert = {
	"insert into record (" COLUMNS ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
	" $12, $13, $14)"
};
static const struct sql_stmt record_update = {
	"update record set zone = $2, type = $3, name = $4, content = $5, ttl = $6, proxied = $7,"
	" comment = $8, tags = $9, origin_scheme = $10, origin_http_port = $11,"
	" origin_https_port = $12, created_at = $13, modified_at = $14 where id = $1"
};

static int record_write(struct sql_tx *tx, const struct sql_stmt *stmt, const struct record_row *r,
			struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, stmt);
	sql_bind_id(&q, 1, &r->id);
	sql_bind_id(&q, 2, &r->zone);
	sql_bind_i64(&q, 3, r->type);
	sql_bind_text(&q, 4, r->name);
	sql_bind_text(&q, 5, r->content);
	sql_bind_i64(&q, 6, r->ttl);
	sql_bind_i64(&q, 7, r->proxied);
	row_bind_text(&q, 8, r->comment);
	sql_bind_text(&q, 9, r->tags);
	sql_bind_i64(&q, 10, r->origin_scheme);
	sql_bind_i64(&q, 11, r->origin_http_port);
	sql_bind_i64(&q, 12, r->origin_https_port);
	sql_bind_i64(&q, 13, r->created_at);
	sql_bind_i64(&q, 14, r->modified_at);
	return sql_end(&q, f);
}

int record_create(struct sql_tx *tx, struct act *act, const struct record_row *want,
		  struct record_row *out, struct fail *f)
{
	struct zone_row zone;

	if (zone_find(tx, act->arena, &want->zone, &zone, f) < 0 ||
	    record_fill(act, &zone, want, out, f) < 0)
		return -1;
	random_id(&out->id);
	out->created_at = act->now;
	out->modified_at = act->now;
	if (record_conflicts(tx, out, f) < 0 || record_write(tx, &record_insert, out, f) < 0 ||
	    record_sync_name(tx, act, &zone, out->name, f) < 0)
		return -1;
	return record_note(tx, act, "dns_record.create", &zone, NULL, out, f);
}

int record_replace(struct sql_tx *tx, struct act *act, const struct record_row *want,
		   struct record_row *out, struct fail *f)
{
	struct zone_row zone;
	struct record_row was;

	if (zone_find(tx, act->arena, &want->zone, &zone, f) < 0 ||
	    record_find(tx, act->arena, &want->zone, &want->id, &was, f) < 0 ||
	    record_fill(act, &zone, want, out, f) < 0)
		return -1;
	out->created_at = was.created_at;
	out->modified_at = act->now;
	if (record_conflicts(tx, out, f) < 0 || record_write(tx, &record_update, out, f) < 0 ||
	    record_sync_name(tx, act, &zone, out->name, f) < 0)
		return -1;
	if (!slice_eq(was.name, out->name) && record_sync_name(tx, act, &zone, was.name, f) < 0)
		return -1;
	return record_note(tx, act, "dns_record.update", &zone, &was, out, f);
}

static const struct sql_stmt record_remove = { "delete from record where id = $1" };

int record_delete(struct sql_tx *tx, struct act *act, const struct id *zone_id, const struct id *id,
		  struct fail *f)
{
	struct zone_row zone;
	struct record_row was;

	if (zone_find(tx, act->arena, zone_id, &zone, f) < 0 ||
	    record_find(tx, act->arena, zone_id, id, &was, f) < 0 ||
	    row_exec_id(tx, &record_remove, id, f) < 0 ||
	    record_sync_name(tx, act, &zone, was.name, f) < 0)
		return -1;
	return record_note(tx, act, "dns_record.delete", &zone, &was, NULL, f);
}

static const struct sql_stmt record_by_id = { "select " COLUMNS
					      " from record where id = $1 and zone = $2" };

int record_find(struct sql_tx *tx, struct arena *a, const struct id *zone, const struct id *id,
		struct record_row *out, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &record_by_id);
	sql_bind_id(&q, 1, id);
	sql_bind_id(&q, 2, zone);
	bool found = sql_row(&q);
	if (found)
		record_read(&q, a, out);
	if (sql_end(&q, f) < 0)
		return -1;
	return found ? 0 : fail_code(f, FAIL_ABSENT, 81044, "Record does not exist.");
}

static const struct sql_stmt records_of_zone = {
	"select " COLUMNS " from record where zone = $1 order by name, type, content"
};

int record_each(struct sql_tx *tx, const struct id *zone, struct slice name, record_each_f *each,
		void *arg, struct fail *f)
{
	struct record_row row;
	struct sql_query q;

	sql_start(&q, tx, name.p == NULL ? &records_of_zone : &records_of_name);
	sql_bind_id(&q, 1, zone);
	if (name.p != NULL)
		sql_bind_text(&q, 2, name);
	while (sql_row(&q)) {
		record_read(&q, NULL, &row);
		if (!each(arg, &row))
			break;
	}
	return sql_end(&q, f);
}

static const struct sql_stmt proxied_after = {
	"select distinct name from record where zone = $1 and proxied = 1 and name > $2"
	" order by name limit $3"
};

int record_proxied_after(struct sql_tx *tx, struct arena *a, const struct id *zone,
			 struct slice after, struct slice *names, int limit, int *count,
			 struct fail *f)
{
	struct sql_query q;

	*count = 0;
	sql_start(&q, tx, &proxied_after);
	sql_bind_id(&q, 1, zone);
	sql_bind_text(&q, 2, after);
	sql_bind_i64(&q, 3, limit);
	while (*count < limit && sql_row(&q))
		names[(*count)++] = row_text(&q, 0, a);
	return sql_end(&q, f);
}

const struct sql_stmt *const record_statements[] = {
	&records_of_name, &record_insert,   &record_update, &record_remove,
	&record_by_id,    &records_of_zone, &proxied_after, NULL,
};
