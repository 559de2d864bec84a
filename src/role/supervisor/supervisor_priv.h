/* role/supervisor/supervisor_priv.h: what the rooms of the supervisor share.
 *
 *	supervisor.c  the whole: start, signals, end
 *	folder.c      the data folder, its owners, its lock
 *	kek.c         the key-encryption keys: found, made, rotated
 *	listen.c      listening sockets
 *	process.c     one role process: start, watch, restart
 *	steer.c       what roles say, and what they are told
 *	outlet.c      log and access lines on their way out
 *	notify.c      telling systemd or a script that we are ready
 */
#pragma once

#include "base/id.h"
#include "base/list.h"
#include "base/secret.h"
#include "role/roles.h"
#include "run/file/file.h"
#include "run/loop/loop.h"

#define PROCESSES_MAX METRICS_SLOTS
#define LISTENERS_MAX 1024

struct supervisor;
struct drain;

/* --- outlet.c --- */

struct outlet {
	const char *path; /* NULL: standard error */
	int fd;
	uint64_t lost; /* bytes that could not be written */
};

/* path: "" none (fd -1), "-" standard error. */
must_check int outlet_open(struct outlet *o, const char *path, struct fail *f);
void outlet_reopen(struct outlet *o);

/* Copies lines from a pipe's end to the outlet until the pipe is closed by all writers. */
struct drain *drain_open(struct loop *l, int fd, struct outlet *to);
/* What is there is copied as far as the outlet takes it; NULL is legal. */
void drain_close(struct drain *d);

/* --- folder.c --- */

/* Makes the folder and its rooms as needed, enters it, takes the lock. */
must_check int folder_open(struct supervisor *s, struct fail *f);

/* The user and groups a role runs as. */
struct sandbox_user folder_user(const struct supervisor *s, const struct role *role);

/* A process of this role, left by an earlier supervisor, still lives. */
bool folder_has_orphan(const struct supervisor *s, const struct role *role);

/* --- kek.c --- */

must_check int kek_open(struct supervisor *s, struct fail *f);
must_check int kek_rotate(struct supervisor *s, struct id *made, struct fail *f);
must_check int kek_retire(struct supervisor *s, struct slice hex, struct fail *f);

/* --- listen.c --- */

struct listener {
	const char *name; /* of its setting, or of its socket file */
	int worker;       /* slot that accepts from it */
	int fd;
};

must_check int listen_open(struct supervisor *s, struct fail *f);
void listen_close(struct supervisor *s);

/* --- process.c --- */

struct process {
	struct supervisor *s;
	const struct role *role;
	int slot;
	size_t index; /* in the metrics page */
	struct process_row *row;
	uv_process_t handle;
	bool alive;
	bool was_ready; /* at least once */
	bool at_once;   /* a restart that was asked for: no pause */
	struct ipc *steer;
	struct drain *log;
	struct drain *access;
	struct timer restart;
	int64_t pause;
	int64_t began;
};

void process_init(struct process *p, struct supervisor *s, const struct role *role, int slot);
void process_start(struct process *p);
void process_drain(struct process *p, int64_t ms);
void process_kill(struct process *p);

/* --- steer.c --- */

extern const struct ipc_events steer_events;

/* Gives both ends of a new channel to p and to each living role it has a channel with. */
void steer_peers(struct process *p);
void steer_keyring(struct supervisor *s);

/* --- supervisor.c --- */

struct supervisor {
	struct loop loop;
	struct settings settings;
	const char *config; /* file the settings came from, or NULL */
	int ready_fd;
	int lock_rw, lock_ro;
	int metrics_fd, tickets_fd;
	struct metrics_page *metrics;
	struct secret keyring;
	const char *kek_path; /* NULL: not a file of ours, so it cannot be rotated here */
	struct listener listeners[LISTENERS_MAX];
	size_t listener_count;
	struct process processes[PROCESSES_MAX];
	size_t process_count;
	size_t alive;
	struct outlet log_out, access_out;
	struct drain *log; /* our own lines take the same way */
	uv_signal_t term, interrupt, hangup;
	struct timer deadline;
	bool ready, stopping;
	int64_t stopped_at; /* when stopping began */
	int status;
};

/* A process has become ready, or has ended: what does that mean for the whole? */
void supervisor_on_ready(struct supervisor *s, struct process *p);
void supervisor_on_ended(struct supervisor *s);

/* Cannot start: says so and stops everything. */
void supervisor_give_up(struct supervisor *s, const char *who, struct slice words);
void supervisor_stop(struct supervisor *s);

/* --- notify.c --- */

/* "READY=1", "STOPPING=1": to $NOTIFY_SOCKET, if there is one. */
void notify_systemd(const char *state);
