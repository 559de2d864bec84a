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
	const char **flags = calloc((size_t)cli->argc + 2, sizeof *flags);
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
	struct buf usual = BUF_INIT, folder = BUF_INIT;
	const char **flags = flags_of(cli, &folder);

	offline_path(&usual, cli->folder, "everseal.conf");
	if (file == NULL)
		file = args_flag(&cli->args, "config");
	if (file == NULL && access(buf_str(&usual), F_OK) == 0)
		file = buf_str(&usual);
	struct settings_source from = { file, (const char *const *)environ, flags };
	int r = settings_load(s, &from, f);
	free(flags);
	buf_free(&folder);
	buf_free(&usual);
	return r;
}

static int lock_busy(const char *path, int fd, struct fail *f)
{
	char pid[32] = { 0 };
	ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

	pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
	return fail(f, FAIL_CONFLICT,
		    "everseal is running on this data folder (pid %s holds %s): stop it first",
		    pid[0] == '\0' ? "unknown" : pid, path);
}

int offline_lock(struct cli *cli, int *fd, struct fail *f)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET }; /* and every role's byte */
	struct buf path = BUF_INIT;
	int r = 0;

	offline_path(&path, cli->folder, "lock");
	*fd = open(buf_str(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (*fd < 0)
		r = fail(f, FAIL_SYSTEM, "%s cannot be opened: %s", buf_str(&path),
			 strerror(errno));
	else if (fcntl(*fd, F_SETLK, &all) != 0)
		r = lock_busy(buf_str(&path), *fd, f);
	if (r < 0 && *fd >= 0)
		(void)close(*fd);
	buf_free(&path);
	return r;
}
