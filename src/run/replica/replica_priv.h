/* run/replica/replica_priv.h: what reader and writer agree on: files, LMDB tables, where a record
 * lives.
 *
 * Environment "public" holds two sides of every public table ("name.0", "name.1") and "meta".
 * meta says which side is in use; a snapshot is loaded into the other one and a swap changes one
 * byte. Environment "keys" holds one table "key" (keys are content-addressed: a snapshot adds to
 * it) and "key.load", the ids of the snapshot, by which the others are swept after the swap.
 *
 * meta of "public" holds one record "state", read at once: side, epoch, seq, 256 heads; and two that are of
 * this machine alone: "pair", which must be the same in both environments (they are then of one
 * making), and "unfinished", what is left to do after the commit that wrote it: keys to delete, or
 * the sweep after a swap. A crash there is made good when the writer opens again.
 */
#pragma once

#include <lmdb.h>

#include "run/replica/replica.h"

#define REPLICA_SIDES   2
#define REPLICA_MAP     ((uint64_t)64 << 30)
#define REPLICA_READERS 250

/* The handles of one environment's tables, by enum replica_table; REPLICA_KEY stands alone. */
struct replica_public {
	MDB_env *env;
	MDB_dbi meta;
	MDB_dbi table[REPLICA_SIDES][REPLICA_TABLES];
};

struct replica_keys {
	MDB_env *env;
	MDB_dbi meta;
	MDB_dbi key;
	MDB_dbi load;
};

/* What "state" says. */
struct replica_meta {
	int side;
	struct replica_state state;
};

#define REPLICA_PUBLIC "public"
#define REPLICA_KEYS   "keys"

/* Opens the tables of an environment in `txn`, with MDB_CREATE in flags when writing. LMDB's
 * answer. */
int replica_public_tables(struct replica_public *p, MDB_txn *txn, unsigned flags);
int replica_keys_tables(struct replica_keys *k, MDB_txn *txn, unsigned flags);

static inline bool replica_is_public(enum replica_table t)
{
	return t >= REPLICA_NAME && t < REPLICA_KEY;
}

/* LMDB's answer; MDB_NOTFOUND when nothing was ever committed, MDB_VERSION_MISMATCH for another
 * layout, MDB_CORRUPTED for nonsense. */
int replica_meta_read(const struct replica_public *p, MDB_txn *txn, struct replica_meta *out);
int replica_meta_write(const struct replica_public *p, MDB_txn *txn, const struct replica_meta *m);

static inline MDB_val replica_val(struct slice s)
{
	return (MDB_val){ s.n, (void *)(uintptr_t)s.p };
}

static inline struct slice replica_slice(MDB_val v)
{
	return slice_of(v.mv_data, v.mv_size);
}

/* Commits when error is 0, else aborts; LMDB's answer. */
int replica_end_txn(MDB_txn *txn, int error);

/* Words and kind for what LMDB answered. */
int replica_fail(const char *what, int error, struct fail *f);
