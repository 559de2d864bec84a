/* model/key_store.h: wrapped private keys in the truth. Rows come before the certificates that use
 * them and go after. */
#pragma once

#include "model/act.h"
#include "proto/key/key.h"

/* Inserts the wrapped key (FAIL_INPUT when it is none) and publishes it. */
must_check int key_store_put(struct sql_tx *tx, struct act *act, const struct id *zone,
			     struct slice wrapped, struct key_public *out, struct fail *f);

/* FAIL_ABSENT when there is none. */
must_check int key_store_find(struct sql_tx *tx, struct arena *a, const struct id *id,
			      struct slice *wrapped, struct fail *f);
must_check int key_store_delete(struct sql_tx *tx, struct act *act, const struct id *zone,
				const struct id *id, struct fail *f);

/* How many keys are not wrapped by this KEK. */
must_check int key_store_count_other(struct sql_tx *tx, const struct id *kek, int64_t *n,
				     struct fail *f);

/* At most `limit` of them. */
typedef bool key_store_each_f(void *arg, const struct id *id, struct slice wrapped);
must_check int key_store_each_other(struct sql_tx *tx, const struct id *kek, int limit,
				    key_store_each_f *each, void *arg, struct fail *f);

/* The same key wrapped anew: replaces and publishes. */
must_check int key_store_rewrap(struct sql_tx *tx, struct act *act, struct slice wrapped,
				struct fail *f);
