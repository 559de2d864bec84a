#include "run/replica/replica_priv.h"

#include <errno.h>
#include <stdio.h>

#include "base/cursor.h"

static const char *const names[REPLICA_TABLES] = {
	[REPLICA_NAME] = "name", [REPLICA_ZONE] = "zone",   [REPLICA_ORIGIN] = "origin",
	[REPLICA_CERT] = "cert", [REPLICA_CHAIN] = "chain", [REPLICA_CHALLENGE] = "challenge",
	[REPLICA_KEY] = "key",
};

#define STATE slice_lit("state")

const char *replica_table_name(enum replica_table t)
{
	return (unsigned)t < REPLICA_TABLES ? names[t] : NULL;
}

int replica_public_tables(struct replica_public *p, MDB_txn *txn, unsigned flags)
{
	int error = mdb_dbi_open(txn, "meta", flags, &p->meta);

	for (int side = 0; side < REPLICA_SIDES; side++) {
		for (int t = REPLICA_NAME; t < REPLICA_KEY && error == 0; t++) {
			char name[24];
			snprintf(name, sizeof(name), "%s.%d", names[t], side);
			error = mdb_dbi_open(txn, name, flags, &p->table[side][t]);
		}
	}
	return error;
}

int replica_keys_tables(struct replica_keys *k, MDB_txn *txn, unsigned flags)
{
	int error = mdb_dbi_open(txn, "meta", flags, &k->meta);

	if (error == 0)
		error = mdb_dbi_open(txn, "key", flags, &k->key);
	return error != 0 ? error : mdb_dbi_open(txn, "key.load", flags, &k->load);
}

int replica_meta_read(const struct replica_public *p, MDB_txn *txn, struct replica_meta *out)
{
	MDB_val key = replica_val(STATE), value;
	int error = mdb_get(txn, p->meta, &key, &value);

	if (error != 0)
		return error;
	struct reader r = reader_of(replica_slice(value));
	if (read_u32(&r) != REPLICA_LAYOUT)
		return MDB_VERSION_MISMATCH;
	out->side = read_u8(&r) & 1;
	read_copy(&r, out->state.epoch.b, ID_LEN);
	out->state.seq = read_u64(&r);
	for (int i = 0; i < REPLICA_SHARDS; i++)
		out->state.heads[i] = read_u64(&r);
	return reader_done(&r) ? 0 : MDB_CORRUPTED;
}

int replica_meta_write(const struct replica_public *p, MDB_txn *txn, const struct replica_meta *m)
{
	struct buf b = BUF_INIT;

	write_u32(&b, REPLICA_LAYOUT);
	write_u8(&b, (uint8_t)m->side);
	write_bytes(&b, m->state.epoch.b, ID_LEN);
	write_u64(&b, m->state.seq);
	for (int i = 0; i < REPLICA_SHARDS; i++)
		write_u64(&b, m->state.heads[i]);
	MDB_val key = replica_val(STATE), value = replica_val(buf_slice(&b));
	int error = mdb_put(txn, p->meta, &key, &value, 0);
	buf_free(&b);
	return error;
}

int replica_end_txn(MDB_txn *txn, int error)
{
	if (error == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return error;
}

int replica_fail(const char *what, int error, struct fail *f)
{
	switch (error) {
	case MDB_MAP_FULL:
		return fail(f, FAIL_UNAVAILABLE,
			    "the replica is full: raise replica.map and start again (%s)", what);
	case ENOSPC:
		return fail(
			f, FAIL_UNAVAILABLE,
			"the disk of the replica is full: free space, it goes on by itself (%s)",
			what);
	case MDB_READERS_FULL:
		return fail(f, FAIL_UNAVAILABLE,
			    "the replica has more readers than it has room for (%s)", what);
	case EACCES:
	case EPERM:
		return fail(f, FAIL_DENIED,
			    "the replica's files are not for this process: their folders belong to "
			    "the applier, and readers are in their group (%s)",
			    what);
	default: return fail(f, FAIL_UNAVAILABLE, "the replica: %s: %s", what, mdb_strerror(error));
	}
}
