#include "run/replica/writer_priv.h"

#include <stdio.h>

struct oldest {
	size_t txn;
	int pid;
};

/* LMDB lists readers as text: process, thread, transaction ("-": none open). */
static int note_reader(const char *line, void *arg)
{
	struct oldest *o = arg;
	int pid;
	size_t thread, txn;

	if (sscanf(line, "%d %zx %zu", &pid, &thread, &txn) == 3 && txn < o->txn)
		*o = (struct oldest){ txn, pid };
	return 0;
}

static int tend_env(MDB_env *env, uint64_t *behind, int *pid)
{
	int dead = 0;
	MDB_envinfo info;
	struct oldest oldest = { SIZE_MAX, 0 };

	(void)mdb_reader_check(env, &dead);
	(void)mdb_reader_list(env, note_reader, &oldest);
	if (mdb_env_info(env, &info) == 0 && oldest.txn < info.me_last_txnid &&
	    info.me_last_txnid - oldest.txn > *behind) {
		*behind = info.me_last_txnid - oldest.txn;
		*pid = oldest.pid;
	}
	return dead;
}

int replica_tend(struct replica_writer *w, uint64_t *behind, int *pid)
{
	*behind = 0;
	*pid = 0;
	return tend_env(w->pub.env, behind, pid) + tend_env(w->keys.env, behind, pid);
}
