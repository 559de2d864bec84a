/* The order matters: limits and user while we still may, no_new_privs before Landlock and seccomp
 * (both ask for it), the filter of system calls last, since it takes away what the others need. */
#include "run/sandbox/sandbox_priv.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/* Lowers a limit to `most`, or as far as the hard limit lets it rise. */
static int limit_set(int which, uint64_t most, const char *name, struct fail *f)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)which, &limit) != 0)
		return fail(f, FAIL_SYSTEM, "limit %s: %s", name, strerror(errno));
	if (limit.rlim_max != RLIM_INFINITY && most > limit.rlim_max)
		most = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = most;
	if (setrlimit((__rlimit_resource_t)which, &limit) != 0)
		return fail(f, FAIL_SYSTEM, "limit %s: %s", name, strerror(errno));
	return 0;
}

static int enter_limits(const struct sandbox_rules *rules, struct buf *words, struct fail *f)
{
	struct rlimit files;

	if (limit_set(RLIMIT_CORE, 0, "core", f) < 0)
		return -1;
	if (rules->files_most > 0 && limit_set(RLIMIT_NOFILE, rules->files_most, "nofile", f) < 0)
		return -1;
	if (rules->file_bytes != UINT64_MAX &&
	    limit_set(RLIMIT_FSIZE, rules->file_bytes, "fsize", f) < 0)
		return -1;
	(void)getrlimit(RLIMIT_NOFILE, &files); /* cannot fail: the number is right */
	buf_addf(words, "limits: core 0, open files %llu, ", (unsigned long long)files.rlim_cur);
	if (rules->file_bytes == UINT64_MAX)
		buf_add_str(words, "file size as inherited\n");
	else
		buf_addf(words, "file size %llu\n", (unsigned long long)rules->file_bytes);
	return 0;
}

static int enter_user(const struct sandbox_user *user, struct buf *words, struct fail *f)
{
	gid_t groups[] = { user->gid, user->extra };

	if (user->change && (setgroups(user->extra == user->gid ? 1 : 2, groups) != 0 ||
			     setresgid(user->gid, user->gid, user->gid) != 0 ||
			     setresuid(user->uid, user->uid, user->uid) != 0))
		return fail(f, FAIL_SYSTEM, "becoming user %u: %s", (unsigned)user->uid,
			    strerror(errno));
	buf_addf(words, "user: uid %u, gid %u%s\n", (unsigned)geteuid(), (unsigned)getegid(),
		 user->change ? "" : " (as started; start as root for a user of its own)");
	return 0;
}

static int enter_flags(struct buf *words, struct fail *f)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fail(f, FAIL_SYSTEM, "prctl: %s", strerror(errno));
	buf_add_str(words, "flags: no_new_privs, not dumpable");
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0) /* Linux 6.3 */
		buf_add_str(words, ", memory never becomes executable");
	buf_add_byte(words, '\n');
	return 0;
}

int sandbox_enter(const struct sandbox_rules *rules, const struct sandbox_user *user,
		  struct buf *words, struct fail *f)
{
	if (enter_limits(rules, words, f) < 0 || enter_user(user, words, f) < 0 ||
	    enter_flags(words, f) < 0 || sandbox_landlock(rules, words, f) < 0 ||
	    sandbox_calls(rules, words, f) < 0)
		return fail_pass(f, "sandbox");
	return 0;
}
