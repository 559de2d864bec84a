#include "model/kind.h"

#include "base/buf.h"
#include "model/cert_record.h"
#include "model/change.h"
#include "model/key_record.h"
#include "model/row.h"
#include "model/zone_record.h"

/* Kinds whose value stands ready in their row: key, value. */
static void build_ready(struct sql_query *q, struct buf *key, struct buf *value)
{
	buf_add(key, sql_blob(q, 0));
	buf_add(value, sql_blob(q, 1));
}

static void build_zone(struct sql_query *q, struct buf *key, struct buf *value)
{
	struct zone_record r = {
		.name = sql_text(q, 2),
		.ssl = (enum ssl_mode)sql_i64(q, 3),
		.flags = sql_i64(q, 4) != 0 ? ZONE_ACTIVE | ZONE_PAUSED : ZONE_ACTIVE,
		.version = (uint64_t)sql_i64(q, 6),
	};

	buf_add(key, sql_blob(q, 0));
	sql_id(q, 1, &r.account);
	sql_id(q, 5, &r.fallback_origin);
	zone_record_encode(&r, value);
}

static void build_cert(struct sql_query *q, struct buf *key, struct buf *value)
{
	struct cert_record r = { .not_after = sql_i64(q, 3), .leaf = sql_blob(q, 4) };
	struct slice spki = sql_blob(q, 2);

	must(spki.n == sizeof(r.spki));
	memcpy(r.spki, spki.p, spki.n);
	buf_add(key, sql_blob(q, 0));
	sql_id(q, 1, &r.chain);
	cert_record_encode(&r, value);
}

static void build_key(struct sql_query *q, struct buf *key, struct buf *value)
{
	struct key_record r = { sql_blob(q, 1) };

	buf_add(key, sql_blob(q, 0));
	key_record_encode(&r, value);
}

static const struct sql_stmt name_one = { "select key, value from name where key = $1" };
static const struct sql_stmt name_page = {
	"select key, value from name where key > $1 order by key limit $2"
};

#define ZONE_RECORD                                                                                \
	"select id, account, name, ssl, paused, fallback_origin, version from zone"                \
	" where status = 1 and "
static const struct sql_stmt zone_one = { ZONE_RECORD "id = $1" };
static const struct sql_stmt zone_page = { ZONE_RECORD "id > $1 order by id limit $2" };

static const struct sql_stmt origin_one = { "select id, value from origin where id = $1" };
static const struct sql_stmt origin_page = {
	"select id, value from origin where id > $1 order by id limit $2"
};

#define CERT_RECORD "select id, chain, spki, not_after, leaf from certificate where "
static const struct sql_stmt cert_one = { CERT_RECORD "id = $1" };
static const struct sql_stmt cert_page = { CERT_RECORD "id > $1 order by id limit $2" };

static const struct sql_stmt chain_one = { "select id, value from chain where id = $1" };
static const struct sql_stmt chain_page = {
	"select id, value from chain where id > $1 order by id limit $2"
};

static const struct sql_stmt key_one = { "select id, wrapped from key_pair where id = $1" };
static const struct sql_stmt key_page = {
	"select id, wrapped from key_pair where id > $1 order by id limit $2"
};

const struct kind kinds[] = {
	{ REPLICA_NAME, "name", &name_one, &name_page, build_ready },
	{ REPLICA_ZONE, "zone", &zone_one, &zone_page, build_zone },
	{ REPLICA_ORIGIN, "origin", &origin_one, &origin_page, build_ready },
	{ REPLICA_CERT, "cert", &cert_one, &cert_page, build_cert },
	{ REPLICA_CHAIN, "chain", &chain_one, &chain_page, build_ready },
	{ REPLICA_KEY, "key", &key_one, &key_page, build_key },
};
const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);

const struct kind *kind_of(enum replica_table table)
{
	for (size_t i = 0; i < kind_count; i++)
		if (kinds[i].table == table)
			return &kinds[i];
	return NULL;
}

/* The record as it is now. *there is false when its row is gone. */
static int record_read(struct sql_tx *tx, const struct kind *k, struct slice key, struct buf *value,
		       bool *there, struct fail *f)
{
	struct buf ignored = BUF_INIT;
	struct sql_query q;

	sql_start(&q, tx, k->one);
	sql_bind_blob(&q, 1, key);
	*there = sql_row(&q);
	if (*there)
		k->build(&q, &ignored, value);
	buf_free(&ignored);
	return sql_end(&q, f);
}

int kind_publish(struct sql_tx *tx, struct act *act, const struct id *zone,
		 enum replica_table table, struct slice key, struct fail *f)
{
	const struct kind *k = kind_of(table);
	struct buf value = BUF_INIT;
	bool there;

	must(k != NULL);
	int r = record_read(tx, k, key, &value, &there, f);
	if (r == 0)
		r = change_append(tx, act, zone, table, key, there ? buf_slice(&value) : SLICE_NONE,
				  f);
	buf_free(&value);
	return r;
}

int kind_page(struct sql_tx *tx, const struct kind *k, struct slice after, int limit,
	      kind_each_f *each, void *arg, size_t *count, struct fail *f)
{
	struct buf key = BUF_INIT, value = BUF_INIT;
	struct sql_query q;
	bool more = true;

	*count = 0;
	sql_start(&q, tx, k->page);
	sql_bind_blob(&q, 1, after.p == NULL ? slice_lit("") : after);
	sql_bind_i64(&q, 2, limit);
	while (more && sql_row(&q)) {
		buf_clear(&key);
		buf_clear(&value);
		k->build(&q, &key, &value);
		more = each(arg, buf_slice(&key), buf_slice(&value));
		++*count;
	}
	buf_free(&key);
	buf_free(&value);
	return sql_end(&q, f);
}

const struct sql_stmt *const kind_statements[] = {
	&name_one,  &name_page, &zone_one,   &zone_page, &origin_one, &origin_page, &cert_one,
	&cert_page, &chain_one, &chain_page, &key_one,   &key_page,   NULL,
};
