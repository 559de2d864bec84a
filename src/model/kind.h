/* model/kind.h: the record kinds of the feed: one visible row each. A kind has ONE function that
 * makes a replica record of a row of the truth; change records and snapshots both use it, so that
 * a replica by replay equals a replica by snapshot, byte for byte.
 */
#pragma once

#include "model/act.h"
#include "run/replica/replica.h"

struct sql_query;
struct sql_stmt;
struct buf;

struct kind {
	enum replica_table table;
	const char *name;
	const struct sql_stmt *one;  /* $1: the record's key; the row of it, or none */
	const struct sql_stmt *page; /* $1: key, $2: limit; the rows with keys above, in order */
	void (*build)(struct sql_query *q, struct buf *key, struct buf *value);
};

/* In the order of snapshots: what is named stands before what names it. */
extern const struct kind kinds[];
extern const size_t kind_count;

const struct kind *kind_of(enum replica_table table);

/* Appends the change record of the row as it is now, or a tombstone when it is gone. */
must_check int kind_publish(struct sql_tx *tx, struct act *act, const struct id *zone,
			    enum replica_table table, struct slice key, struct fail *f);

/* One page of a snapshot: records with keys above `after` (empty: from the first). */
typedef bool kind_each_f(void *arg, struct slice key, struct slice value);
must_check int kind_page(struct sql_tx *tx, const struct kind *k, struct slice after, int limit,
			 kind_each_f *each, void *arg, size_t *count, struct fail *f);
