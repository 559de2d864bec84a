/* run/replica/writer_open.c: getting hold of the two environments, whatever state they are in. */
#include "run/replica/writer_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAIR slice_lit("pair")

static const char *path_of(struct replica_writer *w, const char *env, const char *suffix)
{
	buf_clear(&w->path);
	buf_addf(&w->path, "%s/%s%s", w->folder, env, suffix);
	return buf_str(&w->path);
}

/* The lock file is mapped: on a full disk a page of it that is not there yet would end the
 * process, so all of it is made now. */
static int make_lock_file(struct replica_writer *w, const char *name)
{
	int fd = open(path_of(w, name, "/lock.mdb"), O_RDWR | O_CREAT | O_CLOEXEC, 0660);

	if (fd < 0)
		return errno;
	int error = posix_fallocate(fd, 0, (REPLICA_READERS + 4) * 64);
	close(fd);
	return error;
}

/* Readers run as other users: their group reads the data and writes the reader table. */
static int allow_group(struct replica_writer *w, const char *name)
{
	if (chmod(path_of(w, name, "/data.mdb"), 0640) < 0)
		return errno;
	return chmod(path_of(w, name, "/lock.mdb"), 0660) < 0 ? errno : 0;
}

static int open_env(struct replica_writer *w, const char *name, uint64_t map_size, MDB_env **out)
{
	if (mkdir(path_of(w, name, ""), 0750) < 0 && errno != EEXIST)
		return errno;
	int error = make_lock_file(w, name);
	if (error == 0)
		error = mdb_env_create(out);
	if (error != 0)
		return error;
	(void)mdb_env_set_maxdbs(*out, REPLICA_SIDES * REPLICA_TABLES);
	(void)mdb_env_set_mapsize(*out, map_size == 0 ? REPLICA_MAP : map_size);
	(void)mdb_env_set_maxreaders(*out, REPLICA_READERS);
	error = mdb_env_open(*out, path_of(w, name, ""), MDB_NOTLS | MDB_NORDAHEAD, 0640);
	return error == 0 ? allow_group(w, name) : error;
}

static int make_public_tables(struct replica_writer *w)
{
	MDB_txn *txn;
	int error = mdb_txn_begin(w->pub.env, NULL, 0, &txn);

	if (error != 0)
		return error;
	error = replica_public_tables(&w->pub, txn, MDB_CREATE);
	if (error == 0)
		error = replica_meta_read(&w->pub, txn, &w->committed);
	if (error == MDB_NOTFOUND) {
		memset(&w->committed, 0, sizeof(w->committed));
		error = replica_meta_write(&w->pub, txn, &w->committed);
	}
	return replica_end_txn(txn, error);
}

static int make_keys_tables(struct replica_writer *w)
{
	MDB_txn *txn;
	int error = mdb_txn_begin(w->keys.env, NULL, 0, &txn);

	if (error != 0)
		return error;
	error = replica_keys_tables(&w->keys, txn, MDB_CREATE);
	return replica_end_txn(txn, error);
}

/* Anything LMDB says of the file itself, not of the disk below it. */
static bool is_unreadable(int error)
{
	return error == MDB_INVALID || error == MDB_VERSION_MISMATCH || error == MDB_CORRUPTED ||
	       error == MDB_PAGE_NOTFOUND || error == MDB_INCOMPATIBLE;
}

static void remove_env(const char *folder)
{
	static const char *const files[] = { "/data.mdb", "/lock.mdb", "" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct buf path = BUF_INIT;
		buf_addf(&path, "%s%s", folder, files[i]);
		(void)remove(buf_str(&path));
		buf_free(&path);
	}
}

static int move_aside(struct replica_writer *w, const char *name)
{
	struct buf aside = BUF_INIT;

	buf_addf(&aside, "%s/%s.bad", w->folder, name);
	remove_env(buf_str(&aside));
	int error = rename(path_of(w, name, ""), buf_str(&aside)) < 0 ? errno : 0;
	buf_free(&aside);
	return error;
}

typedef int make_tables_f(struct replica_writer *w);

static int open_and_make(struct replica_writer *w, const char *name, uint64_t map_size,
			 MDB_env **env, make_tables_f *make)
{
	int error = open_env(w, name, map_size, env);

	if (error == 0)
		error = make(w);
	if (error != 0 && *env != NULL) {
		mdb_env_close(*env);
		*env = NULL;
	}
	return error;
}

static int open_or_rebuild(struct replica_writer *w, const char *name, uint64_t map_size,
			   MDB_env **env, make_tables_f *make, struct fail *f)
{
	int error = open_and_make(w, name, map_size, env, make);

	if (is_unreadable(error)) {
		error = move_aside(w, name);
		if (error == 0)
			error = open_and_make(w, name, map_size, env, make);
	}
	return error == 0 ? 0 : replica_fail(name, error, f);
}

static int read_pair(MDB_env *env, MDB_dbi meta, struct id *out)
{
	MDB_txn *txn;

	memset(out, 0, sizeof(*out));
	int error = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
	if (error != 0)
		return error;
	MDB_val key = replica_val(PAIR), value;
	if (mdb_get(txn, meta, &key, &value) == 0 && value.mv_size == ID_LEN)
		memcpy(out->b, value.mv_data, ID_LEN);
	mdb_txn_abort(txn);
	return 0;
}

static int put_pair(MDB_txn *txn, MDB_dbi meta, const struct id *pair)
{
	MDB_val key = replica_val(PAIR), value = replica_val(id_slice(pair));

	return mdb_put(txn, meta, &key, &value, 0);
}

/* The state is forgotten in the commit that makes the pair whole. */
static int make_pair(struct replica_writer *w)
{
	struct id pair;
	MDB_txn *txn;

	must(getrandom(pair.b, ID_LEN, 0) == ID_LEN);
	int error = mdb_txn_begin(w->keys.env, NULL, 0, &txn);
	if (error == 0)
		error = replica_end_txn(txn, put_pair(txn, w->keys.meta, &pair));
	if (error == 0)
		error = mdb_txn_begin(w->pub.env, NULL, 0, &txn);
	if (error != 0)
		return error;
	memset(&w->committed.state, 0, sizeof(w->committed.state));
	error = replica_meta_write(&w->pub, txn, &w->committed);
	return replica_end_txn(txn, error != 0 ? error : put_pair(txn, w->pub.meta, &pair));
}

/* Keys that were lost, or that came from elsewhere, are not what the public records name. */
static int check_pair(struct replica_writer *w, struct fail *f)
{
	struct id pub, keys;
	int error = read_pair(w->pub.env, w->pub.meta, &pub);

	if (error == 0)
		error = read_pair(w->keys.env, w->keys.meta, &keys);
	if (error == 0 && (id_is_zero(&pub) || !id_eq(&pub, &keys)))
		error = make_pair(w);
	return error == 0 ? 0 : replica_fail("pair", error, f);
}

static int open_all(struct replica_writer *w, uint64_t map_size, struct fail *f)
{
	uint64_t behind;
	int pid;

	if (open_or_rebuild(w, REPLICA_KEYS, map_size, &w->keys.env, make_keys_tables, f) < 0 ||
	    open_or_rebuild(w, REPLICA_PUBLIC, map_size, &w->pub.env, make_public_tables, f) < 0)
		return -1;
	(void)replica_tend(w, &behind, &pid);
	if (check_pair(w, f) < 0)
		return -1;
	w->unfinished = true;
	return replica_finish(w, f);
}

int replica_open_writer(struct replica_writer **out, const char *folder, uint64_t map_size,
			struct fail *f)
{
	struct replica_writer *w = calloc(1, sizeof(*w));

	must(w != NULL);
	w->folder = strdup(folder);
	must(w->folder != NULL);
	if (open_all(w, map_size, f) < 0) {
		replica_close_writer(w);
		return -1;
	}
	*out = w;
	return 0;
}

void replica_close_writer(struct replica_writer *w)
{
	if (w == NULL)
		return;
	replica_write_abort(w);
	if (w->pub.env != NULL)
		mdb_env_close(w->pub.env);
	if (w->keys.env != NULL)
		mdb_env_close(w->keys.env);
	buf_free(&w->path);
	buf_free(&w->deletes);
	free(w->folder);
	free(w);
}
