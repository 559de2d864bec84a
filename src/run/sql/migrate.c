/* run/sql/migrate.c: forward only, all missing versions in one transaction. The version lives in
 * the database's header (user_version), so it changes with the schema or not at all. */
#include "run/sql/sql_priv.h"

#include <stdio.h>
#include <unistd.h>

static int version_read(struct sql *db, int *version, struct fail *f)
{
	sqlite3_stmt *stmt = NULL;
	int error = sqlite3_prepare_v2(db->lite, "pragma user_version", -1, &stmt, NULL);

	if (error == SQLITE_OK)
		error = sqlite3_step(stmt);
	if (error == SQLITE_ROW)
		*version = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return error == SQLITE_ROW ? 0 : sql_fail(db, error, "schema version", f);
}

static int version_write(struct sql *db, int version, struct fail *f)
{
	char text[64];

	snprintf(text, sizeof(text), "pragma user_version = %d", version);
	int error = sql_run_lite(db, text);
	return error == SQLITE_OK ? 0 : sql_fail(db, error, "schema version", f);
}

/* A copy left by an earlier try that failed is of no use any more. */
static int keep_copy(struct sql *db, int version, struct fail *f)
{
	char name[512];
	int n = snprintf(name, sizeof(name), "%s.v%d", db->file, version);

	must(n > 0 && (size_t)n < sizeof(name));
	(void)unlink(name);
	if (sql_backup(db, name, f) < 0)
		return fail_pass(f, "copy before migration");
	return 0;
}

static int step(struct sql *db, const struct sql_migration *m, struct fail *f)
{
	for (const char *const *text = m->statements; *text != NULL; text++) {
		int error = sql_run_lite(db, *text);
		if (error != SQLITE_OK) {
			(void)sql_fail(db, error, *text, f);
			return fail_pass(f, "migration to version %d", m->version);
		}
	}
	return version_write(db, m->version, f);
}

static int steps(struct sql *db, const struct sql_migration *list, size_t count, int from,
		 struct fail *f)
{
	for (size_t i = (size_t)from; i < count; i++) {
		must(list[i].version == (int)i + 1);
		if (step(db, &list[i], f) < 0)
			return -1;
	}
	return 0;
}

int sql_migrate(struct sql *db, const struct sql_migration *list, size_t count, int *from, int *to,
		struct fail *f)
{
	int have = 0;

	if (version_read(db, &have, f) < 0)
		return -1;
	if (have > (int)count)
		return fail(f, FAIL_CONFLICT,
			    "%s has schema version %d and this program knows %zu: run the newer "
			    "everseal, or restore a backup made by this one",
			    db->file, have, count);
	if (from != NULL)
		*from = have;
	if (to != NULL)
		*to = (int)count;
	if (have == (int)count)
		return 0;
	if (have > 0 && keep_copy(db, have, f) < 0)
		return -1;
	struct sql_tx *tx;
	if (sql_begin(db, SQL_WRITE, &tx, f) < 0)
		return -1;
	if (steps(db, list, count, have, f) < 0) {
		sql_rollback(tx);
		return -1;
	}
	return sql_commit(tx, f);
}
