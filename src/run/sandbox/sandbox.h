/* run/sandbox.h: what a process can still do after it has locked itself in. Rules are data, one
 * struct per role; sandbox_enter() applies them and describes them in words for `everseal status
 * --sandbox`.
 *
 *	user        own user and group when started as root, no supplementary groups but those named
 *	flags       no_new_privs, not dumpable, no core files, no new executable memory
 *	files       Landlock: only the paths named, with the access named
 *	network     Landlock: TCP connect to any port, one, or none; bind to none
 *	calls       seccomp: the sets named; anything else ends the process (SIGSYS)
 *
 * Where the kernel has no Landlock (or an older one) the rest still holds and the words say so.
 */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/fail.h"

enum sandbox_access {
	SANDBOX_READ = 1,  /* read files and list folders beneath */
	SANDBOX_WRITE = 2, /* write, make, rename, remove beneath */
};

struct sandbox_path {
	const char *path; /* "." is the working folder; one that does not exist is skipped */
	unsigned access;  /* SANDBOX_READ | SANDBOX_WRITE */
};

/* Sets of system calls, in run/sandbox/calls.c. Every process has the base set: memory, its own
 * descriptors, loop, clocks, exit. */
enum sandbox_calls {
	SANDBOX_CALLS_FILES = 1,    /* open, stat, read folders, locks, sync: reading and writing */
	SANDBOX_CALLS_CHANGE = 2,   /* rename, unlink, mkdir, truncate */
	SANDBOX_CALLS_ACCEPT = 4,   /* accept connections, talk on them */
	SANDBOX_CALLS_INTERNET = 8, /* socket(AF_INET | AF_INET6, STREAM | DGRAM), connect, UDP */
	SANDBOX_CALLS_THREADS = 16, /* start threads */
};

struct sandbox_rules {
	const struct sandbox_path *paths; /* to a NULL path */
	unsigned calls;
	bool connects;         /* TCP connections out */
	uint16_t connect_port; /* to this port only; 0: to any */
	uint64_t files_most;   /* RLIMIT_NOFILE; 0: as inherited */
	uint64_t file_bytes;   /* RLIMIT_FSIZE; 0: no file may grow; UINT64_MAX: as inherited */
};

struct sandbox_user {
	bool change; /* false: stay who we are (not started as root) */
	uid_t uid;
	gid_t gid;
	gid_t extra; /* one more group, or the same as gid */
};

/* Locks the process in. Once, before any thread is started. words get one "name: value" line per
 * layer. */
must_check int sandbox_enter(const struct sandbox_rules *rules, const struct sandbox_user *user,
			     struct buf *words, struct fail *f);

/* In a build with -Dprobe=true: tries what EVERSEAL_PROBE=ROLE:open|socket|execve|ptrace names
 * and says how it went; in all other builds does nothing, whatever the environment says. */
void sandbox_probe(const char *role);
