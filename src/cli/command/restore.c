/* What was there is moved aside, never removed. The restored truth begins a new epoch, so every
 * machine takes a fresh snapshot and nobody follows a past that did not happen. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/offline.h"
#include "model/change.h"
#include "run/clock/clock.h"
#include "run/file/file.h"
#include "run/sql/sql.h"

static const struct database {
	const char *folder;
	const char *name;
} databases[] = { { "truth", "truth.db" }, { "ca", "ca.db" } };

static const char *const parts[] = { "", "-wal", "-shm" };

static int backup_check(const char *folder, struct fail *f)
{
	struct buf path = BUF_INIT;
	int r = 0;

	offline_path(&path, folder, "backup.json");
	if (access(buf_str(&path), R_OK) != 0)
		r = fail(f, FAIL_INPUT,
			 "%s is no whole backup: %s is missing. Name a folder `everseal backup` "
			 "made",
			 folder, buf_str(&path));
	for (size_t i = 0; r == 0 && i < 2; i++) {
		struct sql_config config = { .file = databases[i].name };
		struct sql *db;

		offline_path(&path, folder, databases[i].name);
		config.file = buf_str(&path);
		r = sql_open(&db, &config, f);
		if (r == 0) {
			r = sql_check(db, f);
			sql_close(db);
		}
	}
	buf_free(&path);
	return r;
}

/* truth.db, truth.db-wal and truth.db-shm belong together: all of them go, or none stays. */
static int move_aside(const char *file, const char *mark, struct fail *f)
{
	struct buf from = BUF_INIT, to = BUF_INIT;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(*parts); i++) {
		buf_clear(&from);
		buf_clear(&to);
		buf_addf(&from, "%s%s", file, parts[i]);
		buf_addf(&to, "%s.before-%s%s", file, mark, parts[i]);
		if (rename(buf_str(&from), buf_str(&to)) != 0 && errno != ENOENT)
			r = fail(f, FAIL_SYSTEM, "%s cannot be moved aside: %s", buf_str(&from),
				 strerror(errno));
	}
	buf_free(&from);
	buf_free(&to);
	return r;
}

static int folder_ready(const char *path, struct stat *owner, struct fail *f)
{
	if (mkdir(path, 0750) != 0 && errno != EEXIST)
		return fail(f, FAIL_SYSTEM, "%s cannot be made: %s", path, strerror(errno));
	if (stat(path, owner) != 0)
		return fail(f, FAIL_SYSTEM, "%s cannot be looked at: %s", path, strerror(errno));
	return 0;
}

static int copy_in(const char *from, const char *to, const struct stat *owner, struct fail *f)
{
	const struct sql_config config = { .file = from };
	struct sql *db;

	if (sql_open(&db, &config, f) < 0)
		return -1;
	int r = sql_backup(db, to, f);
	sql_close(db);
	if (r == 0 && (chmod(to, 0600) != 0 || chown(to, owner->st_uid, owner->st_gid) != 0))
		r = fail(f, FAIL_SYSTEM, "%s cannot be given to its owner: %s", to,
			 strerror(errno));
	return r;
}

static int database_restore(struct cli *cli, const char *backup, const struct database *d,
			    const char *mark, struct fail *f)
{
	struct buf folder = BUF_INIT, from = BUF_INIT, to = BUF_INIT;
	struct stat owner;

	offline_path(&folder, cli->folder, d->folder);
	offline_path(&from, backup, d->name);
	offline_path(&to, buf_str(&folder), d->name);
	int r = folder_ready(buf_str(&folder), &owner, f);
	if (r == 0)
		r = move_aside(buf_str(&to), mark, f);
	if (r == 0)
		r = copy_in(buf_str(&from), buf_str(&to), &owner, f);
	if (r == 0)
		r = folder_sync(buf_str(&folder), f);
	buf_free(&folder);
	buf_free(&from);
	buf_free(&to);
	return r;
}

static int epoch_begin(struct cli *cli, struct fail *f)
{
	struct buf path = BUF_INIT;
	struct sql *db = NULL;
	struct sql_tx *tx;

	offline_path(&path, cli->folder, "truth/truth.db");
	const struct sql_config config = { .file = buf_str(&path) };
	int r = sql_open(&db, &config, f);
	if (r == 0)
		r = sql_begin(db, SQL_WRITE, &tx, f);
	if (r == 0) {
		r = change_new_epoch(tx, f);
		if (r == 0)
			r = sql_commit(tx, f);
		else
			sql_rollback(tx);
	}
	sql_close(db);
	buf_free(&path);
	return r;
}

static int restore_all(struct cli *cli, const char *backup, struct fail *f)
{
	char mark[STAMP_TEXT];

	stamp_text(clock_now(), mark);
	for (size_t i = 0; i < sizeof(databases) / sizeof(*databases); i++)
		if (database_restore(cli, backup, &databases[i], mark, f) < 0)
			return -1;
	if (epoch_begin(cli, f) < 0)
		return -1;
	cli_say(cli,
		"%s is restored into %s, in a new epoch: machines will take a snapshot.\n"
		"What was there before stays beside it as *.before-%s.\n"
		"Start it with the key-encryption key of the backed-up instance.",
		backup, cli->folder, mark);
	return 0;
}

static int restore_run(struct cli *cli, struct fail *f)
{
	const char *backup = args_word(&cli->args, 0);
	int lock;

	if (backup_check(backup, f) < 0 || offline_lock(cli, &lock, f) < 0)
		return -1;
	int r = restore_all(cli, backup, f);
	(void)close(lock);
	return r;
}

static const struct command commands[] = {
	{ "", "DIR", "Puts a backup in place of truth and CA; nothing may be running.",
	  "  everseal restore /backup/everseal-2026-11-21 --data /var/lib/everseal", NULL,
	  restore_run },
};

COMMAND_GROUP(restore, "truth and CA from a backup, in a new epoch", commands);
