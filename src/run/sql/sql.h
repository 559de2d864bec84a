/* run/sql/sql.h: the truth's database: statements written once, transactions, a writer thread
 * with group commit and reader threads.
 *
 * Two faces. The synchronous one (sql_open, sql_begin, sql_start ...) may wait for the disk: it is
 * for jobs, for the command line and for roles that may block. The asynchronous one (struct
 * sql_pool, sql_submit) is for loops, which never wait: a job is a closure
 * (transaction) -> outcome that runs on a thread of the pool; its done() runs on the loop, for
 * writes only after the COMMIT that holds it is on the disk.
 *
 * Statements are valid on SQLite and on PostgreSQL alike: parameters are $1, $2 ... (rewritten to
 * ?1 for SQLite), types are text, bigint and bytea, times are bigint milliseconds, ids are bytea
 * of 16, flags are bigint 0 or 1. "on conflict (...) do update set x = excluded.x", "returning",
 * "limit $n" and "case" work on both; "insert or replace", rowid, datetime() and double-quoted
 * strings do not. A bytea column is bound with sql_bind_blob() and a text column with
 * sql_bind_text(): SQLite never finds one equal to the other.
 *
 * File names are taken relative to the working folder and used as they are, so that a role can open
 * them although it may not walk the parents.
 */
#pragma once

#include "base/arena.h"
#include "base/fail.h"
#include "base/id.h"
#include "base/list.h"
#include "base/slice.h"

struct loop;
struct sql_prepared;
struct sql;      /* one connection */
struct sql_tx;   /* one open transaction of a connection */
struct sql_pool; /* a writer thread, some reader threads and their queues */

enum sql_mode { SQL_READ, SQL_WRITE };

/* A statement has static storage: connections keep what they prepared by its address.
 * The visible list of all statements is what sql_prepare_check() walks. */
struct sql_stmt {
	const char *text;
};

/* ---- statements, inside a transaction ----
 *
 *	struct sql_query q;
 *	sql_start(&q, tx, &zone_by_name);
 *	sql_bind_text(&q, 1, name);
 *	if (sql_row(&q))
 *		sql_id(&q, 0, &zone->id);
 *	return sql_end(&q, f);
 *
 * The error sticks: bind and fetch freely, ask once in sql_end(), which must be called. */
struct sql_query {
	struct sql_tx *tx; /* all private */
	const struct sql_stmt *source;
	struct sql_prepared *prepared;
	int error;
	bool done;
};

void sql_start(struct sql_query *q, struct sql_tx *tx, const struct sql_stmt *stmt);

/* Parameters count from 1. Bytes are borrowed until sql_end(). */
void sql_bind_i64(struct sql_query *q, int at, int64_t v);
void sql_bind_text(struct sql_query *q, int at, struct slice s);
void sql_bind_blob(struct sql_query *q, int at, struct slice s);
void sql_bind_id(struct sql_query *q, int at, const struct id *id);
void sql_bind_null(struct sql_query *q, int at);

/* The next row; false at the end or after an error. A statement without rows runs here or in
 * sql_end(). */
bool sql_row(struct sql_query *q);

/* Columns count from 0. Bytes are borrowed until the next sql_row() or sql_end(): copy what stays.
 * NULL reads as 0, an empty slice, or a zero id. */
int64_t sql_i64(struct sql_query *q, int column);
struct slice sql_text(struct sql_query *q, int column);
struct slice sql_blob(struct sql_query *q, int column);
void sql_id(struct sql_query *q, int column, struct id *out);
bool sql_is_null(struct sql_query *q, int column);

/* Ends the statement (a write that was never asked for rows runs now). 0, or -1 with words:
 * FAIL_CONFLICT when a unique or foreign key constraint refused, FAIL_UNAVAILABLE when the disk is
 * full, failed or the database is locked, FAIL_SYSTEM otherwise. */
must_check int sql_end(struct sql_query *q, struct fail *f);

/* start, no rows, end: for statements without parameters. */
must_check int sql_exec(struct sql_tx *tx, const struct sql_stmt *stmt, struct fail *f);

/* Rows changed by the last insert, update or delete of this transaction. */
int64_t sql_changes(struct sql_tx *tx);

/* ---- one connection, synchronous ---- */

struct sql_config {
	const char *file; /* relative to the working folder */
	bool create;      /* else a missing file is FAIL_ABSENT */
	int readers;      /* threads of a pool that read, 1 to 16; 0: 2 */
	int queue_max;    /* jobs waiting per queue of a pool; 0: 4096 */
	int group_max;    /* jobs of one COMMIT; 0: 256 */
};

must_check int sql_open(struct sql **out, const struct sql_config *config, struct fail *f);
void sql_close(struct sql *db); /* NULL is fine; an open transaction is rolled back */

must_check int sql_begin(struct sql *db, enum sql_mode mode, struct sql_tx **out, struct fail *f);
must_check int sql_commit(struct sql_tx *tx,
			  struct fail *f); /* the transaction is over either way */
void sql_rollback(struct sql_tx *tx);

/* A copy made while others write, durable when this returns. The file must not exist. */
must_check int sql_backup(struct sql *db, const char *file, struct fail *f);

/* Reads every page and index; -1 names the first damage. */
must_check int sql_check(struct sql *db, struct fail *f);

/* ---- migrations ---- */

/* Versions are 1, 2, 3 ... in order; statements end with NULL. */
struct sql_migration {
	int version;
	const char *const *statements;
};

/* Brings the schema to the newest version in one transaction. Before an existing database is
 * changed a copy of the file is kept beside it ("truth.db.v3"). A database newer than the list is
 * refused. *from and *to (either may be NULL) tell what happened. */
must_check int sql_migrate(struct sql *db, const struct sql_migration *list, size_t count,
			   int *from, int *to, struct fail *f);

/* ---- the pool ---- */

/* Embedded in its owner. run() is called on a thread of the pool and must touch only the job, its
 * transaction and what is immutable; a negative answer undoes what this job wrote (and nothing
 * of its neighbours in the group). done() is called on the loop, never inside sql_submit(), with
 * run()'s answer or -1 and why; the job may be freed or submitted again in it.
 *
 * When the group cannot be committed (disk full) every job of it is answered -1 FAIL_UNAVAILABLE:
 * run() may have been called, and nothing of it stays. */
struct sql_job {
	int (*run)(struct sql_tx *tx, struct sql_job *job, struct fail *f);
	void (*done)(struct sql_job *job, int result, const struct fail *f);
	struct arena arena; /* for run(); the owner frees it */
	struct list link;   /* private from here */
	struct fail fail;
	int result;
};

/* The file exists and is migrated. Threads start here: call it before the role locks itself in or
 * allow clone. */
must_check int sql_pool_open(struct sql_pool **out, struct loop *loop,
			     const struct sql_config *config, struct fail *f);

/* A full queue answers FAIL_UNAVAILABLE through done(). Writes run in the order submitted. */
void sql_submit(struct sql_pool *pool, enum sql_mode mode, struct sql_job *job);

/* Finishes every job submitted, calls their done(), joins the threads. NULL is fine. */
void sql_pool_close(struct sql_pool *pool);

struct sql_pool_stats {
	uint64_t commits; /* COMMITs of the writer */
	uint64_t jobs;    /* write jobs in them */
	uint64_t failed;  /* groups that could not be committed */
	int waiting;      /* jobs in the queues now */
};
void sql_pool_stats(struct sql_pool *pool, struct sql_pool_stats *out);

/* ---- for the rewriting's own test and for the check on PostgreSQL ---- */

/* Appends text with $n as ?n, outside of strings, quoted names and comments. */
struct buf;
void sql_rewrite(const char *text, struct buf *out);
