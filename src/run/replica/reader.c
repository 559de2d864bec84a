/* run/replica/reader.c: reading, as an edge does it for every ClientHello.
 *
 * Two read transactions, one an environment, are made once and then renewed and reset: that costs no
 * allocation and no system call. The public one is renewed first: keys committed before the public
 * records that name them are then seen for certain.
 *
 * Which side of the tables is in use is looked up only when the transaction's number shows that
 * somebody has committed since.
 *
 * A replica that was deleted and built anew has other files under the same names. The reader finds that
 * out by their inodes in replica_refresh() and moves over; until then it serves from the files it
 * holds.
 */
#include "run/replica/replica_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

struct replica {
	char *folder;
	struct replica_public pub;
	struct replica_keys keys;
	MDB_txn *pub_txn; /* NULL: not open yet */
	MDB_txn *keys_txn;
	ino_t pub_inode, keys_inode; /* of the files held open */
	bool begun;
	bool usable; /* this transaction: both environments gave a snapshot, and a state is in it */
	size_t seen; /* number of the transaction that `meta` is of */
	struct replica_meta meta;
};

static void path_of(const struct replica *r, const char *env, const char *file, struct buf *out)
{
	buf_addf(out, "%s/%s%s%s", r->folder, env, file == NULL ? "" : "/",
		 file == NULL ? "" : file);
}

/* 0: there is no such file. */
static ino_t inode_of(const struct replica *r, const char *env)
{
	struct buf path = BUF_INIT;
	struct stat st;

	path_of(r, env, "data.mdb", &path);
	ino_t inode = stat(buf_str(&path), &st) == 0 ? st.st_ino : 0;
	buf_free(&path);
	return inode;
}

static int open_env(const struct replica *r, const char *name, MDB_env **out)
{
	MDB_env *env;
	int error = mdb_env_create(&env);

	if (error != 0)
		return error;
	struct buf path = BUF_INIT;
	path_of(r, name, NULL, &path);
	(void)mdb_env_set_maxdbs(env, REPLICA_SIDES * REPLICA_TABLES);
	error = mdb_env_open(env, buf_str(&path), MDB_RDONLY | MDB_NOTLS | MDB_NORDAHEAD, 0);
	buf_free(&path);
	if (error != 0) {
		mdb_env_close(env);
		return error;
	}
	*out = env;
	return 0;
}

static void close_envs(struct replica *r)
{
	if (r->pub_txn != NULL)
		mdb_txn_abort(r->pub_txn);
	if (r->keys_txn != NULL)
		mdb_txn_abort(r->keys_txn);
	if (r->pub.env != NULL)
		mdb_env_close(r->pub.env);
	if (r->keys.env != NULL)
		mdb_env_close(r->keys.env);
	r->pub_txn = r->keys_txn = NULL;
	r->pub.env = r->keys.env = NULL;
	r->pub_inode = r->keys_inode = 0;
	r->seen = 0;
}

/* Table handles opened in a transaction live on when it commits. */
static int open_tables(struct replica *r)
{
	MDB_txn *txn;
	int error = mdb_txn_begin(r->pub.env, NULL, MDB_RDONLY, &txn);

	if (error == 0)
		error = replica_end_txn(txn, replica_public_tables(&r->pub, txn, 0));
	if (error == 0)
		error = mdb_txn_begin(r->keys.env, NULL, MDB_RDONLY, &txn);
	return error != 0 ? error : replica_end_txn(txn, replica_keys_tables(&r->keys, txn, 0));
}

static int open_txn(MDB_env *env, MDB_txn **out)
{
	int error = mdb_txn_begin(env, NULL, MDB_RDONLY, out);

	if (error == 0)
		mdb_txn_reset(*out);
	else
		*out = NULL;
	return error;
}

static int open_envs(struct replica *r)
{
	r->pub_inode = inode_of(r, REPLICA_PUBLIC);
	r->keys_inode = inode_of(r, REPLICA_KEYS);
	int error = open_env(r, REPLICA_PUBLIC, &r->pub.env);
	if (error == 0)
		error = open_env(r, REPLICA_KEYS, &r->keys.env);
	if (error == 0)
		error = open_tables(r);
	if (error == 0)
		error = open_txn(r->pub.env, &r->pub_txn);
	if (error == 0)
		error = open_txn(r->keys.env, &r->keys_txn);
	if (error != 0)
		close_envs(r);
	return error;
}

/* The applier has not been there, or is just making it. */
static bool not_there_yet(int error)
{
	return error == ENOENT || error == MDB_NOTFOUND || error == MDB_INVALID;
}

/* Opens what is there now and leaves what is held only when that has worked. One file must not be
 * open twice in a process, so when just one of the two is new the old ones go first. */
static int move_over(struct replica *r, bool both_new)
{
	struct replica fresh = { .folder = r->folder };

	if (!both_new)
		close_envs(r);
	int error = open_envs(&fresh);
	if (error != 0)
		return error;
	close_envs(r);
	*r = fresh;
	return 0;
}

int replica_refresh(struct replica *r, struct fail *f)
{
	must(!r->begun);
	ino_t pub = inode_of(r, REPLICA_PUBLIC), keys = inode_of(r, REPLICA_KEYS);
	bool same = pub == r->pub_inode && keys == r->keys_inode;
	/* While it is being built anew the files held go on serving. */
	if (r->pub_txn != NULL && (same || pub == 0 || keys == 0))
		return 0;
	int error = move_over(r, pub != r->pub_inode && keys != r->keys_inode);
	return error == 0 || not_there_yet(error) ? 0 : replica_fail("open", error, f);
}

int replica_open_reader(struct replica **out, const char *folder, struct fail *f)
{
	struct replica *r = calloc(1, sizeof(*r));

	must(r != NULL);
	r->folder = strdup(folder);
	must(r->folder != NULL);
	if (replica_refresh(r, f) < 0) {
		replica_close(r);
		return -1;
	}
	*out = r;
	return 0;
}

void replica_close(struct replica *r)
{
	if (r == NULL)
		return;
	close_envs(r);
	free(r->folder);
	free(r);
}

static bool read_meta(struct replica *r)
{
	size_t number = mdb_txn_id(r->pub_txn);

	if (number == r->seen && number != 0)
		return true;
	if (replica_meta_read(&r->pub, r->pub_txn, &r->meta) != 0)
		return false;
	r->seen = number;
	return true;
}

void replica_begin(struct replica *r)
{
	must(!r->begun);
	r->begun = true;
	r->usable = r->pub_txn != NULL && mdb_txn_renew(r->pub_txn) == 0;
	if (!r->usable)
		return;
	if (mdb_txn_renew(r->keys_txn) != 0) {
		mdb_txn_reset(r->pub_txn);
		r->usable = false;
		return;
	}
	if (!read_meta(r)) {
		mdb_txn_reset(r->pub_txn);
		mdb_txn_reset(r->keys_txn);
		r->usable = false;
	}
}

void replica_end(struct replica *r)
{
	must(r->begun);
	r->begun = false;
	if (!r->usable)
		return;
	mdb_txn_reset(r->pub_txn);
	mdb_txn_reset(r->keys_txn);
}

static MDB_txn *place_of(const struct replica *r, enum replica_table t, MDB_dbi *dbi)
{
	must(r->begun && replica_table_name(t) != NULL);
	*dbi = t == REPLICA_KEY ? r->keys.key : r->pub.table[r->meta.side][t];
	return t == REPLICA_KEY ? r->keys_txn : r->pub_txn;
}

bool replica_get(struct replica *r, enum replica_table t, struct slice key, struct slice *value)
{
	MDB_dbi dbi;
	MDB_txn *txn = place_of(r, t, &dbi);

	if (!r->usable || key.n == 0 || key.n > REPLICA_KEY_MAX)
		return false;
	MDB_val k = replica_val(key), v;
	if (mdb_get(txn, dbi, &k, &v) != 0)
		return false;
	*value = replica_slice(v);
	return true;
}

void replica_state(struct replica *r, struct replica_state *out)
{
	must(r->begun);
	memset(out, 0, sizeof(*out));
	if (r->usable)
		*out = r->meta.state;
}

void replica_walk(struct replica *r, enum replica_table t, struct slice from, replica_each_f *each,
		  void *owner)
{
	MDB_dbi dbi;
	MDB_txn *txn = place_of(r, t, &dbi);
	MDB_cursor *cursor;

	if (!r->usable || mdb_cursor_open(txn, dbi, &cursor) != 0)
		return;
	MDB_val k = replica_val(from), v;
	int error = mdb_cursor_get(cursor, &k, &v, from.n == 0 ? MDB_FIRST : MDB_SET_RANGE);
	while (error == 0 && each(owner, replica_slice(k), replica_slice(v)))
		error = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
	mdb_cursor_close(cursor);
}

uint64_t replica_count(struct replica *r, enum replica_table t)
{
	MDB_dbi dbi;
	MDB_stat st;
	MDB_txn *txn = place_of(r, t, &dbi);

	return r->usable && mdb_stat(txn, dbi, &st) == 0 ? st.ms_entries : 0;
}
