/* run/sql/sql_priv.h: what the files of this folder share. */
#pragma once

#include <sqlite3.h>

#include "base/map.h"
#include "run/sql/sql.h"

struct sql_tx {
	struct sql *db;
	bool open;
};

struct sql {
	sqlite3 *lite;
	char *file;
	struct map prepared; /* address of the struct sql_stmt -> struct sql_prepared */
	struct sql_tx tx;
	bool read_only;
	bool broken; /* the last failure may have damaged the connection: open it anew */
};

/* Words and kind for what SQLite answered. */
int sql_fail(const struct sql *db, int error, const char *doing, struct fail *f);

/* Closes and opens the file again, after a failure that the connection may not have survived. */
int sql_reopen(struct sql *db, struct fail *f);

/* Ends every prepared statement. */
void sql_forget_prepared(struct sql *db);

/* Remembers that the connection may be damaged, if this answer means that. */
void sql_note(struct sql *db, int error);

/* Runs SQL that is the same for all time: pragmas, begin, commit, savepoints. SQLite's answer. */
int sql_run_lite(struct sql *db, const char *text);

/* Registers the VFS under which every database is opened; its name. */
const char *sql_vfs(void);

/* Creates an empty file that only its owner may read; FAIL_CONFLICT when it is there. */
int sql_create_file(const char *file, struct fail *f);

/* Reads only, from now on. */
int sql_read_only(struct sql *db, struct fail *f);
