/* run/replica/replica.h: the machine's copy of what edges answer from: two LMDB environments,
 * "public" and "keys", written by one process (the applier) and read by others through the map.
 *
 * A cache of the truth: it may be deleted at any time and is built anew; it serves on when the truth
 * is away. Readers see one version of all public tables between replica_begin() and
 * replica_end(); a key is committed before and deleted after the records that name it, and the
 * keys are seen at least as new as the public tables.
 *
 * Readers need read access to both folders and write access to their lock.mdb (LMDB's reader table);
 * nothing else. One struct replica per process, opened after fork.
 */
#pragma once

#include "base/fail.h"
#include "base/id.h"
#include "base/must.h"
#include "base/slice.h"

/* The numbers are the record kinds of the feed: never reuse one. */
enum replica_table {
	REPLICA_NAME = 1,
	REPLICA_ZONE = 2,
	REPLICA_ORIGIN = 3,
	REPLICA_CERT = 4,
	REPLICA_CHAIN = 5,
	REPLICA_CHALLENGE = 6,
	REPLICA_KEY = 7, /* in the environment "keys" */
};
#define REPLICA_TABLES 8 /* above every number */

#define REPLICA_LAYOUT    1
#define REPLICA_KEY_MAX   511         /* LMDB's limit */
#define REPLICA_VALUE_MAX (64 * 1024) /* common values stay under 2,000 bytes */
#define REPLICA_SHARDS    256

/* Where the replica stands: all of it changes in the transaction that changes the records. */
struct replica_state {
	struct id epoch;                /* zero: never loaded */
	uint64_t seq;                   /* last change applied */
	uint64_t heads[REPLICA_SHARDS]; /* last change applied of each shard */
};

struct replica;

const char *replica_table_name(enum replica_table t); /* NULL: no such table */

/* ---- reading (edges, doctor, tests) ---- */

/* `folder` holds public/ and keys/. Opens also when they do not exist yet: everything is then
 * absent until replica_refresh() finds them. -1 only for a lasting fault. */
must_check int replica_open_reader(struct replica **out, const char *folder, struct fail *f);
void replica_close(struct replica *r);

/* Call each second, outside of begin and end: opens what has appeared, moves to a replica that was
 * built anew. 0, or -1 with words while that cannot be read; what was held then serves on.
 * FAIL_DENIED: the sandbox names the files before it, so end the process to be started again. */
int replica_refresh(struct replica *r, struct fail *f);

/* One read transaction. Never keep it across a return to the loop: pages pile up behind it. */
void replica_begin(struct replica *r);
void replica_end(struct replica *r);

/* false: absent. The value is borrowed until replica_end(). */
must_check bool replica_get(struct replica *r, enum replica_table t, struct slice key,
			    struct slice *value);

/* Where this transaction stands. */
void replica_state(struct replica *r, struct replica_state *out);

/* Between begin and end: records of a table in key order, from `from` on (empty: all). each()
 * answers false to stop. */
typedef bool replica_each_f(void *owner, struct slice key, struct slice value);
void replica_walk(struct replica *r, enum replica_table t, struct slice from, replica_each_f *each,
		  void *owner);
uint64_t replica_count(struct replica *r, enum replica_table t);

/* SHA-256 over state and every record of every table in key order; facts of the machine alone
 * are left out. Two replicas of equal content have equal digests, however they came about.
 * Opens its own transaction. */
void replica_digest(struct replica *r, uint8_t out[32]);

/* ---- writing (the applier) ---- */

struct replica_writer;

/* Makes the folders when absent, clears dead readers, finishes what a crash cut short. What LMDB
 * cannot open, or another layout, is moved aside ("public.bad") and built anew. When one of the
 * two environments is gone or not of one making with the other, the state is zero: a snapshot
 * is needed, and readers go on with what there is. map_size is address space, no disk; 0: 64 GiB. */
must_check int replica_open_writer(struct replica_writer **out, const char *folder,
				   uint64_t map_size, struct fail *f);
void replica_close_writer(struct replica_writer *w);

/* What is committed. */
const struct replica_state *replica_writer_state(const struct replica_writer *w);

/* A batch: begin, put and del, then commit with the new state or abort. A put or del that failed
 * makes the commit fail. FAIL_INPUT: key or value beyond the limits. FAIL_UNAVAILABLE: disk or
 * map full; everything committed before is intact, try again later. */
must_check int replica_write_begin(struct replica_writer *w, struct fail *f);
must_check int replica_put(struct replica_writer *w, enum replica_table t, struct slice key,
			   struct slice value, struct fail *f);
must_check int replica_del(struct replica_writer *w, enum replica_table t, struct slice key,
			   struct fail *f); /* absent is fine */
must_check int replica_write_commit(struct replica_writer *w, const struct replica_state *state,
				    struct fail *f);
void replica_write_abort(struct replica_writer *w);

/* A snapshot is loaded aside, in as many batches as it takes, while readers go on with what is
 * there: load_begin() empties the side, batches between write to it (their commit takes NULL for
 * the state), and load_end() swaps sides in one transaction. */
must_check int replica_load_begin(struct replica_writer *w, struct fail *f);
must_check int replica_load_end(struct replica_writer *w, const struct replica_state *state,
				struct fail *f);

/* Forgets a load that was begun: writes go to the side in use again. */
void replica_load_cancel(struct replica_writer *w);

/* Housekeeping, every 10 s: frees the slots of dead readers. Returns how many were freed.
 * *behind: transactions since the oldest reader began (above 1,000 somebody holds one open). */
int replica_tend(struct replica_writer *w, uint64_t *behind, int *pid);
