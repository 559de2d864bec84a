/* The rows of orders; what they mean is in order.c. */
#include "model/order.h"

#include "model/row.h"
#include "run/random/random.h"

#define COLUMNS                                                                                    \
	"id, name, zone, account, state, reason, issuer, key, certificate, attempts, due_at,"      \
	" error, who, seq, created_at, modified_at, proof"

static void order_read(struct sql_query *q, struct arena *a, struct order_row *out)
{
	sql_id(q, 0, &out->id);
	out->name = row_text(q, 1, a);
	sql_id(q, 2, &out->zone);
	sql_id(q, 3, &out->account);
	out->state = (enum order_state)sql_i64(q, 4);
	out->reason = (enum order_reason)sql_i64(q, 5);
	out->issuer = row_text(q, 6, a);
	sql_id(q, 7, &out->key);
	sql_id(q, 8, &out->cert);
	out->attempts = (uint32_t)sql_i64(q, 9);
	out->due_at = sql_i64(q, 10);
	out->error = row_text(q, 11, a);
	out->who = row_text(q, 12, a);
	out->seq = (uint64_t)sql_i64(q, 13);
	out->created_at = sql_i64(q, 14);
	out->modified_at = sql_i64(q, 15);
	out->proof = row_blob(q, 16, a);
}

static int order_one(struct sql_query *q, struct arena *a, struct order_row *out, struct fail *f)
{
	bool found = sql_row(q);

	if (found)
		order_read(q, a, out);
	if (sql_end(q, f) < 0)
		return -1;
	return found ? 0 : fail(f, FAIL_ABSENT, "there is no such certificate order");
}

static const struct sql_stmt order_hasten = {
	"update cert_order set due_at = $2 where name = $1 and state < 4 and due_at > $2"
};
static const struct sql_stmt order_open = {
	"select count(*) from cert_order where name = $1 and state < 4"
};
static const struct sql_stmt order_insert = {
	"insert into cert_order (" COLUMNS ") values"
	" ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
};

/* An open order of the name is made due now; *open tells whether there is one. */
static int order_join(struct sql_tx *tx, const struct act *act, struct slice name, bool *open,
		      struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &order_hasten);
	sql_bind_text(&q, 1, name);
	sql_bind_i64(&q, 2, act->now);
	if (sql_end(&q, f) < 0)
		return -1;
	sql_start(&q, tx, &order_open);
	sql_bind_text(&q, 1, name);
	*open = sql_row(&q) && sql_i64(&q, 0) > 0;
	return sql_end(&q, f);
}

int order_create(struct sql_tx *tx, struct act *act, const struct order_row *want, struct fail *f)
{
	struct sql_query q;
	struct id id;
	bool open;

	act->ordered = true;
	if (order_join(tx, act, want->name, &open, f) < 0)
		return -1;
	if (open)
		return 0;
	random_id(&id);
	sql_start(&q, tx, &order_insert);
	sql_bind_id(&q, 1, &id);
	sql_bind_text(&q, 2, want->name);
	sql_bind_id(&q, 3, &want->zone);
	sql_bind_id(&q, 4, &want->account);
	sql_bind_i64(&q, 5, ORDER_NEW);
	sql_bind_i64(&q, 6, want->reason);
	sql_bind_text(&q, 7, want->issuer);
	sql_bind_null(&q, 8);
	sql_bind_null(&q, 9);
	sql_bind_i64(&q, 10, 0);
	sql_bind_i64(&q, 11, act->now);
	sql_bind_null(&q, 12);
	sql_bind_null(&q, 13);
	sql_bind_i64(&q, 14, 0);
	sql_bind_i64(&q, 15, act->now);
	sql_bind_i64(&q, 16, act->now);
	sql_bind_null(&q, 17);
	return sql_end(&q, f);
}

static const struct sql_stmt order_set = {
	"update cert_order set state = $2, key = $3, certificate = $4, attempts = $5, due_at = $6,"
	" error = $7, who = $8, seq = $9, modified_at = $10, proof = $11 where id = $1 and state < "
	"4"
};

int order_update(struct sql_tx *tx, const struct order_row *row, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &order_set);
	sql_bind_id(&q, 1, &row->id);
	sql_bind_i64(&q, 2, row->state);
	row_bind_id(&q, 3, &row->key);
	row_bind_id(&q, 4, &row->cert);
	sql_bind_i64(&q, 5, row->attempts);
	sql_bind_i64(&q, 6, row->due_at);
	row_bind_text(&q, 7, row->error);
	row_bind_text(&q, 8, row->who);
	sql_bind_i64(&q, 9, (int64_t)row->seq);
	sql_bind_i64(&q, 10, row->modified_at);
	row_bind_blob(&q, 11, row->proof);
	return sql_end(&q, f);
}

static const struct sql_stmt order_close = { "update cert_order set state = 5, due_at = 0, "
					     "modified_at = $2 where name = $1 and state < 4" };

int order_remove(struct sql_tx *tx, struct act *act, struct slice name, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &order_close);
	sql_bind_text(&q, 1, name);
	sql_bind_i64(&q, 2, act->now);
	return sql_end(&q, f);
}

static const struct sql_stmt order_by_id = { "select " COLUMNS " from cert_order where id = $1" };

int order_find(struct sql_tx *tx, struct arena *a, const struct id *id, struct order_row *out,
	       struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &order_by_id);
	sql_bind_id(&q, 1, id);
	return order_one(&q, a, out, f);
}

static const struct sql_stmt order_newest = {
	"select " COLUMNS " from cert_order where name = $1 order by created_at desc, state"
	" limit 1"
};

int order_latest(struct sql_tx *tx, struct arena *a, struct slice name, struct order_row *out,
		 struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &order_newest);
	sql_bind_text(&q, 1, name);
	return order_one(&q, a, out, f);
}

static int order_walk(struct sql_query *q, order_each_f *each, void *arg, struct fail *f)
{
	struct order_row row;

	while (sql_row(q)) {
		order_read(q, NULL, &row);
		if (!each(arg, &row))
			break;
	}
	return sql_end(q, f);
}

static const struct sql_stmt orders_due = {
	"select " COLUMNS " from cert_order where due_at > 0 and due_at <= $1 order by due_at"
	" limit $2"
};

int order_each_due(struct sql_tx *tx, stamp until, int limit, order_each_f *each, void *arg,
		   struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &orders_due);
	sql_bind_i64(&q, 1, until);
	sql_bind_i64(&q, 2, limit);
	return order_walk(&q, each, arg, f);
}

static const struct sql_stmt order_first_due = {
	"select coalesce(min(due_at), 0) from cert_order where due_at > $1"
};

int order_next_due(struct sql_tx *tx, stamp now, stamp *out, struct fail *f)
{
	struct sql_query q;

	*out = 0;
	sql_start(&q, tx, &order_first_due);
	sql_bind_i64(&q, 1, now);
	if (sql_row(&q))
		*out = sql_i64(&q, 0);
	return sql_end(&q, f);
}

static const struct sql_stmt orders_done = {
	"delete from cert_order where id in (select id from cert_order where state >= 4"
	" and modified_at < $1 limit 5000)"
};

int order_forget(struct sql_tx *tx, stamp before, int64_t *n, struct fail *f)
{
	return row_forget(tx, &orders_done, before, n, f);
}

const struct sql_stmt *const order_statements[] = {
	&order_hasten, &order_open, &order_insert,    &order_set,   &order_close, &order_by_id,
	&order_newest, &orders_due, &order_first_due, &orders_done, NULL,
};
