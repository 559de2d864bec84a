#include "model/certificate.h"

#include "base/buf.h"
#include "model/cert_record.h"
#include "model/key_store.h"
#include "model/kind.h"
#include "model/name.h"
#include "model/order.h"
#include "model/row.h"
#include "proto/crypto/crypto.h"

#define COLUMNS                                                                                    \
	"c.id, c.zone, c.account, c.cert_order, c.chain, c.key, c.key_type, c.source, c.issuer,"   \
	" c.signature, c.serial, c.spki, c.fingerprint, c.names, c.not_before, c.not_after,"       \
	" c.created_at, c.leaf"

/* Chains are shared by zones, so they are of none. */
static const struct id no_zone;

const char *certificate_source_name(enum certificate_source s)
{
	static const char *const names[CERTIFICATE_SOURCES] = {
		[CERTIFICATE_UPLOADED] = "uploaded", [CERTIFICATE_HOSTNAME] = "custom hostname",
		[CERTIFICATE_ADVANCED] = "advanced", [CERTIFICATE_DEDICATED] = "dedicated",
		[CERTIFICATE_TOTAL] = "total_tls",   [CERTIFICATE_UNIVERSAL] = "universal",
		[CERTIFICATE_STANDBY] = "standby",
	};

	must((unsigned)s < CERTIFICATE_SOURCES);
	return names[s];
}

static void hash_read(struct sql_query *q, int column, uint8_t out[32])
{
	struct slice s = sql_blob(q, column);

	must(s.n == 32);
	memcpy(out, s.p, 32);
}

static void certificate_read(struct sql_query *q, struct arena *a, struct certificate_row *out)
{
	sql_id(q, 0, &out->id);
	sql_id(q, 1, &out->zone);
	sql_id(q, 2, &out->account);
	sql_id(q, 3, &out->order);
	sql_id(q, 4, &out->chain);
	sql_id(q, 5, &out->key);
	out->key_type = (uint8_t)sql_i64(q, 6);
	out->source = (enum certificate_source)sql_i64(q, 7);
	out->issuer = row_text(q, 8, a);
	out->signature = row_text(q, 9, a);
	out->serial = row_blob(q, 10, a);
	hash_read(q, 11, out->spki);
	hash_read(q, 12, out->fingerprint);
	out->names = row_text(q, 13, a);
	out->not_before = sql_i64(q, 14);
	out->not_after = sql_i64(q, 15);
	out->created_at = sql_i64(q, 16);
	out->leaf = row_blob(q, 17, a);
}

static int certificate_walk(struct sql_query *q, certificate_each_f *each, void *arg,
			    struct fail *f)
{
	struct certificate_row row;

	while (sql_row(q)) {
		certificate_read(q, NULL, &row);
		if (!each(arg, &row))
			break;
	}
	return sql_end(q, f);
}

/* ---- chains ---- */

static const struct sql_stmt chain_add = {
	"insert into chain (id, value, refs) values ($1, $2, 1)"
	" on conflict (id) do update set refs = chain.refs + 1 returning refs"
};

static int chain_use(struct sql_tx *tx, struct act *act, const struct chain_record *chain,
		     struct id *out, struct fail *f)
{
	uint8_t hash[CRYPTO_SHA256];
	struct buf value = BUF_INIT;
	struct sql_query q;

	*out = no_zone;
	if (chain->count == 0)
		return 0;
	chain_record_encode(chain, &value);
	crypto_sha256(buf_slice(&value), hash);
	memcpy(out->b, hash, ID_LEN);
	sql_start(&q, tx, &chain_add);
	sql_bind_id(&q, 1, out);
	sql_bind_blob(&q, 2, buf_slice(&value));
	bool fresh = sql_row(&q) && sql_i64(&q, 0) == 1;
	int r = sql_end(&q, f);
	buf_free(&value);
	if (r < 0 || !fresh)
		return r;
	return kind_publish(tx, act, &no_zone, REPLICA_CHAIN, id_slice(out), f);
}

static const struct sql_stmt chain_less = {
	"update chain set refs = refs - 1 where id = $1 returning refs"
};
static const struct sql_stmt chain_remove = { "delete from chain where id = $1" };

static int chain_drop(struct sql_tx *tx, struct act *act, const struct id *id, struct fail *f)
{
	struct sql_query q;

	if (id_is_zero(id))
		return 0;
	sql_start(&q, tx, &chain_less);
	sql_bind_id(&q, 1, id);
	bool last = sql_row(&q) && sql_i64(&q, 0) <= 0;
	if (sql_end(&q, f) < 0)
		return -1;
	if (!last)
		return 0;
	if (row_exec_id(tx, &chain_remove, id, f) < 0)
		return -1;
	return kind_publish(tx, act, &no_zone, REPLICA_CHAIN, id_slice(id), f);
}

/* ---- storing ---- */

/* An expired certificate is looked at a little after its end: handshakes in flight finish. */
static stamp sweep_after(const struct certificate_row *row)
{
	stamp grace = (row->not_after - row->created_at) / 4;

	return row->not_after + (grace < STAMP_MINUTE ? grace : STAMP_MINUTE);
}

static const struct sql_stmt certificate_insert = {
	"insert into certificate (id, zone, account, cert_order, chain, key, key_type, source,"
	" issuer, signature, serial, spki, fingerprint, names, not_before, not_after, created_at,"
	" renew_at, sweep_at, leaf) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
	" $14, $15, $16, $17, $18, $19, $20)"
};

static int certificate_write(struct sql_tx *tx, const struct certificate_row *row,
			     const struct id *chain, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &certificate_insert);
	sql_bind_id(&q, 1, &row->id);
	sql_bind_id(&q, 2, &row->zone);
	sql_bind_id(&q, 3, &row->account);
	row_bind_id(&q, 4, &row->order);
	row_bind_id(&q, 5, chain);
	sql_bind_id(&q, 6, &row->key);
	sql_bind_i64(&q, 7, row->key_type);
	sql_bind_i64(&q, 8, row->source);
	sql_bind_text(&q, 9, row->issuer);
	sql_bind_text(&q, 10, row->signature);
	sql_bind_blob(&q, 11, row->serial);
	sql_bind_blob(&q, 12, slice_of(row->spki, sizeof(row->spki)));
	sql_bind_blob(&q, 13, slice_of(row->fingerprint, sizeof(row->fingerprint)));
	sql_bind_text(&q, 14, row->names);
	sql_bind_i64(&q, 15, row->not_before);
	sql_bind_i64(&q, 16, row->not_after);
	sql_bind_i64(&q, 17, row->created_at);
	sql_bind_i64(&q, 18, order_renewal_at(&row->id, row->created_at, row->not_after));
	sql_bind_i64(&q, 19, sweep_after(row));
	sql_bind_blob(&q, 20, row->leaf);
	return sql_end(&q, f);
}

static const struct sql_stmt certificate_add_name = {
	"insert into certificate_name (name, certificate) values ($1, $2) on conflict do nothing"
};

static int certificate_write_names(struct sql_tx *tx, const struct certificate_row *row,
				   struct fail *f)
{
	struct slice rest = row->names, name;
	struct sql_query q;

	while (slice_split(&rest, ' ', &name)) {
		sql_start(&q, tx, &certificate_add_name);
		sql_bind_text(&q, 1, name);
		sql_bind_id(&q, 2, &row->id);
		if (sql_end(&q, f) < 0)
			return -1;
	}
	return 0;
}

static int certificate_refresh(struct sql_tx *tx, struct act *act,
			       const struct certificate_row *row, struct fail *f)
{
	struct slice rest = row->names, name;

	while (slice_split(&rest, ' ', &name))
		if (name_refresh(tx, act, name, f) < 0)
			return -1;
	return 0;
}

int certificate_store(struct sql_tx *tx, struct act *act, const struct certificate_row *row,
		      const struct chain_record *chain, struct fail *f)
{
	struct id chain_id;

	if (chain_use(tx, act, chain, &chain_id, f) < 0 ||
	    certificate_write(tx, row, &chain_id, f) < 0 ||
	    certificate_write_names(tx, row, f) < 0 ||
	    kind_publish(tx, act, &row->zone, REPLICA_CERT, id_slice(&row->id), f) < 0)
		return -1;
	return certificate_refresh(tx, act, row, f);
}

/* ---- finding ---- */

static const struct sql_stmt certificate_by_id = { "select " COLUMNS
						   " from certificate c where c.id = $1" };

int certificate_find(struct sql_tx *tx, struct arena *a, const struct id *id,
		     struct certificate_row *out, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &certificate_by_id);
	sql_bind_id(&q, 1, id);
	bool found = sql_row(&q);
	if (found)
		certificate_read(&q, a, out);
	if (sql_end(&q, f) < 0)
		return -1;
	return found ? 0 : fail(f, FAIL_ABSENT, "there is no certificate of this id");
}

static const struct sql_stmt certificates_of_zone = {
	"select " COLUMNS " from certificate c where c.zone = $1 order by c.created_at desc, c.id"
};
static const struct sql_stmt certificates_all = {
	"select " COLUMNS " from certificate c order by c.created_at desc, c.id"
};

int certificate_each(struct sql_tx *tx, const struct id *zone, certificate_each_f *each, void *arg,
		     struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, zone != NULL ? &certificates_of_zone : &certificates_all);
	if (zone != NULL)
		sql_bind_id(&q, 1, zone);
	return certificate_walk(&q, each, arg, f);
}

static const struct sql_stmt certificates_listing = {
	"select " COLUMNS " from certificate_name n join certificate c on c.id = n.certificate"
	" where n.name = $1 order by c.created_at desc, c.id"
};

int certificate_each_listing(struct sql_tx *tx, struct slice name, certificate_each_f *each,
			     void *arg, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &certificates_listing);
	sql_bind_text(&q, 1, name);
	return certificate_walk(&q, each, arg, f);
}

/* ---- renewal ---- */

static const struct sql_stmt certificates_to_renew = {
	"select " COLUMNS " from certificate c where c.renew_at > 0 and c.renew_at <= $1"
	" order by c.renew_at limit $2"
};

int certificate_each_renewal(struct sql_tx *tx, stamp now, int limit, certificate_each_f *each,
			     void *arg, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &certificates_to_renew);
	sql_bind_i64(&q, 1, now);
	sql_bind_i64(&q, 2, limit);
	return certificate_walk(&q, each, arg, f);
}

static const struct sql_stmt certificate_renew_at = {
	"update certificate set renew_at = $2 where id = $1"
};
static const struct sql_stmt certificate_sweep_at = {
	"update certificate set sweep_at = $2 where id = $1"
};

static int certificate_set_at(struct sql_tx *tx, const struct sql_stmt *stmt, const struct id *id,
			      stamp at, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, stmt);
	sql_bind_id(&q, 1, id);
	sql_bind_i64(&q, 2, at);
	return sql_end(&q, f);
}

int certificate_set_renewal(struct sql_tx *tx, const struct id *id, stamp at, struct fail *f)
{
	return certificate_set_at(tx, &certificate_renew_at, id, at, f);
}

/* ---- removal ---- */

static const struct sql_stmt certificate_no_names = {
	"delete from certificate_name where certificate = $1"
};
static const struct sql_stmt certificate_remove = { "delete from certificate where id = $1" };
static const struct sql_stmt key_users = {
	"select (select count(*) from certificate where key = $1)"
	" + (select count(*) from cert_order where key = $1 and state < 3)"
};

static int key_drop(struct sql_tx *tx, struct act *act, const struct certificate_row *row,
		    struct fail *f)
{
	int64_t users;

	if (row_number(tx, &key_users, &row->key, &users, f) < 0)
		return -1;
	return users > 0 ? 0 : key_store_delete(tx, act, &row->zone, &row->key, f);
}

int certificate_delete(struct sql_tx *tx, struct act *act, const struct id *id, struct fail *f)
{
	struct certificate_row row;

	if (certificate_find(tx, act->arena, id, &row, f) < 0 ||
	    row_exec_id(tx, &certificate_no_names, id, f) < 0 ||
	    certificate_refresh(tx, act, &row, f) < 0 ||
	    row_exec_id(tx, &certificate_remove, id, f) < 0 ||
	    kind_publish(tx, act, &row.zone, REPLICA_CERT, id_slice(id), f) < 0 ||
	    chain_drop(tx, act, &row.chain, f) < 0)
		return -1;
	return key_drop(tx, act, &row, f);
}

static const struct sql_stmt certificate_let_go = {
	"update certificate set sweep_at = $2 where id in"
	" (select certificate from certificate_name where name = $1)"
};

int certificate_release(struct sql_tx *tx, const struct act *act, struct slice name, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &certificate_let_go);
	sql_bind_text(&q, 1, name);
	sql_bind_i64(&q, 2, act->now);
	return sql_end(&q, f);
}

/* Does a served name list it, after a fresh look? */
static int certificate_is_listed(struct sql_tx *tx, struct act *act,
				 const struct certificate_row *row, bool *listed, struct fail *f)
{
	struct slice rest = row->names, name;

	*listed = false;
	while (slice_split(&rest, ' ', &name)) {
		struct fail absent = FAIL_INIT;
		struct name_row served;

		if (name_refresh(tx, act, name, f) < 0)
			return -1;
		if (name_find(tx, act->arena, name, &served, &absent) < 0)
			continue;
		for (size_t i = 0; i < served.record.count; i++)
			*listed |= id_eq(&served.record.candidates[i].cert, &row->id);
	}
	return 0;
}

static int certificate_judge(struct sql_tx *tx, struct act *act, const struct id *id,
			     struct fail *f)
{
	struct certificate_row row;
	bool listed;

	if (certificate_find(tx, act->arena, id, &row, f) < 0 ||
	    certificate_is_listed(tx, act, &row, &listed, f) < 0)
		return -1;
	if (!listed)
		return certificate_delete(tx, act, id, f);
	stamp end = sweep_after(&row);
	return certificate_set_at(tx, &certificate_sweep_at, id,
				  end > act->now ? end : act->now + STAMP_MINUTE, f);
}

static const struct sql_stmt certificates_to_sweep = {
	"select id from certificate where sweep_at <= $1 order by sweep_at limit $2"
};

int certificate_sweep(struct sql_tx *tx, struct act *act, int limit, int *looked, struct fail *f)
{
	struct id *ids = arena_array(act->arena, struct id, limit);
	struct sql_query q;
	int n = 0;

	sql_start(&q, tx, &certificates_to_sweep);
	sql_bind_i64(&q, 1, act->now);
	sql_bind_i64(&q, 2, limit);
	while (n < limit && sql_row(&q))
		sql_id(&q, 0, &ids[n++]);
	if (sql_end(&q, f) < 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (certificate_judge(tx, act, &ids[i], f) < 0)
			return -1;
	*looked = n;
	return 0;
}

const struct sql_stmt *const certificate_statements[] = {
	&chain_add,
	&chain_less,
	&chain_remove,
	&certificate_insert,
	&certificate_add_name,
	&certificate_by_id,
	&certificates_of_zone,
	&certificates_all,
	&certificates_listing,
	&certificates_to_renew,
	&certificate_renew_at,
	&certificate_sweep_at,
	&certificate_no_names,
	&certificate_remove,
	&key_users,
	&certificate_let_go,
	&certificates_to_sweep,
	NULL,
};
