#include "model/name.h"

#include "base/buf.h"
#include "model/certificate.h"
#include "model/choice.h"
#include "model/kind.h"
#include "model/order.h"
#include "model/origin.h"
#include "model/row.h"
#include "proto/dns/name.h"

#define COLUMNS "key, name, zone, account, source, source_id, origin, value, seq"

static int name_read(struct sql_query *q, struct arena *a, struct name_row *out)
{
	out->name = row_text(q, 1, a);
	sql_id(q, 2, &out->zone);
	sql_id(q, 3, &out->account);
	out->source = (enum name_source)sql_i64(q, 4);
	sql_id(q, 5, &out->source_id);
	sql_id(q, 6, &out->origin);
	out->seq = (uint64_t)sql_i64(q, 8);
	if (!name_record_decode(sql_blob(q, 7), &out->record))
		return -1;
	out->plain = (out->record.flags & NAME_PLAIN) != 0;
	return 0;
}

static const struct sql_stmt name_by_key = { "select " COLUMNS " from name where key = $1" };

/* 1: there, 0: not. */
static int name_look(struct sql_tx *tx, struct arena *a, struct slice name, struct name_row *out,
		     struct fail *f)
{
	uint8_t room[DNS_NAME_KEY];
	struct sql_query q;
	int damaged = 0;

	sql_start(&q, tx, &name_by_key);
	sql_bind_blob(&q, 1, dns_name_key(name, room));
	bool found = sql_row(&q);
	if (found)
		damaged = name_read(&q, a, out);
	if (sql_end(&q, f) < 0)
		return -1;
	if (damaged < 0)
		return fail(f, FAIL_SYSTEM, "the stored record of %.*s is damaged",
			    SLICE_ARG(name));
	return found;
}

int name_find(struct sql_tx *tx, struct arena *a, struct slice name, struct name_row *out,
	      struct fail *f)
{
	int found = name_look(tx, a, name, out, f);

	if (found < 0)
		return -1;
	return found ? 0 : fail(f, FAIL_ABSENT, "%.*s is not served", SLICE_ARG(name));
}

/* ---- the certificates it lists ---- */

#define LISTED_MAX 64 /* certificates of one name that are looked at, newest first */

struct listed {
	struct arena *arena;
	const struct id *account;
	size_t count;
	struct certificate_row rows[LISTED_MAX];
};

/* A certificate of an account that held the name before is not the present holder's. */
static bool listed_add(void *arg, const struct certificate_row *row)
{
	struct listed *l = arg;

	if (!id_eq(&row->account, l->account))
		return true;
	l->rows[l->count] = *row;
	l->rows[l->count].names = arena_copy(l->arena, row->names);
	return ++l->count < LISTED_MAX;
}

static int name_choose(struct sql_tx *tx, const struct act *act, struct name_row *row,
		       struct fail *f)
{
	struct listed *l = arena_new(act->arena, struct listed);
	struct choice_input in = { row->name, row->zone, act->now, l->rows, 0 };

	l->arena = act->arena;
	l->account = &row->account;
	if (certificate_each_listing(tx, row->name, listed_add, l, f) < 0)
		return -1;
	in.count = l->count;
	row->record.zone = row->zone;
	row->record.origin = row->origin;
	row->record.flags =
		(uint8_t)((row->source == NAME_FROM_HOSTNAME ? NAME_CUSTOM_HOSTNAME : 0) |
			  (row->plain ? NAME_PLAIN : 0));
	row->record.count = (uint8_t)choice_make(&in, row->record.candidates, NULL);
	return 0;
}

static bool name_has_live(const struct name_row *row, stamp now)
{
	const struct name_candidate *c = row->record.candidates;

	return row->record.count > 0 && c->not_before <= now && now < c->not_after;
}

static int name_order(struct sql_tx *tx, struct act *act, const struct name_row *row,
		      struct fail *f)
{
	struct order_row want = { .name = row->name,
				  .zone = row->zone,
				  .account = row->account,
				  .reason = ORDER_FOR_NEW_NAME,
				  .issuer = slice_lit("local") };

	return row->plain || name_has_live(row, act->now) ? 0 : order_create(tx, act, &want, f);
}

/* ---- writing ---- */

static const struct sql_stmt name_upsert = {
	"insert into name (" COLUMNS ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
	" on conflict (key) do update set zone = excluded.zone, account = excluded.account,"
	" source = excluded.source, source_id = excluded.source_id, origin = excluded.origin,"
	" value = excluded.value"
};
static const struct sql_stmt name_set_seq = { "update name set seq = $2 where key = $1" };

static int name_write(struct sql_tx *tx, const struct name_row *row, struct slice key,
		      struct slice value, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &name_upsert);
	sql_bind_blob(&q, 1, key);
	sql_bind_text(&q, 2, row->name);
	sql_bind_id(&q, 3, &row->zone);
	sql_bind_id(&q, 4, &row->account);
	sql_bind_i64(&q, 5, row->source);
	row_bind_id(&q, 6, &row->source_id);
	row_bind_id(&q, 7, &row->origin);
	sql_bind_blob(&q, 8, value);
	sql_bind_i64(&q, 9, (int64_t)row->seq);
	return sql_end(&q, f);
}

static int name_publish(struct sql_tx *tx, struct act *act, const struct name_row *row,
			struct slice key, struct fail *f)
{
	struct sql_query q;

	if (kind_publish(tx, act, &row->zone, REPLICA_NAME, key, f) < 0)
		return -1;
	sql_start(&q, tx, &name_set_seq);
	sql_bind_blob(&q, 1, key);
	sql_bind_i64(&q, 2, (int64_t)act->seq);
	return sql_end(&q, f);
}

/* Chooses, stores, and publishes when the record differs from `was` (NULL: there was none). */
static int name_put(struct sql_tx *tx, struct act *act, struct name_row *row,
		    const struct name_row *was, struct fail *f)
{
	uint8_t room[DNS_NAME_KEY];
	struct slice key = dns_name_key(row->name, room);
	struct buf value = BUF_INIT, before = BUF_INIT;

	int r = name_choose(tx, act, row, f);
	if (r == 0) {
		name_record_encode(&row->record, &value);
		if (was != NULL)
			name_record_encode(&was->record, &before);
		r = name_write(tx, row, key, buf_slice(&value), f);
	}
	if (r == 0 && !slice_eq(buf_slice(&value), buf_slice(&before)))
		r = name_publish(tx, act, row, key, f);
	buf_free(&value);
	buf_free(&before);
	return r < 0 ? -1 : name_order(tx, act, row, f);
}

static const struct sql_stmt zone_is_active = {
	"select count(*) from zone where id = $1 and status = 1"
};

/* A row left by a zone that lost the name is in nobody's way. */
static int name_free_for(struct sql_tx *tx, const struct name_row *was, const struct name_row *want,
			 struct fail *f)
{
	int64_t active;

	if (id_eq(&was->zone, &want->zone) && was->source == want->source &&
	    id_eq(&was->source_id, &want->source_id))
		return 0;
	if (row_number(tx, &zone_is_active, &was->zone, &active, f) < 0)
		return -1;
	if (active == 0)
		return 0;
	if (want->source == NAME_FROM_RECORD)
		return fail_code(f, FAIL_CONFLICT, 9041,
				 "%.*s cannot be proxied: it is served as a custom hostname",
				 SLICE_ARG(want->name));
	return fail_code(f, FAIL_CONFLICT, 1406, "%.*s is served already", SLICE_ARG(want->name));
}

int name_serve(struct sql_tx *tx, struct act *act, const struct name_row *want, struct fail *f)
{
	struct name_row was, row = *want;
	int found = name_look(tx, act->arena, want->name, &was, f);

	if (found < 0 || (found && name_free_for(tx, &was, want, f) < 0))
		return -1;
	row.seq = found ? was.seq : 0;
	if (name_put(tx, act, &row, found ? &was : NULL, f) < 0)
		return -1;
	return found ? origin_drop(tx, act, &was.origin, f) : 0;
}

int name_refresh(struct sql_tx *tx, struct act *act, struct slice name, struct fail *f)
{
	struct name_row row, was;
	int found = name_look(tx, act->arena, name, &row, f);

	if (found <= 0)
		return found;
	was = row;
	return name_put(tx, act, &row, &was, f);
}

static const struct sql_stmt name_remove = { "delete from name where key = $1" };

int name_unserve(struct sql_tx *tx, struct act *act, struct slice name, struct fail *f)
{
	uint8_t room[DNS_NAME_KEY];
	struct slice key = dns_name_key(name, room);
	struct name_row was;
	struct sql_query q;
	int found = name_look(tx, act->arena, name, &was, f);

	if (found <= 0)
		return found;
	sql_start(&q, tx, &name_remove);
	sql_bind_blob(&q, 1, key);
	if (sql_end(&q, f) < 0 || kind_publish(tx, act, &was.zone, REPLICA_NAME, key, f) < 0 ||
	    origin_drop(tx, act, &was.origin, f) < 0 || order_remove(tx, act, name, f) < 0)
		return -1;
	return certificate_release(tx, act, name, f);
}

static const struct sql_stmt names_of_zone = { "select " COLUMNS
					       " from name where zone = $1 order by name" };

int name_each(struct sql_tx *tx, const struct id *zone, name_each_f *each, void *arg,
	      struct fail *f)
{
	struct name_row row;
	struct sql_query q;

	sql_start(&q, tx, &names_of_zone);
	sql_bind_id(&q, 1, zone);
	while (sql_row(&q)) {
		if (name_read(&q, NULL, &row) == 0 && !each(arg, &row))
			break;
	}
	return sql_end(&q, f);
}

const struct sql_stmt *const name_statements[] = { &name_by_key,  &name_upsert,
						   &name_set_seq, &zone_is_active,
						   &name_remove,  &names_of_zone,
						   NULL };
