/* run/sql/backup.c: a copy of one moment, made while others write. It is taken in one step, under one
 * read transaction: a copy in small steps starts over each time somebody commits. */
#include "run/sql/sql_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int sync_path(const char *path, int flags, struct fail *f)
{
	int fd = open(path, flags | O_RDONLY | O_CLOEXEC);
	int result = fd < 0 || fsync(fd) < 0 ? -1 : 0;

	if (result < 0)
		(void)fail(f, FAIL_UNAVAILABLE, "%s cannot be made durable: %s", path,
			   strerror(errno));
	if (fd >= 0)
		close(fd);
	return result;
}

/* The bytes and the name. */
static int sync_file(const char *file, struct fail *f)
{
	char *copy = strdup(file);

	must(copy != NULL);
	int result = sync_path(file, 0, f) < 0 ? -1 : sync_path(dirname(copy), O_DIRECTORY, f);
	free(copy);
	return result;
}

static int copy_pages(struct sql *db, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", db->lite, "main");

	if (b == NULL)
		return sqlite3_errcode(to);
	int answer = sqlite3_backup_step(b, -1);
	int end = sqlite3_backup_finish(b);
	return answer == SQLITE_DONE ? end : answer;
}

static int copy_into(struct sql *db, const char *file, struct fail *f)
{
	sqlite3 *to = NULL;
	int error =
		sqlite3_open_v2(file, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, sql_vfs());

	if (error == SQLITE_OK)
		error = copy_pages(db, to);
	int closed = sqlite3_close(to);
	if (error == SQLITE_OK)
		error = closed;
	if (error != SQLITE_OK)
		return fail(f, FAIL_UNAVAILABLE, "%s cannot be copied to %s: %s", db->file, file,
			    sqlite3_errstr(error));
	return sync_file(file, f);
}

int sql_backup(struct sql *db, const char *file, struct fail *f)
{
	if (sql_create_file(file, f) < 0)
		return -1;
	if (copy_into(db, file, f) < 0) {
		(void)unlink(file);
		return -1;
	}
	return 0;
}
