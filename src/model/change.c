/* Sequence numbers are dense and in commit order: the one row of change_head is updated first, so
 * that a second writer (on PostgreSQL) waits there until the first has committed. */
#include "model/change.h"

#include "model/row.h"
#include "proto/crypto/crypto.h"
#include "run/random/random.h"

uint8_t change_shard(const struct id *zone)
{
	uint8_t hash[CRYPTO_SHA256];

	crypto_sha256(id_slice(zone), hash);
	return hash[0];
}

static const struct sql_stmt head_next = {
	"update change_head set seq = seq + 1 where one = 1 returning seq"
};

static int next_seq(struct sql_tx *tx, uint64_t *seq, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &head_next);
	*seq = sql_row(&q) ? (uint64_t)sql_i64(&q, 0) : 0;
	if (sql_end(&q, f) < 0)
		return -1;
	return *seq > 0 ? 0 : fail(f, FAIL_SYSTEM, "the truth has no change head: restore it");
}

static const struct sql_stmt shard_prev = { "select seq from shard_head where shard = $1" };

static const struct sql_stmt shard_set = {
	"insert into shard_head (shard, seq) values ($1, $2)"
	" on conflict (shard) do update set seq = excluded.seq"
};

/* Puts the shard's head to seq and answers where it was. */
static int shard_advance(struct sql_tx *tx, uint8_t shard, uint64_t seq, uint64_t *prev,
			 struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &shard_prev);
	sql_bind_i64(&q, 1, shard);
	*prev = sql_row(&q) ? (uint64_t)sql_i64(&q, 0) : 0;
	if (sql_end(&q, f) < 0)
		return -1;
	sql_start(&q, tx, &shard_set);
	sql_bind_i64(&q, 1, shard);
	sql_bind_i64(&q, 2, (int64_t)seq);
	return sql_end(&q, f);
}

static const struct sql_stmt change_insert = {
	"insert into change (seq, shard, prev, at, kind, key, value)"
	" values ($1, $2, $3, $4, $5, $6, $7)"
};

int change_append(struct sql_tx *tx, struct act *act, const struct id *zone,
		  enum replica_table kind, struct slice key, struct slice value, struct fail *f)
{
	uint8_t shard = change_shard(zone);
	uint64_t seq, prev;
	struct sql_query q;

	if (value.n > REPLICA_VALUE_MAX)
		return fail(f, FAIL_INPUT, "the record is %zu bytes long; at most %d can be stored",
			    value.n, REPLICA_VALUE_MAX);
	if (next_seq(tx, &seq, f) < 0 || shard_advance(tx, shard, seq, &prev, f) < 0)
		return -1;
	sql_start(&q, tx, &change_insert);
	sql_bind_i64(&q, 1, (int64_t)seq);
	sql_bind_i64(&q, 2, shard);
	sql_bind_i64(&q, 3, (int64_t)prev);
	sql_bind_i64(&q, 4, act->now);
	sql_bind_i64(&q, 5, kind);
	sql_bind_blob(&q, 6, key);
	row_bind_blob(&q, 7, value);
	if (sql_end(&q, f) < 0)
		return -1;
	act->seq = seq;
	return 0;
}

static const struct sql_stmt epoch_get = { "select value from meta where name = 'epoch'" };
static const struct sql_stmt head_get = { "select seq from change_head where one = 1" };
static const struct sql_stmt oldest_get = { "select coalesce(min(seq), 0) from change" };
static const struct sql_stmt heads_get = { "select shard, seq from shard_head" };

static int epoch_read(struct sql_tx *tx, struct id *out, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &epoch_get);
	if (sql_row(&q))
		sql_id(&q, 0, out);
	return sql_end(&q, f);
}

int change_state(struct sql_tx *tx, struct replica_state *out, uint64_t *oldest, struct fail *f)
{
	struct sql_query q;
	int64_t seq, first;

	*out = (struct replica_state){ 0 };
	if (epoch_read(tx, &out->epoch, f) < 0 || row_number(tx, &head_get, NULL, &seq, f) < 0 ||
	    row_number(tx, &oldest_get, NULL, &first, f) < 0)
		return -1;
	out->seq = (uint64_t)seq;
	*oldest = (uint64_t)first;
	sql_start(&q, tx, &heads_get);
	while (sql_row(&q))
		out->heads[sql_i64(&q, 0) & 0xff] = (uint64_t)sql_i64(&q, 1);
	return sql_end(&q, f);
}

static const struct sql_stmt changes_after = {
	"select seq, shard, prev, at, kind, key, value from change where seq > $1 order by seq"
	" limit $2"
};

int change_each(struct sql_tx *tx, uint64_t after, int limit, change_each_f *each, void *arg,
		struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &changes_after);
	sql_bind_i64(&q, 1, (int64_t)after);
	sql_bind_i64(&q, 2, limit);
	while (sql_row(&q)) {
		struct feed_change c = {
			.seq = (uint64_t)sql_i64(&q, 0),
			.shard = (uint8_t)sql_i64(&q, 1),
			.prev = (uint64_t)sql_i64(&q, 2),
			.at = sql_i64(&q, 3),
			.kind = (uint8_t)sql_i64(&q, 4),
			.tombstone = sql_is_null(&q, 6),
		};

		c.key = row_blob(&q, 5, NULL);
		c.value = row_blob(&q, 6, NULL);
		if (!each(arg, &c))
			break;
	}
	return sql_end(&q, f);
}

/* Only a prefix goes, whatever the clock did while it was written: a hole would be a gap that no
 * machine gets over. */
static const struct sql_stmt change_cut = {
	"delete from change where seq < coalesce((select min(seq) from change where at >= $1),"
	" (select max(seq) from change)) and seq < (select min(seq) from change) + 5000"
};

int change_forget(struct sql_tx *tx, stamp before, int64_t *n, struct fail *f)
{
	return row_forget(tx, &change_cut, before, n, f);
}

static const struct sql_stmt epoch_set = {
	"insert into meta (name, value) values ('epoch', $1)"
	" on conflict (name) do update set value = excluded.value"
};

int change_new_epoch(struct sql_tx *tx, struct fail *f)
{
	struct id epoch;

	random_id(&epoch);
	return row_exec_id(tx, &epoch_set, &epoch, f);
}

const struct sql_stmt *const change_statements[] = {
	&head_next,  &shard_prev, &shard_set,     &change_insert, &epoch_get, &head_get,
	&oldest_get, &heads_get,  &changes_after, &change_cut,    &epoch_set, NULL,
};
