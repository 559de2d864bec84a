/* role/ca/store.h: the ca's own database: its authorities and what they have issued.
 *
 * Two tables. `authority`: one row per authority (kind "edge"), with the certificates of its root and
 * of its intermediate and both keys, wrapped. `issued`: one row per order, the whole answer in
 * it: an order asked again, after a crash of either side, gets the certificate it got before.
 */
#pragma once

#include "base/arena.h"
#include "base/fail.h"
#include "base/id.h"
#include "base/slice.h"
#include "base/stamp.h"
#include "run/sql/sql.h"

extern const struct sql_migration ca_migrations[];
extern const size_t ca_migration_count;

/* Every statement, to a NULL: for the check on PostgreSQL. */
extern const struct sql_stmt *const ca_statements[];

struct ca_authority_row {
	struct id id;
	struct slice kind;
	struct slice root;     /* DER */
	struct slice root_key; /* wrapped */
	struct slice intermediate;
	struct slice intermediate_key;
	stamp created_at;
};

must_check int ca_authority_insert(struct sql_tx *tx, const struct ca_authority_row *row,
				   struct fail *f);

/* All of them, oldest first, in the arena; more than `max` is a failure. */
must_check int ca_authority_all(struct sql_tx *tx, struct arena *a, struct ca_authority_row *out,
				size_t max, size_t *count, struct fail *f);

must_check int ca_authority_rewrap(struct sql_tx *tx, const struct ca_authority_row *row,
				   struct fail *f);

struct ca_issued_row {
	struct id order;
	struct id authority;
	struct slice serial;
	struct slice asked; /* SHA-256 of what must be the same when it is asked again */
	struct slice leaf;  /* DER */
	stamp not_after;
	stamp issued_at;
};

must_check int ca_issued_insert(struct sql_tx *tx, const struct ca_issued_row *row, struct fail *f);

/* 1: found (slices in the arena), 0: there is none. */
must_check int ca_issued_find(struct sql_tx *tx, const struct id *order, struct arena *a,
			      struct ca_issued_row *out, struct fail *f);

/* 1: revoked now or before; 0: there is none. */
must_check int ca_issued_revoke(struct sql_tx *tx, const struct id *order, int reason, stamp at,
				struct fail *f);

/* Drops what ended before `before`. */
must_check int ca_issued_forget(struct sql_tx *tx, stamp before, int64_t *count, struct fail *f);
