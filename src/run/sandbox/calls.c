/* The filter of system calls: allow lists by what a process does, everything else ends it with
 * SIGSYS, which the supervisor reports. The sets are as small as Debian 12's C library, libuv,
 * OpenSSL, LMDB and SQLite let them be. Arguments are checked where a number decides: sockets are
 * of the internet only, memory never becomes executable, clone makes threads only. */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run/sandbox/sandbox_priv.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Memory, time, signals, the loop, and talk on descriptors that are there already. */
static const int base_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(fcntl),
	SCMP_SYS(dup),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(eventfd2),
	SCMP_SYS(pipe2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(mlock),
	SCMP_SYS(munlock),
	SCMP_SYS(mlock2),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getppid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getrusage),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(membarrier),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(getcwd),
};

static const int file_calls[] = {
	SCMP_SYS(openat),     SCMP_SYS(open),       SCMP_SYS(stat),       SCMP_SYS(lstat),
	SCMP_SYS(newfstatat), SCMP_SYS(statx),      SCMP_SYS(fstatfs),    SCMP_SYS(statfs),
	SCMP_SYS(access),     SCMP_SYS(faccessat),  SCMP_SYS(faccessat2), SCMP_SYS(getdents64),
	SCMP_SYS(readlink),   SCMP_SYS(readlinkat), SCMP_SYS(pread64),    SCMP_SYS(pwrite64),
	SCMP_SYS(preadv),     SCMP_SYS(pwritev),    SCMP_SYS(fsync),      SCMP_SYS(fdatasync),
	SCMP_SYS(msync),      SCMP_SYS(flock),      SCMP_SYS(ftruncate),  SCMP_SYS(fallocate),
	SCMP_SYS(fadvise64),  SCMP_SYS(umask),
};

static const int change_calls[] = {
	SCMP_SYS(rename),    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),  SCMP_SYS(mkdir),    SCMP_SYS(mkdirat),   SCMP_SYS(rmdir),
	SCMP_SYS(chmod),     SCMP_SYS(fchmod),   SCMP_SYS(fchmodat),  SCMP_SYS(fchown),
	SCMP_SYS(utimensat), SCMP_SYS(truncate), SCMP_SYS(link),      SCMP_SYS(linkat),
};

static const int accept_calls[] = { SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(listen) };

static const int internet_calls[] = { SCMP_SYS(connect), SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg) };

struct call_set {
	unsigned bit; /* of enum sandbox_calls; 0: always */
	const char *name;
	const int *calls;
	size_t count;
};

static const struct call_set sets[] = {
	{ 0, "base", base_calls, COUNT(base_calls) },
	{ SANDBOX_CALLS_FILES, "files", file_calls, COUNT(file_calls) },
	{ SANDBOX_CALLS_CHANGE, "change", change_calls, COUNT(change_calls) },
	{ SANDBOX_CALLS_ACCEPT, "accept", accept_calls, COUNT(accept_calls) },
	{ SANDBOX_CALLS_INTERNET, "internet", internet_calls, COUNT(internet_calls) },
	{ SANDBOX_CALLS_THREADS, "threads", NULL, 0 },
};

/* A call with conditions on its arguments; all of them must hold. */
struct argument_rule {
	unsigned bit;
	int call;
	unsigned count;
	struct scmp_arg_cmp arguments[2];
};

#define MASKED(n, mask, value)                                                                     \
	{                                                                                          \
		(n), SCMP_CMP_MASKED_EQ, (mask), (value)                                           \
	}
#define EQUALS(n, value)                                                                           \
	{                                                                                          \
		(n), SCMP_CMP_EQ, (value), 0                                                       \
	}
#define TYPE_MASK 0xfu /* of socket(): without SOCK_NONBLOCK and SOCK_CLOEXEC */

static const struct argument_rule argument_rules[] = {
	{ 0, SCMP_SYS(mmap), 1, { MASKED(2, PROT_EXEC, 0) } },
	{ 0, SCMP_SYS(mprotect), 1, { MASKED(2, PROT_EXEC, 0) } },
	{ 0, SCMP_SYS(ioctl), 1, { EQUALS(1, FIONBIO) } },
	{ 0, SCMP_SYS(ioctl), 1, { EQUALS(1, FIONREAD) } },
	{ 0, SCMP_SYS(prctl), 1, { EQUALS(0, PR_SET_NAME) } },
	{ 0,
	  SCMP_SYS(prctl),
	  1,
	  { EQUALS(0, 0x53564d41) } },                   /* PR_SET_VMA: the C library names maps */
	{ 0, SCMP_SYS(prlimit64), 1, { EQUALS(2, 0) } }, /* reading only */
	{ SANDBOX_CALLS_INTERNET,
	  SCMP_SYS(socket),
	  2,
	  { EQUALS(0, AF_INET), MASKED(1, TYPE_MASK, SOCK_STREAM) } },
	{ SANDBOX_CALLS_INTERNET,
	  SCMP_SYS(socket),
	  2,
	  { EQUALS(0, AF_INET), MASKED(1, TYPE_MASK, SOCK_DGRAM) } },
	{ SANDBOX_CALLS_INTERNET,
	  SCMP_SYS(socket),
	  2,
	  { EQUALS(0, AF_INET6), MASKED(1, TYPE_MASK, SOCK_STREAM) } },
	{ SANDBOX_CALLS_INTERNET,
	  SCMP_SYS(socket),
	  2,
	  { EQUALS(0, AF_INET6), MASKED(1, TYPE_MASK, SOCK_DGRAM) } },
	{ SANDBOX_CALLS_THREADS,
	  SCMP_SYS(clone),
	  1,
	  { MASKED(0, 0x10000, 0x10000) } }, /* CLONE_THREAD */
};

static bool asked(unsigned bit, unsigned calls)
{
	return bit == 0 || (bit & calls) != 0;
}

static int set_allow(scmp_filter_ctx filter, const struct call_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, set->calls[i], 0);

		if (r < 0)
			return r;
	}
	return 0;
}

static int arguments_allow(scmp_filter_ctx filter, unsigned calls)
{
	for (size_t i = 0; i < COUNT(argument_rules); i++) {
		const struct argument_rule *rule = &argument_rules[i];
		int r = 0;

		if (asked(rule->bit, calls))
			r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule->call, rule->count,
						   rule->arguments);
		if (r < 0)
			return r;
	}
	return 0;
}

/* abort() sends itself a signal; nobody else gets one. clone3 hides its flags behind a pointer:
 * answering "not there" makes the C library use clone. */
static int specials_allow(scmp_filter_ctx filter)
{
	struct scmp_arg_cmp self = EQUALS(0, (scmp_datum_t)getpid());
	int r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self);

	if (r < 0)
		return r;
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int filter_fill(scmp_filter_ctx filter, unsigned calls)
{
	int r = 0;

	for (size_t i = 0; i < COUNT(sets) && r >= 0; i++)
		if (asked(sets[i].bit, calls))
			r = set_allow(filter, &sets[i]);
	if (r >= 0)
		r = arguments_allow(filter, calls);
	return r < 0 ? r : specials_allow(filter);
}

static void describe(unsigned calls, struct buf *words)
{
	buf_add_str(words, "system calls (seccomp):");
	for (size_t i = 0; i < COUNT(sets); i++)
		if (asked(sets[i].bit, calls))
			buf_addf(words, " %s", sets[i].name);
	buf_add_str(words, "; any other ends the process\n");
}

int sandbox_calls(const struct sandbox_rules *rules, struct buf *words, struct fail *f)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	must(filter != NULL);
	r = filter_fill(filter, rules->calls);
	if (r >= 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r < 0)
		return fail(f, FAIL_SYSTEM, "seccomp: %s", strerror(-r));
	describe(rules->calls, words);
	return 0;
}
