/* What a zone's change may cause is not bounded: a zone that becomes active may have a million
 * proxied records. So the transaction that changes the zone does the first WORK_NAMES of them and
 * leaves the rest to zone_work(): column `resume` holds the last name done, status DELETED means
 * that what is left is being removed. A zone that is not active has no record in the replica, so
 * that its names answer nobody from the first transaction on. */
#include "model/zone.h"

#include "model/audit.h"
#include "model/change.h"
#include "model/hostname.h"
#include "model/kind.h"
#include "model/name.h"
#include "model/origin.h"
#include "model/owner.h"
#include "model/record.h"
#include "model/row.h"
#include "proto/dns/name.h"
#include "run/random/random.h"

#define COLUMNS                                                                                    \
	"id, account, name, type, status, paused, verification_key, ssl, fallback_origin,"         \
	" fallback_host, fallback_created_at, fallback_updated_at, version, created_at,"           \
	" modified_at, activated_at, checked_at"

#define WORK_NAMES 200 /* names of one transaction: at most three change records each */

const char *zone_status_name(enum zone_status s)
{
	static const char *const names[] = { "pending", "active", "moved", "deleted" };

	must((unsigned)s < sizeof(names) / sizeof(names[0]));
	return names[s];
}

const char *zone_type_name(enum zone_type t)
{
	return t == ZONE_TYPE_PARTIAL ? "partial" : "full";
}

bool zone_type_parse(struct slice text, enum zone_type *out)
{
	if (slice_eq_str(text, "full"))
		*out = ZONE_TYPE_FULL;
	else if (slice_eq_str(text, "partial"))
		*out = ZONE_TYPE_PARTIAL;
	else
		return false;
	return true;
}

static void zone_read(struct sql_query *q, struct arena *a, struct zone_row *out)
{
	sql_id(q, 0, &out->id);
	sql_id(q, 1, &out->account);
	out->name = row_text(q, 2, a);
	out->type = (enum zone_type)sql_i64(q, 3);
	out->status = (enum zone_status)sql_i64(q, 4);
	out->paused = sql_i64(q, 5) != 0;
	out->verification_key = row_text(q, 6, a);
	out->ssl = (enum ssl_mode)sql_i64(q, 7);
	sql_id(q, 8, &out->fallback_origin);
	out->fallback_host = row_text(q, 9, a);
	out->fallback_created_at = sql_i64(q, 10);
	out->fallback_updated_at = sql_i64(q, 11);
	out->version = (uint64_t)sql_i64(q, 12);
	out->created_at = sql_i64(q, 13);
	out->modified_at = sql_i64(q, 14);
	out->activated_at = sql_i64(q, 15);
	out->checked_at = sql_i64(q, 16);
}

static struct slice zone_json(const struct zone_row *z, struct arena *a)
{
	json_t *o = json_object();

	audit_set(o, "name", z->name);
	audit_set(o, "type", slice_str(zone_type_name(z->type)));
	audit_set(o, "status", slice_str(zone_status_name(z->status)));
	audit_set_bool(o, "paused", z->paused);
	audit_set(o, "fallback_origin", z->fallback_host);
	return audit_json(a, o);
}

static int zone_note(struct sql_tx *tx, const struct act *act, const char *action,
		     const struct zone_row *was, const struct zone_row *is, struct fail *f)
{
	const struct zone_row *z = is == NULL ? was : is;
	struct audit_note note = { .action = action,
				   .object_kind = "zone",
				   .object = z->id,
				   .object_name = z->name,
				   .account = z->account,
				   .zone = z->id };

	note.before = was == NULL ? SLICE_NONE : zone_json(was, act->arena);
	note.after = is == NULL ? SLICE_NONE : zone_json(is, act->arena);
	return audit_append(tx, act, &note, f);
}

/* ---- finding ---- */

static int zone_one(struct sql_query *q, struct arena *a, struct zone_row *out, bool *found,
		    struct fail *f)
{
	*found = sql_row(q);
	if (*found)
		zone_read(q, a, out);
	return sql_end(q, f);
}

static const struct sql_stmt zone_by_id = { "select " COLUMNS
					    " from zone where id = $1 and status < 3" };

int zone_find(struct sql_tx *tx, struct arena *a, const struct id *id, struct zone_row *out,
	      struct fail *f)
{
	struct sql_query q;
	bool found;

	sql_start(&q, tx, &zone_by_id);
	sql_bind_id(&q, 1, id);
	if (zone_one(&q, a, out, &found, f) < 0)
		return -1;
	return found ? 0 : fail_code(f, FAIL_ABSENT, 1001, "Invalid zone identifier");
}

static const struct sql_stmt zone_held = { "select " COLUMNS
					   " from zone where name = $1 and status = 1" };

int zone_find_containing(struct sql_tx *tx, struct arena *a, struct slice name,
			 struct zone_row *out, struct fail *f)
{
	struct sql_query q;
	bool found = false;

	for (struct slice s = name; s.n > 0 && !found; s = dns_name_parent(s)) {
		sql_start(&q, tx, &zone_held);
		sql_bind_text(&q, 1, s);
		if (zone_one(&q, a, out, &found, f) < 0)
			return -1;
	}
	return found ? 0 : fail(f, FAIL_ABSENT, "no active zone contains %.*s", SLICE_ARG(name));
}

static const struct sql_stmt zones_all = { "select " COLUMNS
					   " from zone where status < 3 order by name, id" };
static const struct sql_stmt zones_of_account = {
	"select " COLUMNS " from zone where account = $1 and status < 3 order by name, id"
};
static const struct sql_stmt zones_named = {
	"select " COLUMNS " from zone where key = $1 and status < 3 order by status, id"
};

static int zone_walk(struct sql_query *q, const struct id *account, zone_each_f *each, void *arg,
		     struct fail *f)
{
	struct zone_row row;

	while (sql_row(q)) {
		zone_read(q, NULL, &row);
		if (account != NULL && !id_eq(&row.account, account))
			continue;
		if (!each(arg, &row))
			break;
	}
	return sql_end(q, f);
}

int zone_each(struct sql_tx *tx, const struct id *account, struct slice name, zone_each_f *each,
	      void *arg, struct fail *f)
{
	uint8_t room[DNS_NAME_KEY];
	struct sql_query q;

	if (name.p != NULL) {
		struct slice key = dns_name_key(name, room);

		sql_start(&q, tx, &zones_named);
		sql_bind_blob(&q, 1, key.p == NULL ? slice_lit("") : key);
	} else if (account != NULL) {
		sql_start(&q, tx, &zones_of_account);
		sql_bind_id(&q, 1, account);
	} else {
		sql_start(&q, tx, &zones_all);
	}
	return zone_walk(&q, account, each, arg, f);
}

static const struct sql_stmt zones_pending = {
	"select " COLUMNS " from zone where status = 0 and checked_at < $1 order by checked_at"
	" limit $2"
};

int zone_each_pending(struct sql_tx *tx, stamp before, int limit, zone_each_f *each, void *arg,
		      struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &zones_pending);
	sql_bind_i64(&q, 1, before);
	sql_bind_i64(&q, 2, limit);
	return zone_walk(&q, NULL, each, arg, f);
}

static const struct sql_stmt zone_set_checked = { "update zone set checked_at = $2 where id = $1" };

int zone_checked(struct sql_tx *tx, const struct id *id, stamp now, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &zone_set_checked);
	sql_bind_id(&q, 1, id);
	sql_bind_i64(&q, 2, now);
	return sql_end(&q, f);
}

/* ---- writing ---- */

static const struct sql_stmt zone_insert = {
	"insert into zone (" COLUMNS ", key) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
	" $12, $13, $14, $15, $16, $17, $18)"
};
static const struct sql_stmt zone_update = {
	"update zone set account = $2, name = $3, type = $4, status = $5, paused = $6,"
	" verification_key = $7, ssl = $8, fallback_origin = $9, fallback_host = $10,"
	" fallback_created_at = $11, fallback_updated_at = $12, version = $13, created_at = $14,"
	" modified_at = $15, activated_at = $16, checked_at = $17, key = $18 where id = $1"
};

static int zone_write(struct sql_tx *tx, const struct sql_stmt *stmt, const struct zone_row *z,
		      struct fail *f)
{
	uint8_t room[DNS_NAME_KEY];
	struct sql_query q;

	sql_start(&q, tx, stmt);
	sql_bind_id(&q, 1, &z->id);
	sql_bind_id(&q, 2, &z->account);
	sql_bind_text(&q, 3, z->name);
	sql_bind_i64(&q, 4, z->type);
	sql_bind_i64(&q, 5, z->status);
	sql_bind_i64(&q, 6, z->paused);
	sql_bind_text(&q, 7, z->verification_key);
	sql_bind_i64(&q, 8, z->ssl);
	row_bind_id(&q, 9, &z->fallback_origin);
	row_bind_text(&q, 10, z->fallback_host);
	sql_bind_i64(&q, 11, z->fallback_created_at);
	sql_bind_i64(&q, 12, z->fallback_updated_at);
	sql_bind_i64(&q, 13, (int64_t)z->version);
	sql_bind_i64(&q, 14, z->created_at);
	sql_bind_i64(&q, 15, z->modified_at);
	sql_bind_i64(&q, 16, z->activated_at);
	sql_bind_i64(&q, 17, z->checked_at);
	sql_bind_blob(&q, 18, dns_name_key(z->name, room));
	return sql_end(&q, f);
}

/* Every change of a zone counts its version up and goes to the machines. */
int zone_save(struct sql_tx *tx, struct act *act, struct zone_row *z, struct fail *f)
{
	z->version++;
	z->modified_at = act->now;
	if (zone_write(tx, &zone_update, z, f) < 0)
		return -1;
	return kind_publish(tx, act, &z->id, REPLICA_ZONE, id_slice(&z->id), f);
}

/* ---- work that may be larger than a transaction ---- */

static const struct sql_stmt zone_set_resume = { "update zone set resume = $2 where id = $1" };

static int set_resume(struct sql_tx *tx, const struct id *id, struct slice at, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &zone_set_resume);
	sql_bind_id(&q, 1, id);
	row_bind_text(&q, 2, at);
	return sql_end(&q, f);
}

/* Serves the next names that have proxied records. One that cannot be served (another holds it)
 * stays a record and is passed over. */
static int zone_serve_some(struct sql_tx *tx, struct act *act, const struct zone_row *z,
			   struct slice after, struct fail *f)
{
	struct slice *names = arena_array(act->arena, struct slice, WORK_NAMES);
	int n;

	if (record_proxied_after(tx, act->arena, &z->id, after, names, WORK_NAMES, &n, f) < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		struct fail refused = FAIL_INIT;

		if (record_sync_name(tx, act, z, names[i], &refused) == 0)
			continue;
		if (refused.kind != FAIL_CONFLICT && refused.kind != FAIL_INPUT)
			return fail(f, refused.kind, "%s", refused.words);
	}
	return set_resume(tx, &z->id, n == WORK_NAMES ? names[n - 1] : SLICE_NONE, f);
}

struct names {
	struct arena *arena;
	struct slice list[WORK_NAMES];
	int count;
};

static bool names_add(void *arg, const struct name_row *row)
{
	struct names *n = arg;

	n->list[n->count++] = arena_copy(n->arena, row->name);
	return n->count < WORK_NAMES;
}

static int zone_unserve_some(struct sql_tx *tx, struct act *act, const struct id *id, bool *more,
			     struct fail *f)
{
	struct names *n = arena_new(act->arena, struct names);

	n->arena = act->arena;
	if (name_each(tx, id, names_add, n, f) < 0)
		return -1;
	for (int i = 0; i < n->count; i++)
		if (name_unserve(tx, act, n->list[i], f) < 0)
			return -1;
	*more = n->count == WORK_NAMES;
	return 0;
}

static const struct sql_stmt zone_no_records = { "delete from record where zone = $1" };
static const struct sql_stmt zone_no_hostnames = { "delete from hostname where zone = $1" };
static const struct sql_stmt zone_no_settings = { "delete from zone_setting where zone = $1" };
static const struct sql_stmt zone_no_tokens = { "delete from token where zone = $1" };
static const struct sql_stmt zone_remove = { "delete from zone where id = $1" };

/* Of a deleted zone: names first; when the last is gone, the rest. */
static int zone_purge(struct sql_tx *tx, struct act *act, const struct zone_row *z, struct fail *f)
{
	static const struct sql_stmt *const steps[] = { &zone_no_records, &zone_no_hostnames,
							&zone_no_settings, &zone_no_tokens,
							&zone_remove };
	bool more;

	if (zone_unserve_some(tx, act, &z->id, &more, f) < 0)
		return -1;
	if (more)
		return 0;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (row_exec_id(tx, steps[i], &z->id, f) < 0)
			return -1;
	return origin_drop(tx, act, &z->fallback_origin, f);
}

static const struct sql_stmt zone_unfinished = {
	"select " COLUMNS ", resume from zone where status = 3 or resume is not null limit 1"
};

int zone_work(struct sql_tx *tx, struct act *act, bool *more, struct fail *f)
{
	struct slice resume = SLICE_NONE;
	struct sql_query q;
	struct zone_row z;

	sql_start(&q, tx, &zone_unfinished);
	*more = sql_row(&q);
	if (*more) {
		zone_read(&q, act->arena, &z);
		resume = row_text(&q, 17, act->arena);
	}
	if (sql_end(&q, f) < 0)
		return -1;
	if (!*more)
		return hostname_work(tx, act, more, f);
	if (z.status == ZONE_STATUS_DELETED)
		return zone_purge(tx, act, &z, f);
	if (z.status == ZONE_STATUS_ACTIVE)
		return zone_serve_some(tx, act, &z, resume, f);
	return set_resume(tx, &z.id, SLICE_NONE, f);
}

/* ---- operations ---- */

/* The holder before loses the zone: from this transaction on nothing of it is served. Its names
 * are taken over one by one, or removed with the zone. */
static int zone_dispossess(struct sql_tx *tx, struct act *act, struct slice name, struct fail *f)
{
	struct sql_query q;
	struct zone_row was;
	bool found;

	sql_start(&q, tx, &zone_held);
	sql_bind_text(&q, 1, name);
	if (zone_one(&q, act->arena, &was, &found, f) < 0)
		return -1;
	if (!found)
		return 0;
	struct zone_row moved = was;
	moved.status = ZONE_STATUS_MOVED;
	if (zone_save(tx, act, &moved, f) < 0)
		return -1;
	return zone_note(tx, act, "zone.moved", &was, &moved, f);
}

static int zone_decide(struct sql_tx *tx, const struct act *act, const struct zone_row *z,
		       bool standing, bool proven, enum owner_answer *out, struct fail *f)
{
	struct owner_claim claim = { z->name,  z->account, OWNER_ZONE,
				     standing, proven,     act->config->activation };

	return owner_decide_in(tx, &claim, out, f);
}

static void zone_fresh(const struct act *act, const struct zone_row *want, struct zone_row *out)
{
	struct id key;
	char hex[ID_HEX + 1];

	random_id(&key);
	id_hex(&key, hex);
	*out = (struct zone_row){ .account = want->account,
				  .name = out->name,
				  .type = want->type,
				  .ssl = SSL_FULL,
				  .verification_key = arena_copy(act->arena, slice_str(hex)),
				  .version = 1,
				  .created_at = act->now,
				  .modified_at = act->now };
	random_id(&out->id);
}

int zone_create(struct sql_tx *tx, struct act *act, const struct zone_row *want,
		struct zone_row *out, struct fail *f)
{
	enum owner_answer answer;

	if (owner_zone_name(want->name, act->config, act->arena, &out->name, f) < 0)
		return -1;
	zone_fresh(act, want, out);
	if (zone_decide(tx, act, out, false, false, &answer, f) < 0)
		return -1;
	if (answer == OWNER_DUPLICATE)
		return fail_code(f, FAIL_CONFLICT, 1061, "%.*s already exists",
				 SLICE_ARG(out->name));
	if (answer == OWNER_HELD) {
		out->status = ZONE_STATUS_ACTIVE;
		out->activated_at = act->now;
	}
	if (zone_write(tx, &zone_insert, out, f) < 0)
		return -1;
	if (out->status == ZONE_STATUS_ACTIVE &&
	    kind_publish(tx, act, &out->id, REPLICA_ZONE, id_slice(&out->id), f) < 0)
		return -1;
	return zone_note(tx, act, "zone.create", NULL, out, f);
}

int zone_replace(struct sql_tx *tx, struct act *act, const struct zone_row *want,
		 struct zone_row *out, struct fail *f)
{
	struct zone_row was;

	if (zone_find(tx, act->arena, &want->id, &was, f) < 0)
		return -1;
	*out = was;
	out->paused = want->paused;
	out->type = want->type;
	if (zone_save(tx, act, out, f) < 0)
		return -1;
	return zone_note(tx, act, "zone.update", &was, out, f);
}

int zone_delete(struct sql_tx *tx, struct act *act, const struct id *id, struct fail *f)
{
	struct zone_row was, gone;

	if (zone_find(tx, act->arena, id, &was, f) < 0)
		return -1;
	gone = was;
	gone.status = ZONE_STATUS_DELETED;
	if (zone_save(tx, act, &gone, f) < 0 || zone_purge(tx, act, &gone, f) < 0)
		return -1;
	return zone_note(tx, act, "zone.delete", &was, NULL, f);
}

int zone_activate(struct sql_tx *tx, struct act *act, const struct id *id, bool proven,
		  struct zone_row *out, struct fail *f)
{
	enum owner_answer answer;
	struct zone_row was;

	if (zone_find(tx, act->arena, id, &was, f) < 0)
		return -1;
	*out = was;
	out->checked_at = act->now;
	if (was.status == ZONE_STATUS_ACTIVE)
		return zone_checked(tx, id, act->now, f);
	if (zone_decide(tx, act, &was, true, proven, &answer, f) < 0)
		return -1;
	if (answer != OWNER_HELD && answer != OWNER_TAKES)
		return zone_checked(tx, id, act->now, f);
	if (zone_dispossess(tx, act, was.name, f) < 0)
		return -1;
	out->status = ZONE_STATUS_ACTIVE;
	out->activated_at = act->now;
	if (zone_save(tx, act, out, f) < 0 || zone_serve_some(tx, act, out, slice_lit(""), f) < 0)
		return -1;
	return zone_note(tx, act, "zone.activate", &was, out, f);
}

/* A host inside the zone is one of its proxied records: its origin is used directly, as asking
 * the DNS for it would lead back here. */
int zone_origin_of_record(struct sql_tx *tx, const struct act *act, const struct zone_row *z,
			  struct slice host, struct id *out, struct fail *f)
{
	struct fail absent = FAIL_INIT;
	struct name_row served;

	*out = (struct id){ 0 };
	if (name_find(tx, act->arena, host, &served, &absent) < 0)
		return absent.kind == FAIL_ABSENT ? 0 : fail(f, absent.kind, "%s", absent.words);
	if (!id_eq(&served.zone, &z->id) || served.source != NAME_FROM_RECORD)
		return 0;
	*out = served.origin;
	return origin_share(tx, out, f);
}

static int fallback_origin(struct sql_tx *tx, struct act *act, const struct zone_row *z,
			   const struct origin_want *want, struct id *out, struct fail *f)
{
	struct origin_record record;

	if (origin_resolve(want, act->config, act->arena, &record, f) < 0)
		return -1;
	if (dns_name_is_within(record.host, z->name)) {
		if (zone_origin_of_record(tx, act, z, record.host, out, f) < 0)
			return -1;
		if (!id_is_zero(out))
			return 0;
		return fail_code(f, FAIL_INPUT, 1421,
				 "%.*s is no proxied record of the zone: make it first",
				 SLICE_ARG(want->host));
	}
	return origin_use(tx, act, &record, out, f);
}

int zone_fallback_put(struct sql_tx *tx, struct act *act, const struct id *id,
		      const struct origin_want *want, struct zone_row *out, struct fail *f)
{
	struct zone_row was;

	if (zone_find(tx, act->arena, id, &was, f) < 0)
		return -1;
	*out = was;
	out->fallback_origin = (struct id){ 0 };
	out->fallback_host = SLICE_NONE;
	if (want->host.n > 0) {
		if (fallback_origin(tx, act, &was, want, &out->fallback_origin, f) < 0)
			return -1;
		out->fallback_host = arena_copy(act->arena, want->host);
	}
	out->fallback_created_at = was.fallback_host.n > 0 ? was.fallback_created_at : act->now;
	out->fallback_updated_at = act->now;
	if (zone_save(tx, act, out, f) < 0 || origin_drop(tx, act, &was.fallback_origin, f) < 0)
		return -1;
	return zone_note(tx, act, "zone.fallback_origin", &was, out, f);
}

int zone_fallback_follow(struct sql_tx *tx, struct act *act, const struct id *id, struct slice name,
			 struct fail *f)
{
	struct zone_row z;

	if (zone_find(tx, act->arena, id, &z, f) < 0)
		return -1;
	if (z.fallback_host.n == 0 || !slice_eq_nocase(z.fallback_host, name))
		return 0;
	struct id before = z.fallback_origin;
	if (zone_origin_of_record(tx, act, &z, name, &z.fallback_origin, f) < 0 ||
	    zone_save(tx, act, &z, f) < 0)
		return -1;
	return origin_drop(tx, act, &before, f);
}

const struct sql_stmt *const zone_statements[] = {
	&zone_by_id,
	&zone_held,
	&zones_all,
	&zones_of_account,
	&zones_named,
	&zones_pending,
	&zone_set_checked,
	&zone_insert,
	&zone_update,
	&zone_set_resume,
	&zone_no_records,
	&zone_no_hostnames,
	&zone_no_settings,
	&zone_no_tokens,
	&zone_remove,
	&zone_unfinished,
	NULL,
};
