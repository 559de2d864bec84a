#include "model/row.h"

struct slice row_text(struct sql_query *q, int column, struct arena *a)
{
	if (sql_is_null(q, column))
		return SLICE_NONE;
	struct slice s = sql_text(q, column);
	return a == NULL ? s : arena_copy(a, s);
}

struct slice row_blob(struct sql_query *q, int column, struct arena *a)
{
	if (sql_is_null(q, column))
		return SLICE_NONE;
	struct slice s = sql_blob(q, column);
	return a == NULL ? s : arena_copy(a, s);
}

void row_bind_text(struct sql_query *q, int at, struct slice s)
{
	if (s.p == NULL)
		sql_bind_null(q, at);
	else
		sql_bind_text(q, at, s);
}

void row_bind_blob(struct sql_query *q, int at, struct slice s)
{
	if (s.p == NULL)
		sql_bind_null(q, at);
	else
		sql_bind_blob(q, at, s);
}

void row_bind_id(struct sql_query *q, int at, const struct id *id)
{
	if (id_is_zero(id))
		sql_bind_null(q, at);
	else
		sql_bind_id(q, at, id);
}

int row_exec_id(struct sql_tx *tx, const struct sql_stmt *stmt, const struct id *id, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, stmt);
	sql_bind_id(&q, 1, id);
	return sql_end(&q, f);
}

int row_number(struct sql_tx *tx, const struct sql_stmt *stmt, const struct id *id, int64_t *out,
	       struct fail *f)
{
	struct sql_query q;

	*out = 0;
	sql_start(&q, tx, stmt);
	if (id != NULL)
		sql_bind_id(&q, 1, id);
	if (sql_row(&q))
		*out = sql_i64(&q, 0);
	return sql_end(&q, f);
}

int row_forget(struct sql_tx *tx, const struct sql_stmt *stmt, stamp before, int64_t *n,
	       struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, stmt);
	sql_bind_i64(&q, 1, before);
	if (sql_end(&q, f) < 0)
		return -1;
	*n = sql_changes(tx);
	return 0;
}
