/* run/sql/connection.c: one SQLite connection: opening, transactions, words for failures. */
#include "run/sql/sql_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* WAL: readers never wait for the writer. FULL: a commit is on the disk before it is answered.
 * Temporary tables stay in memory, as a role may write nowhere else. */
static const char *const pragmas[] = {
	"pragma busy_timeout = 10000",
	"pragma journal_mode = wal",
	"pragma synchronous = full",
	"pragma foreign_keys = on",
	"pragma temp_store = memory",
	"pragma cache_size = -16000",
	"pragma journal_size_limit = 16777216",
	"pragma trusted_schema = off",
};

static enum fail_kind kind_of(int error)
{
	switch (error & 0xff) {
	case SQLITE_CONSTRAINT: return FAIL_CONFLICT;
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_NOMEM: return FAIL_UNAVAILABLE;
	default: return FAIL_SYSTEM;
	}
}

int sql_fail(const struct sql *db, int error, const char *doing, struct fail *f)
{
	if ((error & 0xff) == SQLITE_FULL)
		return fail(f, FAIL_UNAVAILABLE,
			    "%s: the disk is full, nothing was written: free space and try again",
			    db->file);
	if ((error & 0xff) == SQLITE_IOERR)
		return fail(f, FAIL_UNAVAILABLE,
			    "%s: the disk failed (%s), nothing was written: check it, try again",
			    db->file, sqlite3_errstr(error));
	if ((error & 0xff) == SQLITE_NOTADB || (error & 0xff) == SQLITE_CORRUPT)
		return fail(f, FAIL_SYSTEM, "%s is damaged (%s): restore a backup", db->file,
			    sqlite3_errmsg(db->lite));
	return fail(f, kind_of(error), "%s: %s: %s", db->file, doing, sqlite3_errmsg(db->lite));
}

void sql_note(struct sql *db, int error)
{
	switch (error & 0xff) {
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_NOMEM:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_PROTOCOL: db->broken = true; break;
	default: break;
	}
}

int sql_run_lite(struct sql *db, const char *text)
{
	int error = sqlite3_exec(db->lite, text, NULL, NULL, NULL);

	sql_note(db, error);
	return error;
}

int sql_create_file(const char *file, struct fail *f)
{
	int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return fail(f, FAIL_CONFLICT, "%s exists already: choose another name", file);
	if (fd < 0)
		return fail(f, FAIL_UNAVAILABLE, "%s cannot be created: %s", file, strerror(errno));
	close(fd);
	return 0;
}

static int configure(struct sql *db, struct fail *f)
{
	for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++) {
		int error = sql_run_lite(db, pragmas[i]);
		if (error != SQLITE_OK)
			return sql_fail(db, error, pragmas[i], f);
	}
	if (db->read_only && sql_run_lite(db, "pragma query_only = on") != SQLITE_OK)
		return sql_fail(db, sqlite3_errcode(db->lite), "query_only", f);
	/* A "name" that does not exist is an error, as on PostgreSQL, and not a string. */
	sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return 0;
}

static int open_lite(struct sql *db, struct fail *f)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int error = sqlite3_open_v2(db->file, &db->lite, flags, sql_vfs());

	if (error != SQLITE_OK)
		return sql_fail(db, error, "cannot be opened", f);
	return configure(db, f);
}

int sql_open(struct sql **out, const struct sql_config *config, struct fail *f)
{
	/* Only when absent: closing a descriptor of a database drops the locks that other
	 * connections of this process hold on it. */
	if (access(config->file, F_OK) != 0) {
		if (!config->create)
			return fail(f, FAIL_ABSENT, "%s: there is no such database", config->file);
		if (sql_create_file(config->file, f) < 0)
			return -1;
	}
	struct sql *db = calloc(1, sizeof(*db));
	must(db != NULL);
	db->file = strdup(config->file);
	must(db->file != NULL);
	db->tx.db = db;
	if (open_lite(db, f) < 0) {
		sql_close(db);
		return -1;
	}
	*out = db;
	return 0;
}

void sql_close(struct sql *db)
{
	if (db == NULL)
		return;
	if (db->tx.open)
		sql_rollback(&db->tx);
	sql_forget_prepared(db);
	/* Not checked: after a failed disk the file is left as a kill would leave it. */
	(void)sqlite3_close_v2(db->lite);
	free(db->file);
	free(db);
}

int sql_reopen(struct sql *db, struct fail *f)
{
	sql_forget_prepared(db);
	(void)sqlite3_close_v2(db->lite);
	db->lite = NULL;
	db->broken = true;
	if (open_lite(db, f) < 0)
		return -1;
	db->broken = false;
	return 0;
}

int sql_read_only(struct sql *db, struct fail *f)
{
	db->read_only = true;
	return configure(db, f);
}

int sql_begin(struct sql *db, enum sql_mode mode, struct sql_tx **out, struct fail *f)
{
	must(!db->tx.open);
	if (db->broken && sql_reopen(db, f) < 0)
		return -1;
	int error = sql_run_lite(db, mode == SQL_WRITE ? "begin immediate" : "begin");
	if (error != SQLITE_OK)
		return sql_fail(db, error, "begin", f);
	db->tx.open = true;
	*out = &db->tx;
	return 0;
}

int sql_commit(struct sql_tx *tx, struct fail *f)
{
	must(tx->open);
	int error = sqlite3_get_autocommit(tx->db->lite) ? SQLITE_ABORT
							 : sql_run_lite(tx->db, "commit");
	if (error != SQLITE_OK) {
		(void)sql_fail(tx->db, error, "commit", f);
		sql_rollback(tx);
		return -1;
	}
	tx->open = false;
	return 0;
}

void sql_rollback(struct sql_tx *tx)
{
	must(tx->open);
	tx->open = false;
	/* SQLite has rolled back by itself after some failures. */
	if (!sqlite3_get_autocommit(tx->db->lite))
		(void)sql_run_lite(tx->db, "rollback");
}

int sql_check(struct sql *db, struct fail *f)
{
	sqlite3_stmt *stmt = NULL;
	int error = sqlite3_prepare_v2(db->lite, "pragma integrity_check(1)", -1, &stmt, NULL);

	if (error == SQLITE_OK)
		error = sqlite3_step(stmt);
	if (error != SQLITE_ROW) {
		(void)sql_fail(db, error, "integrity check", f);
		sqlite3_finalize(stmt);
		return -1;
	}
	const char *words = (const char *)sqlite3_column_text(stmt, 0);
	int result = strcmp(words, "ok") == 0
			     ? 0
			     : fail(f, FAIL_SYSTEM, "%s is damaged: %s", db->file, words);
	sqlite3_finalize(stmt);
	return result;
}
