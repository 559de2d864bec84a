/* model/change.h: change records: what every machine must hear of, in the order of commits. Each is
 * a full replacement of one key of the replica, or a tombstone.
 */
#pragma once

#include "model/act.h"
#include "run/feed/feed.h"

/* The shard of what belongs to a zone: the first byte of SHA-256 of its id. */
uint8_t change_shard(const struct id *zone);

/* Appends a record; value absent (p NULL): a tombstone. act->seq becomes its seq. */
must_check int change_append(struct sql_tx *tx, struct act *act, const struct id *zone,
			     enum replica_table kind, struct slice key, struct slice value,
			     struct fail *f);

/* Epoch, last seq and the heads of all shards; and the oldest seq still in the log (0: empty). */
must_check int change_state(struct sql_tx *tx, struct replica_state *out, uint64_t *oldest,
			    struct fail *f);

/* Records after seq, in order, at most `limit`. False ends the walk. */
typedef bool change_each_f(void *arg, const struct feed_change *c);
must_check int change_each(struct sql_tx *tx, uint64_t after, int limit, change_each_f *each,
			   void *arg, struct fail *f);

/* Forgets records older than `before`; keeps the newest of all. Returns how many went in *n. */
must_check int change_forget(struct sql_tx *tx, stamp before, int64_t *n, struct fail *f);

/* A truth that is new or was restored begins a new epoch: machines take a snapshot. */
must_check int change_new_epoch(struct sql_tx *tx, struct fail *f);
