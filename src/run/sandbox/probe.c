/* Test builds (-Dprobe=true): a role that has locked itself in tries what a hijacked one would.
 * Being killed is one good answer, an error is the other; "allowed" is the bad one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run/sandbox/sandbox.h"

static long try_open(void)
{
	return open("/etc/shadow", O_RDONLY | O_CLOEXEC);
}

static long try_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long try_execve(void)
{
	char *const argv[] = { NULL };

	return execve("/bin/true", argv, argv);
}

static long try_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static const struct {
	const char *name;
	long (*try)(void);
} tries[] = {
	{ "open", try_open },
	{ "socket", try_socket },
	{ "execve", try_execve },
	{ "ptrace", try_ptrace },
};

static void say(const char *role, const char *what, const char *answer)
{
	char line[160];
	int n = snprintf(line, sizeof(line), "probe %s %s: %s\n", role, what, answer);

	(void)!write(STDERR_FILENO, line, (size_t)n);
}

void sandbox_probe(const char *role)
{
	const char *asked = getenv("EVERSEAL_PROBE");
	size_t n = strlen(role);

	if (asked == NULL || strncmp(asked, role, n) != 0 || asked[n] != ':')
		return;
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		if (strcmp(asked + n + 1, tries[i].name) != 0)
			continue;
		say(role, tries[i].name, "trying");
		say(role, tries[i].name, tries[i].try() >= 0 ? "allowed" : strerror(errno));
	}
}
