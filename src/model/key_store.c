#include "model/key_store.h"

#include "model/kind.h"
#include "model/row.h"

static const struct sql_stmt key_insert = {
	"insert into key_pair (id, kek, wrapped, created_at) values ($1, $2, $3, $4)"
	" on conflict (id) do nothing"
};

int key_store_put(struct sql_tx *tx, struct act *act, const struct id *zone, struct slice wrapped,
		  struct key_public *out, struct fail *f)
{
	struct sql_query q;
	struct id kek;

	if (!key_wrapped_read(wrapped, out, &kek))
		return fail(f, FAIL_INPUT, "what the ca role made is no wrapped key");
	sql_start(&q, tx, &key_insert);
	sql_bind_id(&q, 1, &out->id);
	sql_bind_id(&q, 2, &kek);
	sql_bind_blob(&q, 3, wrapped);
	sql_bind_i64(&q, 4, act->now);
	if (sql_end(&q, f) < 0)
		return -1;
	return kind_publish(tx, act, zone, REPLICA_KEY, id_slice(&out->id), f);
}

static const struct sql_stmt key_by_id = { "select wrapped from key_pair where id = $1" };

int key_store_find(struct sql_tx *tx, struct arena *a, const struct id *id, struct slice *wrapped,
		   struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &key_by_id);
	sql_bind_id(&q, 1, id);
	struct slice got = sql_row(&q) ? row_blob(&q, 0, a) : SLICE_NONE;
	if (sql_end(&q, f) < 0)
		return -1;
	*wrapped = got;
	return got.p != NULL ? 0 : fail(f, FAIL_ABSENT, "there is no key of this id");
}

static const struct sql_stmt key_remove = { "delete from key_pair where id = $1" };

int key_store_delete(struct sql_tx *tx, struct act *act, const struct id *zone, const struct id *id,
		     struct fail *f)
{
	if (row_exec_id(tx, &key_remove, id, f) < 0)
		return -1;
	return kind_publish(tx, act, zone, REPLICA_KEY, id_slice(id), f);
}

static const struct sql_stmt keys_other_count = { "select count(*) from key_pair where kek <> $1" };

int key_store_count_other(struct sql_tx *tx, const struct id *kek, int64_t *n, struct fail *f)
{
	return row_number(tx, &keys_other_count, kek, n, f);
}

static const struct sql_stmt keys_other = {
	"select id, wrapped from key_pair where kek <> $1 limit $2"
};

int key_store_each_other(struct sql_tx *tx, const struct id *kek, int limit, key_store_each_f *each,
			 void *arg, struct fail *f)
{
	struct sql_query q;
	struct id id;

	sql_start(&q, tx, &keys_other);
	sql_bind_id(&q, 1, kek);
	sql_bind_i64(&q, 2, limit);
	while (sql_row(&q)) {
		sql_id(&q, 0, &id);
		if (!each(arg, &id, sql_blob(&q, 1)))
			break;
	}
	return sql_end(&q, f);
}

static const struct sql_stmt key_set = {
	"update key_pair set kek = $2, wrapped = $3 where id = $1"
};
static const struct sql_stmt key_zone = { "select zone from certificate where key = $1 limit 1" };

/* The shard a key was published in; a key without a certificate yet is of no zone. */
static int zone_of_key(struct sql_tx *tx, const struct id *id, struct id *zone, struct fail *f)
{
	struct sql_query q;

	*zone = (struct id){ 0 };
	sql_start(&q, tx, &key_zone);
	sql_bind_id(&q, 1, id);
	if (sql_row(&q))
		sql_id(&q, 0, zone);
	return sql_end(&q, f);
}

int key_store_rewrap(struct sql_tx *tx, struct act *act, struct slice wrapped, struct fail *f)
{
	struct key_public pub;
	struct sql_query q;
	struct id kek, zone;

	if (!key_wrapped_read(wrapped, &pub, &kek))
		return fail(f, FAIL_INPUT, "what the ca role made is no wrapped key");
	sql_start(&q, tx, &key_set);
	sql_bind_id(&q, 1, &pub.id);
	sql_bind_id(&q, 2, &kek);
	sql_bind_blob(&q, 3, wrapped);
	if (sql_end(&q, f) < 0)
		return -1;
	if (sql_changes(tx) == 0)
		return 0; /* deleted meanwhile */
	if (zone_of_key(tx, &pub.id, &zone, f) < 0)
		return -1;
	return kind_publish(tx, act, &zone, REPLICA_KEY, id_slice(&pub.id), f);
}

const struct sql_stmt *const key_store_statements[] = {
	&key_insert, &key_by_id, &key_remove, &keys_other_count,
	&keys_other, &key_set,   &key_zone,   NULL,
};
