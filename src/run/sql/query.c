/* run/sql/query.c: statements prepared once per connection and run with an error that sticks. */
#include "run/sql/sql_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct sql_prepared {
	const struct sql_stmt *source; /* its address is the key in the map */
	sqlite3_stmt *stmt;
	bool busy; /* in a query now; a second one at the same time prepares its own */
	bool kept;
};

void sql_forget_prepared(struct sql *db)
{
	map_for_each (slot, &db->prepared) {
		struct sql_prepared *p = slot->value;
		sqlite3_finalize(p->stmt);
		free(p);
	}
	map_free(&db->prepared);
}

static struct slice key_of(const struct sql_prepared *p)
{
	return slice_of(&p->source, sizeof(p->source));
}

static struct sql_prepared *prepare(struct sql *db, const struct sql_stmt *source, int *error)
{
	struct sql_prepared *p = calloc(1, sizeof(*p));

	must(p != NULL);
	p->source = source;
	struct buf text = BUF_INIT;
	sql_rewrite(source->text, &text);
	*error = sqlite3_prepare_v3(db->lite, buf_str(&text), -1, SQLITE_PREPARE_PERSISTENT,
				    &p->stmt, NULL);
	buf_free(&text);
	if (*error != SQLITE_OK) {
		free(p);
		return NULL;
	}
	return p;
}

static struct sql_prepared *find(struct sql *db, const struct sql_stmt *source, int *error)
{
	struct sql_prepared *p = map_get(&db->prepared, slice_of(&source, sizeof(source)));

	if (p != NULL && !p->busy)
		return p;
	struct sql_prepared *fresh = prepare(db, source, error);
	if (fresh != NULL && p == NULL) {
		fresh->kept = true;
		map_put(&db->prepared, key_of(fresh), fresh);
	}
	return fresh;
}

void sql_start(struct sql_query *q, struct sql_tx *tx, const struct sql_stmt *stmt)
{
	must(tx->open);
	*q = (struct sql_query){ .tx = tx, .source = stmt };
	q->prepared = find(tx->db, stmt, &q->error);
	if (q->prepared != NULL)
		q->prepared->busy = true;
}

static sqlite3_stmt *lite_of(const struct sql_query *q)
{
	return q->prepared->stmt;
}

/* Whether a bind may go on; keeps the first error. */
static bool good(const struct sql_query *q)
{
	return q->error == SQLITE_OK;
}

void sql_bind_i64(struct sql_query *q, int at, int64_t v)
{
	if (good(q))
		q->error = sqlite3_bind_int64(lite_of(q), at, v);
}

void sql_bind_text(struct sql_query *q, int at, struct slice s)
{
	const char *p = s.n == 0 ? "" : (const char *)s.p;

	if (good(q))
		q->error = sqlite3_bind_text64(lite_of(q), at, p, s.n, SQLITE_STATIC, SQLITE_UTF8);
}

void sql_bind_blob(struct sql_query *q, int at, struct slice s)
{
	const void *p = s.n == 0 ? "" : (const void *)s.p;

	if (good(q))
		q->error = sqlite3_bind_blob64(lite_of(q), at, p, s.n, SQLITE_STATIC);
}

void sql_bind_id(struct sql_query *q, int at, const struct id *id)
{
	sql_bind_blob(q, at, id_slice(id));
}

void sql_bind_null(struct sql_query *q, int at)
{
	if (good(q))
		q->error = sqlite3_bind_null(lite_of(q), at);
}

bool sql_row(struct sql_query *q)
{
	if (!good(q) || q->done)
		return false;
	int answer = sqlite3_step(lite_of(q));
	if (answer == SQLITE_ROW)
		return true;
	q->done = true;
	if (answer != SQLITE_DONE)
		q->error = answer;
	return false;
}

int64_t sql_i64(struct sql_query *q, int column)
{
	return good(q) ? sqlite3_column_int64(lite_of(q), column) : 0;
}

struct slice sql_text(struct sql_query *q, int column)
{
	if (!good(q))
		return SLICE_NONE;
	const void *p = sqlite3_column_text(lite_of(q), column);
	return slice_of(p, (size_t)sqlite3_column_bytes(lite_of(q), column));
}

struct slice sql_blob(struct sql_query *q, int column)
{
	if (!good(q))
		return SLICE_NONE;
	const void *p = sqlite3_column_blob(lite_of(q), column);
	return slice_of(p, (size_t)sqlite3_column_bytes(lite_of(q), column));
}

void sql_id(struct sql_query *q, int column, struct id *out)
{
	struct slice bytes = sql_blob(q, column);

	memset(out, 0, sizeof(*out));
	if (bytes.n == ID_LEN)
		memcpy(out->b, bytes.p, ID_LEN);
}

bool sql_is_null(struct sql_query *q, int column)
{
	return !good(q) || sqlite3_column_type(lite_of(q), column) == SQLITE_NULL;
}

static void release(struct sql_prepared *p)
{
	if (!p->kept) {
		sqlite3_finalize(p->stmt);
		free(p);
		return;
	}
	/* Its answer repeats the step's, which was seen. */
	(void)sqlite3_reset(p->stmt);
	(void)sqlite3_clear_bindings(p->stmt);
	p->busy = false;
}

int sql_end(struct sql_query *q, struct fail *f)
{
	bool started = q->prepared != NULL && sqlite3_stmt_busy(lite_of(q));

	if (good(q) && !q->done && !started)
		(void)sql_row(q);
	struct sql *db = q->tx->db;
	sql_note(db, q->error);
	int result = good(q) ? 0 : sql_fail(db, q->error, q->source->text, f);
	if (q->prepared != NULL)
		release(q->prepared);
	q->prepared = NULL;
	return result;
}

int sql_exec(struct sql_tx *tx, const struct sql_stmt *stmt, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, stmt);
	return sql_end(&q, f);
}

int64_t sql_changes(struct sql_tx *tx)
{
	return sqlite3_changes64(tx->db->lite);
}
