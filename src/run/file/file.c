#include "run/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int refused(struct fail *f, const char *path, const char *what)
{
	return fail(f, errno == ENOENT ? FAIL_ABSENT : FAIL_SYSTEM, "%s cannot be %s: %s", path,
		    what, strerror(errno));
}

static int write_all(int fd, struct slice bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n < 0)
			return -1;
		bytes = slice_from(bytes, (size_t)n);
	}
	return 0;
}

int file_read(const char *path, size_t most, struct buf *out, struct fail *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0)
		return refused(f, path, "opened");
	buf_reserve(out, most + 1);
	while (out->n <= most && (n = read(fd, buf_reserve(out, 1), most + 1 - out->n)) > 0)
		out->n += (size_t)n;
	int r = n < 0 ? refused(f, path, "read") : 0;
	(void)close(fd);
	if (r < 0)
		return -1;
	if (out->n > most)
		return fail(f, FAIL_INPUT, "%s is longer than %zu bytes", path, most);
	return 0;
}

int folder_sync(const char *path, struct fail *f)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return refused(f, path, "opened");
	int r = fsync(fd) == 0 ? 0 : refused(f, path, "synced");
	(void)close(fd);
	return r;
}

/* Asked before: a service may have lost the very call that changes an owner. */
static bool owned_alike(const struct stat *old, int fd)
{
	struct stat made;

	return fstat(fd, &made) == 0 && made.st_uid == old->st_uid && made.st_gid == old->st_gid;
}

static int replace_by(const char *path, const char *beside, struct slice bytes, mode_t mode,
		      struct fail *f)
{
	struct stat old;
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return refused(f, beside, "made");
	bool good = fchmod(fd, mode) == 0 && write_all(fd, bytes) == 0 && fsync(fd) == 0;
	if (good && stat(path, &old) == 0 && !owned_alike(&old, fd))
		good = fchown(fd, old.st_uid, old.st_gid) == 0;
	good = close(fd) == 0 && good;
	if (!good || rename(beside, path) != 0) {
		int r = refused(f, path, "written");
		(void)unlink(beside);
		return r;
	}
	return 0;
}

int file_replace(const char *path, struct slice bytes, mode_t mode, struct fail *f)
{
	struct buf beside = BUF_INIT;
	char *copy = strdup(path);

	must(copy != NULL);
	buf_addf(&beside, "%s.new", path);
	int r = replace_by(path, buf_str(&beside), bytes, mode, f);
	if (r == 0)
		r = folder_sync(dirname(copy), f);
	free(copy);
	buf_free(&beside);
	return r;
}
