/* model/row.h: what every thing's file needs to read and write its rows. For src/model alone. */
#pragma once

#include "base/arena.h"
#include "base/stamp.h"
#include "run/sql/sql.h"

/* Text and bytes of a column: copied to the arena, or borrowed until the next row when a is NULL.
 * NULL is an absent slice. */
struct slice row_text(struct sql_query *q, int column, struct arena *a);
struct slice row_blob(struct sql_query *q, int column, struct arena *a);

/* An absent slice is bound as NULL. */
void row_bind_text(struct sql_query *q, int at, struct slice s);
void row_bind_blob(struct sql_query *q, int at, struct slice s);

/* A zero id is bound as NULL (and NULL is read as a zero id). */
void row_bind_id(struct sql_query *q, int at, const struct id *id);

/* A statement with one id and no rows. */
must_check int row_exec_id(struct sql_tx *tx, const struct sql_stmt *stmt, const struct id *id,
			   struct fail *f);

/* One number that a statement without parameters, or with one id, answers; 0 without a row. */
must_check int row_number(struct sql_tx *tx, const struct sql_stmt *stmt, const struct id *id,
			  int64_t *out, struct fail *f);

/* Runs "delete ... where at < $1" and says how many rows went. */
must_check int row_forget(struct sql_tx *tx, const struct sql_stmt *stmt, stamp before, int64_t *n,
			  struct fail *f);

/* What each thing runs, ended by NULL: for the list of all in schema.c. */
extern const struct sql_stmt *const account_statements[];
extern const struct sql_stmt *const audit_statements[];
extern const struct sql_stmt *const census_statements[];
extern const struct sql_stmt *const certificate_statements[];
extern const struct sql_stmt *const change_statements[];
extern const struct sql_stmt *const event_statements[];
extern const struct sql_stmt *const hostname_statements[];
extern const struct sql_stmt *const key_store_statements[];
extern const struct sql_stmt *const kind_statements[];
extern const struct sql_stmt *const machine_statements[];
extern const struct sql_stmt *const name_statements[];
extern const struct sql_stmt *const order_statements[];
extern const struct sql_stmt *const origin_statements[];
extern const struct sql_stmt *const owner_statements[];
extern const struct sql_stmt *const record_statements[];
extern const struct sql_stmt *const token_statements[];
extern const struct sql_stmt *const zone_statements[];
extern const struct sql_stmt *const zone_setting_statements[];
