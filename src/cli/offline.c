#include "cli/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

void offline_path(struct buf *out, const char *folder, const char *name)
{
	buf_clear(out);
	buf_addf(out, "%s/%s", folder, name);
	(void)buf_str(out);
}

/* Only the flags that are settings, behind the data folder the command line means. */
static const char **flags_of(struct cli *cli, struct buf *folder)
{
	const char **flags = calloc((size_t)cli->argc + 2, sizeof(*flags));
	size_t count = 0;

	must(flags != NULL);
	buf_addf(folder, "--data.folder=%s", cli->folder);
	flags[count++] = buf_str(folder);
	for (int i = 0; i < cli->argc; i++)
		if (strncmp(cli->argv[i], "--", 2) == 0 && strchr(cli->argv[i], '.') != NULL &&
		    strchr(cli->argv[i], '=') != NULL &&
		    strchr(cli->argv[i], '.') < strchr(cli->argv[i], '='))
			flags[count++] = cli->argv[i];
	return flags;
}

int offline_settings(struct cli *cli, const char *file, struct settings *s, struct fail *f)
{
	struct buf folder = BUF_INIT;
	const char **flags = flags_of(cli, &folder);

	if (file == NULL)
		file = args_flag(&cli->args, "config");
	struct settings_source from = { file, (const char *const *)environ, flags };
	int r = settings_load(s, &from, f);
	free(flags);
	buf_free(&folder);
	return r;
}

/* All bytes at once: the supervisor's and those of roles it may have left behind. */
static int lock_take(int fd, const char *path, struct fail *f)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	lock = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return fail(f, FAIL_SYSTEM, "%s cannot be locked: %s", path, strerror(errno));
	return fail(f, FAIL_CONFLICT,
		    "everseal is running on this data folder (pid %d holds %s): stop it first",
		    (int)lock.l_pid, path);
}

int offline_lock(struct cli *cli, int *fd, struct fail *f)
{
	struct buf path = BUF_INIT;
	int r;

	offline_path(&path, cli->folder, "lock");
	*fd = open(buf_str(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (*fd < 0)
		r = fail(f, FAIL_SYSTEM, "%s cannot be opened: %s", buf_str(&path),
			 strerror(errno));
	else
		r = lock_take(*fd, buf_str(&path), f);
	if (r < 0 && *fd >= 0)
		(void)close(*fd);
	buf_free(&path);
	return r;
}
