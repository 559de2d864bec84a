/* run/role.h: the skeleton of every role process. A role is one const struct: what it may do, as
 * data, and four functions. role_main() does the rest, in this order:
 *
 *	take over the descriptors the supervisor left, read the settings, attach log and metrics
 *	prepare()    still unlocked: what needs files or users of the machine; parses nothing hostile
 *	lock in      user, no_new_privs, rlimits, Landlock, seccomp (run/sandbox)
 *	start()      opens its own files by relative names (the working folder is the role's)
 *	say ready, run the loop
 *	drain()      stop accepting, finish, then call role_finish(); the supervisor ends the
 *	             process when shutdown.timeout is over
 *
 * Descriptors are found by name: listening sockets carry the name of their setting.
 *
 * When the supervisor is lost, service goes on: the role looks at the lock of the data folder and
 * drains when a new supervisor holds it, or when supervisor.grace is over. What must not exist
 * twice (alone) holds a lock of its own, for which its successor waits.
 */
#pragma once

#include "base/fail.h"
#include "base/secret.h"
#include "run/ipc/pairs.h"
#include "run/loop/loop.h"
#include "run/metrics/metrics.h"
#include "run/role/startup.h"
#include "run/sandbox/sandbox.h"
#include "run/settings/settings.h"

struct role_env;

struct role {
	const char *name;     /* "edge" */
	const char *folder;   /* working folder inside the data folder */
	const char *group_of; /* the role whose group may read the folder too; NULL: nobody's */
	const char *after;    /* started when this role has said ready; NULL: at once */
	bool alone;           /* a second process of it waits for the first to be gone */
	bool wants_keyring;
	bool writes_tickets; /* the page of ticket keys: writable (else readable if wants_tickets) */
	bool wants_tickets;
	bool wants_access_log;
	bool reads_metrics;         /* of all processes */
	const char *const *listens; /* names of its listening sockets, to a NULL */
	const char *const *peers;   /* roles it has a channel to ("ca"), to a NULL; NULL: none */
	struct sandbox_rules sandbox;

	int (*prepare)(struct role_env *env, struct fail *f); /* may be NULL */
	int (*start)(struct role_env *env, struct fail *f);
	void (*drain)(struct role_env *env);

	/* A channel's end has come (again, after the other side was restarted): open it with
	 * ipc_open(), closing the one before. May be NULL when there are no peers. */
	void (*on_peer)(struct role_env *env, const char *name, int fd);
	void (*on_keyring)(struct role_env *env); /* env->keyring is new. May be NULL */
	/* Frames of the supervisor_control table; only control has one. */
	void (*on_steer)(struct role_env *env, uint16_t type, uint32_t id, struct slice payload);
};

struct role_env {
	struct loop loop;
	struct settings settings;
	const struct role *role;
	struct startup startup;             /* slot, descriptors */
	const struct metrics_page *metrics; /* readable where the role reads_metrics, else NULL */
	void *tickets;                      /* ROLE_TICKET_PAGE bytes shared by all, or NULL */
	struct secret keyring;              /* text of the keyring, where the role wants it */
	int access_fd;                      /* pipe of access lines, non-blocking; -1: none */
	struct ipc *supervisor;
	bool draining;
	void *state; /* the role's own */
	/* private */
	struct timer orphan; /* looks for a new supervisor when ours is lost */
	int64_t orphan_since;
	struct timer deadline; /* of the drain */
	uv_signal_t term;
	int status;
};

#define ROLE_TICKET_PAGE 16384

/* Runs the process of a role (`everseal @ROLE`, started by the supervisor) to its end. */
int role_main(const struct role *role);

/* The role's n-th descriptor of this name, or -1. */
int role_fd(const struct role_env *env, const char *name, size_t n);

/* Stop accepting and finish, as if the supervisor had asked. */
void role_drain(struct role_env *env, int64_t ms);

/* The drain is complete (or there is nothing left to live for): leave the loop. */
void role_finish(struct role_env *env);

/* Words for whoever sits at the terminal of `everseal up`, as they are; they go to no log. */
void role_tell(struct role_env *env, const char *words);

/* Certificates of the roots as PEM, for the file root.pem in the data folder (the ca's to say). */
void role_root(struct role_env *env, struct slice pem);

/* Asks the supervisor for a channel ("feed"); it comes by on_peer(). */
void role_want(struct role_env *env, const char *name);
