/* Landlock, spoken to by system call: the C library has no functions for it, and the headers of
 * Debian 12 know fewer rights than its later kernels, so the numbers stand here
 * (Documentation/userspace-api/landlock.rst). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/sandbox/sandbox_priv.h"

#define FS_EXECUTE     (1ull << 0)
#define FS_WRITE_FILE  (1ull << 1)
#define FS_READ_FILE   (1ull << 2)
#define FS_READ_DIR    (1ull << 3)
#define FS_REMOVE_DIR  (1ull << 4)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_DIR    (1ull << 7)
#define FS_MAKE_REG    (1ull << 8)
#define FS_REFER       (1ull << 13)
#define FS_TRUNCATE    (1ull << 14)
#define FS_IOCTL_DEV   (1ull << 15)

#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_READ     (FS_READ_FILE | FS_READ_DIR)
#define FS_WRITE                                                                                   \
	(FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_REFER |   \
	 FS_TRUNCATE)

#define NET_BIND_TCP    (1ull << 0)
#define NET_CONNECT_TCP (1ull << 1)

#define SCOPE_ABSTRACT_SOCKET (1ull << 0)
#define SCOPE_SIGNAL          (1ull << 1)

#define CREATE_VERSION 1u
#define RULE_PATH      1
#define RULE_NET_PORT  2

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

struct port_rule {
	uint64_t access;
	uint64_t port;
};

struct path_rule {
	uint64_t access;
	int32_t parent;
} __attribute__((packed));

/* Every right the kernel of this version knows is taken away unless a path gives it back. */
static struct ruleset ruleset_of(long version, const struct sandbox_rules *rules)
{
	struct ruleset r = { .fs = (1ull << 13) - 1 };

	if (version >= 2)
		r.fs |= FS_REFER;
	if (version >= 3)
		r.fs |= FS_TRUNCATE;
	if (version >= 4)
		r.net = NET_BIND_TCP |
			(rules->connects && rules->connect_port == 0 ? 0 : NET_CONNECT_TCP);
	if (version >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		r.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	return r;
}

/* An older kernel takes a shorter struct. */
static size_t ruleset_size(long version)
{
	if (version < 4)
		return offsetof(struct ruleset, net);
	return version < 6 ? offsetof(struct ruleset, scoped) : sizeof(struct ruleset);
}

static uint64_t access_of(const struct sandbox_path *path, bool folder, uint64_t known)
{
	uint64_t access = (path->access & SANDBOX_READ) != 0 ? FS_READ : 0;

	if ((path->access & SANDBOX_WRITE) != 0)
		access |= FS_WRITE;
	return access & known & (folder ? UINT64_MAX : FS_OF_FILES);
}

static int path_allow(int ruleset, const struct sandbox_path *path, uint64_t known,
		      struct buf *words, struct fail *f)
{
	struct path_rule rule = { .parent = open(path->path, O_PATH | O_CLOEXEC) };
	struct stat st;
	long r;

	if (rule.parent < 0)
		return 0; /* not there: nothing to allow */
	r = fstat(rule.parent, &st);
	rule.access = access_of(path, r == 0 && S_ISDIR(st.st_mode), known);
	if (r == 0)
		r = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0);
	if (r != 0)
		(void)fail(f, FAIL_SYSTEM, "Landlock rule for %s: %s", path->path, strerror(errno));
	close(rule.parent);
	buf_addf(words, " %s %s;", path->path,
		 (path->access & SANDBOX_WRITE) != 0 ? "write" : "read");
	return r == 0 ? 0 : -1;
}

static int paths_allow(int ruleset, const struct sandbox_rules *rules, uint64_t known,
		       struct buf *words, struct fail *f)
{
	for (const struct sandbox_path *p = rules->paths; p != NULL && p->path != NULL; p++)
		if (path_allow(ruleset, p, known, words, f) < 0)
			return -1;
	return 0;
}

static int port_allow(int ruleset, const struct sandbox_rules *rules, const struct ruleset *set,
		      struct fail *f)
{
	struct port_rule rule = { .access = NET_CONNECT_TCP, .port = rules->connect_port };

	if (!rules->connects || (set->net & NET_CONNECT_TCP) == 0 ||
	    syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) == 0)
		return 0;
	return fail(f, FAIL_SYSTEM, "Landlock rule for port %u: %s", (unsigned)rules->connect_port,
		    strerror(errno));
}

static void describe_network(const struct ruleset *set, const struct sandbox_rules *rules,
			     struct buf *words)
{
	if (set->net == 0)
		buf_add_str(words, "network: by system calls only (this kernel's Landlock is too "
				   "old for TCP)\n");
	else if (!rules->connects)
		buf_add_str(words, "network: TCP does not connect, no bind (Landlock)\n");
	else if (rules->connect_port == 0)
		buf_add_str(words, "network: TCP connects out, no bind (Landlock)\n");
	else
		buf_addf(words, "network: TCP connects to port %u only, no bind (Landlock)\n",
			 (unsigned)rules->connect_port);
}

static int enforce(int ruleset, struct fail *f)
{
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) == 0)
		return 0;
	return fail(f, FAIL_SYSTEM, "Landlock: %s", strerror(errno));
}

int sandbox_landlock(const struct sandbox_rules *rules, struct buf *words, struct fail *f)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	struct ruleset set = ruleset_of(version, rules);
	long fd;
	int r;

	if (version < 1) {
		buf_add_str(words, "files: by file modes only (this kernel has no Landlock)\n");
		return 0;
	}
	fd = syscall(SYS_landlock_create_ruleset, &set, ruleset_size(version), 0);
	if (fd < 0)
		return fail(f, FAIL_SYSTEM, "Landlock: %s", strerror(errno));
	buf_addf(words, "files (Landlock %ld):", version);
	r = paths_allow((int)fd, rules, set.fs, words, f);
	if (r == 0)
		r = port_allow((int)fd, rules, &set, f);
	if (r == 0)
		r = enforce((int)fd, f);
	close((int)fd);
	buf_add_str(words, " nothing else\n");
	describe_network(&set, rules, words);
	return r;
}
