/* A backup is two databases and a note: truth.db, ca.db, backup.json. The truth is copied first:
 * the CA may then know a serial more than the truth, never one less. Keys in both are wrapped, and
 * the key-encryption key stays where it is: a thief of the backup cannot open them. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/offline.h"
#include "run/clock/clock.h"
#include "run/file/file.h"
#include "run/sql/sql.h"

static const struct column columns[] = {
	{ "folder", "folder" },
	{ "made", "made_on" },
	{ "key-encryption key", "kek" },
	{ NULL, NULL },
};

static int folder_make(const char *path, struct fail *f)
{
	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno == EEXIST && rmdir(path) == 0 && mkdir(path, 0700) == 0)
		return 0; /* it was there and empty */
	return fail(f, FAIL_CONFLICT,
		    "the backup folder %s cannot be made: %s. Name one that does not exist yet",
		    path, strerror(errno));
}

static int database_copy(const char *from, const char *to, struct fail *f)
{
	const struct sql_config config = { .file = from };
	struct sql *db;

	if (sql_open(&db, &config, f) < 0)
		return -1;
	int r = sql_backup(db, to, f);
	sql_close(db);
	return r;
}

/* The copy is read to its end: a backup that cannot be read back is none. */
static int database_check(const char *file, struct fail *f)
{
	const struct sql_config config = { .file = file };
	struct sql *db;

	if (sql_open(&db, &config, f) < 0)
		return -1;
	int r = sql_check(db, f);
	sql_close(db);
	return r;
}

static int copy_one(struct cli *cli, const char *name, const char *folder, const char *file,
		    struct fail *f)
{
	struct buf from = BUF_INIT, to = BUF_INIT;

	offline_path(&from, cli->folder, name);
	offline_path(&to, folder, file);
	int r = database_copy(buf_str(&from), buf_str(&to), f);
	if (r == 0)
		r = database_check(buf_str(&to), f);
	buf_free(&from);
	buf_free(&to);
	return r;
}

/* The note comes last: a folder without it is no whole backup. */
static int note_write(struct cli *cli, const char *folder, const char *kek, struct fail *f)
{
	struct buf path = BUF_INIT;
	char now[STAMP_TEXT];

	stamp_text(clock_now(), now);
	offline_path(&path, folder, "backup.json");
	json_t *note = json_pack("{s:s,s:s,s:s,s:[s,s]}", "folder", folder, "made_on", now, "kek",
				 kek, "files", "truth.db", "ca.db");
	must(note != NULL);
	char *text = json_dumps(note, JSON_INDENT(2));
	must(text != NULL);
	int r = file_replace(buf_str(&path), slice_str(text), 0600, f);
	if (r == 0)
		cli_show_one(cli, note, columns);
	free(text);
	json_decref(note);
	buf_free(&path);
	return r;
}

static void kek_place(struct cli *cli, const struct settings *s, struct buf *out)
{
	if (s->kek_file[0] == '/')
		buf_add_str(out, s->kek_file);
	else
		offline_path(out, cli->folder, s->kek_file);
}

static int backup_run(struct cli *cli, struct fail *f)
{
	const char *folder = args_word(&cli->args, 0);
	struct buf kek = BUF_INIT;
	struct settings s;

	if (offline_settings(cli, NULL, &s, f) < 0)
		return -1;
	kek_place(cli, &s, &kek);
	settings_fini(&s);
	int r = folder_make(folder, f);
	if (r == 0)
		r = copy_one(cli, "truth/truth.db", folder, "truth.db", f);
	if (r == 0)
		r = copy_one(cli, "ca/ca.db", folder, "ca.db", f);
	if (r == 0)
		r = note_write(cli, folder, buf_str(&kek), f);
	if (r == 0)
		cli_say(cli,
			"\nThe key-encryption key is not in the backup, and without it no private "
			"key in the backup can be opened: keep a copy of %s elsewhere.",
			buf_str(&kek));
	buf_free(&kek);
	return r;
}

static const struct command commands[] = {
	{ "", "DIR", "Copies truth and CA into a new folder while everything runs.",
	  "  everseal backup /backup/everseal-$(date +%F)", NULL, backup_run },
};

COMMAND_GROUP(backup, "a copy of truth and CA, made while everything runs", commands);
