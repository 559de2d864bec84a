/* run/replica/writer.c: batches and snapshots.
 *
 * A batch touches two environments, and there is no transaction over both. The order makes up for it:
 * keys that are new are committed first, then the public records and the state in one transaction,
 * then keys are deleted. So whoever sees a certificate finds its key. What is to be deleted stands in
 * the public transaction ("unfinished"), so a crash before the third step is made good later.
 *
 * A snapshot is loaded into the side that nobody reads, in batches as large as the caller likes:
 * memory stays small at a million names, readers see nothing of it, and a crash in the middle
 * leaves the old side in use. The swap is one small commit. Then the keys that the snapshot
 * did not name are swept and the old side is emptied; its pages are used again.
 *
 * Measured on two busy cores, a million hostnames (name 160 bytes, certificate 980, key 130) in batches
 * of 10,000: 5.3 s into an empty replica, swap and sweep 0.3 s, 1.4 kB of disk a hostname; loaded
 * again over itself 7.4 s, and the file then keeps room for both sides, 2.5 kB a hostname.
 */
#include "run/replica/writer_priv.h"

#include <string.h>

#include "base/cursor.h"

#define UNFINISHED slice_lit("unfinished")
#define SWEEP      0
#define DELETES    1

/* ---- after a commit ---- */

static int begin_on(MDB_env *env, MDB_txn **txn)
{
	return mdb_txn_begin(env, NULL, 0, txn);
}

static int delete_absent_ok(MDB_txn *txn, MDB_dbi dbi, struct slice key)
{
	MDB_val k = replica_val(key);
	int error = mdb_del(txn, dbi, &k, NULL);

	return error == MDB_NOTFOUND ? 0 : error;
}

static int delete_keys(struct replica_writer *w, struct slice list)
{
	MDB_txn *txn;
	int error = begin_on(w->keys.env, &txn);

	if (error != 0)
		return error;
	struct reader r = reader_of(list);
	while (error == 0 && r.rest.n > 0 && !r.bad)
		error = delete_absent_ok(txn, w->keys.key, read_vec16(&r));
	return replica_end_txn(txn, error);
}

/* Deletes the keys that key.load does not name. */
static int sweep_keys_in(struct replica_writer *w, MDB_txn *txn)
{
	MDB_cursor *cursor;
	MDB_val key, value, mark;
	int error = mdb_cursor_open(txn, w->keys.key, &cursor);

	if (error != 0)
		return error;
	error = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
	while (error == 0) {
		int found = mdb_get(txn, w->keys.load, &key, &mark);
		if (found == MDB_NOTFOUND)
			found = mdb_cursor_del(cursor, 0);
		error = found != 0 ? found : mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return error == MDB_NOTFOUND ? 0 : error;
}

static int empty_other_side(struct replica_writer *w, MDB_txn *txn)
{
	int error = 0;

	for (int t = REPLICA_NAME; t < REPLICA_KEY && error == 0; t++)
		error = mdb_drop(txn, w->pub.table[!w->committed.side][t], 0);
	return error;
}

static int empty_marks(struct replica_writer *w)
{
	MDB_txn *txn;
	int error = begin_on(w->keys.env, &txn);

	return error != 0 ? error : replica_end_txn(txn, mdb_drop(txn, w->keys.load, 0));
}

static int sweep_keys(struct replica_writer *w)
{
	MDB_txn *txn;
	int error = begin_on(w->keys.env, &txn);

	return error != 0 ? error : replica_end_txn(txn, sweep_keys_in(w, txn));
}

/* The work is done: empties the other side too when it was a sweep. */
static int clear_unfinished(struct replica_writer *w, bool swept)
{
	MDB_txn *txn;
	int error = begin_on(w->pub.env, &txn);

	if (error != 0)
		return error;
	if (swept)
		error = empty_other_side(w, txn);
	if (error == 0)
		error = delete_absent_ok(txn, w->pub.meta, UNFINISHED);
	return replica_end_txn(txn, error);
}

static int read_unfinished(struct replica_writer *w, struct buf *out)
{
	MDB_txn *txn;
	int error = mdb_txn_begin(w->pub.env, NULL, MDB_RDONLY, &txn);

	if (error != 0)
		return error;
	MDB_val key = replica_val(UNFINISHED), value;
	error = mdb_get(txn, w->pub.meta, &key, &value);
	if (error == 0)
		buf_add(out, replica_slice(value));
	mdb_txn_abort(txn);
	return error == MDB_NOTFOUND ? 0 : error;
}

static int finish(struct replica_writer *w, struct slice work)
{
	struct reader r = reader_of(work);
	bool sweep = read_u8(&r) == SWEEP;
	int error = sweep ? sweep_keys(w) : delete_keys(w, r.rest);

	if (error == 0)
		error = clear_unfinished(w, sweep);
	/* Only now: a sweep that is repeated needs its marks. */
	return error == 0 && sweep ? empty_marks(w) : error;
}

int replica_finish(struct replica_writer *w, struct fail *f)
{
	if (!w->unfinished)
		return 0;
	struct buf work = BUF_INIT;
	int error = read_unfinished(w, &work);
	if (error == 0 && work.n > 0)
		error = finish(w, buf_slice(&work));
	buf_free(&work);
	if (error != 0)
		return replica_fail("finishing the last change", error, f);
	w->unfinished = false;
	return 0;
}

/* ---- batches ---- */

const struct replica_state *replica_writer_state(const struct replica_writer *w)
{
	return &w->committed.state;
}

int replica_write_begin(struct replica_writer *w, struct fail *f)
{
	must(w->pub_txn == NULL);
	if (replica_finish(w, f) < 0)
		return -1;
	w->error = begin_on(w->pub.env, &w->pub_txn);
	buf_clear(&w->deletes);
	if (w->error == 0)
		return 0;
	w->pub_txn = NULL;
	return replica_fail("begin", w->error, f);
}

void replica_write_abort(struct replica_writer *w)
{
	if (w->pub_txn != NULL)
		mdb_txn_abort(w->pub_txn);
	if (w->keys_txn != NULL)
		mdb_txn_abort(w->keys_txn);
	w->pub_txn = w->keys_txn = NULL;
}

/* While a sorted snapshot is loaded records are appended: full pages, and no search. */
static int put(const struct replica_writer *w, MDB_txn *txn, MDB_dbi dbi, struct slice key,
	       struct slice value)
{
	MDB_val k = replica_val(key), v = replica_val(value);
	int error = w->loading ? mdb_put(txn, dbi, &k, &v, MDB_APPEND) : MDB_KEYEXIST;

	return error == MDB_KEYEXIST ? mdb_put(txn, dbi, &k, &v, 0) : error;
}

/* The deletion of a key is waiting and now the key is put again. */
static void keep_key(struct replica_writer *w, struct slice key)
{
	struct buf rest = BUF_INIT;
	struct reader r = reader_of(buf_slice(&w->deletes));

	while (r.rest.n > 0) {
		struct slice waiting = read_vec16(&r);
		if (!slice_eq(waiting, key))
			write_vec16(&rest, waiting);
	}
	buf_free(&w->deletes);
	w->deletes = rest;
}

static int put_key(struct replica_writer *w, struct slice key, struct slice value)
{
	int error = 0;

	if (w->keys_txn == NULL)
		error = begin_on(w->keys.env, &w->keys_txn);
	if (error == 0)
		error = put(w, w->keys_txn, w->keys.key, key, value);
	if (error == 0 && w->loading)
		error = put(w, w->keys_txn, w->keys.load, key, SLICE_NONE);
	if (w->deletes.n > 0)
		keep_key(w, key);
	return error;
}

/* In a load only the mark goes: the side in use may still name the key. */
static int del_key(struct replica_writer *w, struct slice key)
{
	if (!w->loading) {
		write_vec16(&w->deletes, key);
		return 0;
	}
	int error = 0;
	if (w->keys_txn == NULL)
		error = begin_on(w->keys.env, &w->keys_txn);
	return error != 0 ? error : delete_absent_ok(w->keys_txn, w->keys.load, key);
}

static MDB_dbi side_table(const struct replica_writer *w, enum replica_table t)
{
	return w->pub.table[w->committed.side ^ w->loading][t];
}

static int check_size(enum replica_table t, struct slice key, size_t value, struct fail *f)
{
	if (key.n == 0 || key.n > REPLICA_KEY_MAX)
		return fail(f, FAIL_INPUT, "a key of table %s has %zu bytes: 1 to %d are possible",
			    replica_table_name(t), key.n, REPLICA_KEY_MAX);
	if (value > REPLICA_VALUE_MAX)
		return fail(f, FAIL_INPUT, "a value of table %s has %zu bytes: %d are possible",
			    replica_table_name(t), value, REPLICA_VALUE_MAX);
	return 0;
}

static int note(struct replica_writer *w, const char *what, int error, struct fail *f)
{
	if (error == 0)
		return 0;
	w->error = error;
	return replica_fail(what, error, f);
}

int replica_put(struct replica_writer *w, enum replica_table t, struct slice key,
		struct slice value, struct fail *f)
{
	must(w->pub_txn != NULL && replica_table_name(t) != NULL);
	if (check_size(t, key, value.n, f) < 0)
		return -1;
	if (t == REPLICA_KEY)
		return note(w, "put", put_key(w, key, value), f);
	return note(w, "put", put(w, w->pub_txn, side_table(w, t), key, value), f);
}

int replica_del(struct replica_writer *w, enum replica_table t, struct slice key, struct fail *f)
{
	must(w->pub_txn != NULL && replica_table_name(t) != NULL);
	if (check_size(t, key, 0, f) < 0)
		return -1;
	if (t == REPLICA_KEY)
		return note(w, "delete", del_key(w, key), f);
	return note(w, "delete", delete_absent_ok(w->pub_txn, side_table(w, t), key), f);
}

/* The keys of this batch, before anything that names them. */
static int commit_keys(struct replica_writer *w)
{
	if (w->keys_txn == NULL)
		return 0;
	int error = mdb_txn_commit(w->keys_txn);
	w->keys_txn = NULL;
	return error;
}

static int leave_work(struct replica_writer *w, uint8_t kind, struct slice list)
{
	struct buf b = BUF_INIT;

	write_u8(&b, kind);
	buf_add(&b, list);
	MDB_val key = replica_val(UNFINISHED), value = replica_val(buf_slice(&b));
	int error = mdb_put(w->pub_txn, w->pub.meta, &key, &value, 0);
	buf_free(&b);
	w->unfinished = true;
	return error;
}

static int commit_public(struct replica_writer *w, const struct replica_meta *next)
{
	int error = replica_meta_write(&w->pub, w->pub_txn, next);

	if (error == 0) {
		error = mdb_txn_commit(w->pub_txn);
		w->pub_txn = NULL;
	}
	if (error == 0)
		w->committed = *next;
	return error;
}

int replica_write_commit(struct replica_writer *w, const struct replica_state *state,
			 struct fail *f)
{
	must(w->pub_txn != NULL && (state != NULL || w->loading));
	struct replica_meta next = w->committed;
	if (state != NULL)
		next.state = *state;
	if (w->error == 0)
		w->error = commit_keys(w);
	if (w->error == 0 && w->deletes.n > 0)
		w->error = leave_work(w, DELETES, buf_slice(&w->deletes));
	if (w->error == 0)
		w->error = commit_public(w, &next);
	if (w->error != 0) {
		replica_write_abort(w);
		return replica_fail("commit", w->error, f);
	}
	/* The state is committed: what is left is tried again by the next batch. */
	replica_finish(w, NULL);
	return 0;
}

/* ---- snapshots ---- */

int replica_load_begin(struct replica_writer *w, struct fail *f)
{
	must(w->pub_txn == NULL);
	MDB_txn *txn;
	if (replica_finish(w, f) < 0)
		return -1;
	int error = begin_on(w->pub.env, &txn);
	if (error == 0)
		error = replica_end_txn(txn, empty_other_side(w, txn));
	if (error == 0)
		error = empty_marks(w);
	if (error != 0)
		return replica_fail("snapshot", error, f);
	w->loading = true;
	return 0;
}

void replica_load_cancel(struct replica_writer *w)
{
	must(w->pub_txn == NULL);
	w->loading = false;
}

int replica_load_end(struct replica_writer *w, const struct replica_state *state, struct fail *f)
{
	must(w->loading && w->pub_txn == NULL);
	struct replica_meta next = { .side = !w->committed.side, .state = *state };
	if (replica_write_begin(w, f) < 0)
		return -1;
	w->error = leave_work(w, SWEEP, SLICE_NONE);
	if (w->error == 0)
		w->error = commit_public(w, &next);
	if (w->error != 0) {
		replica_write_abort(w);
		return replica_fail("swap", w->error, f);
	}
	w->loading = false;
	replica_finish(w, NULL);
	return 0;
}
