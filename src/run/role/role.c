/* The way of a process from exec to its loop is role_main(), step by step; below it what every role
 * does about its supervisor: steering frames, SIGTERM, and the loss of it. */
#include "run/role/role.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/map.h"
#include "run/clock/clock.h"
#include "run/log/log.h"
#include "run/random/random.h"

#define ORPHAN_LOOK  100 /* ms between looks for a new supervisor */
#define KEYRING_MOST (64 * 1024)

int role_fd(const struct role_env *env, const char *name, size_t n)
{
	return startup_fd_find(&env->startup, name, n);
}

/* --- ending --- */

static void on_deadline(struct timer *t)
{
	struct role_env *env = container_of(t, struct role_env, deadline);

	log_line(LOG_WARNING, "role.cut", "not everything was finished in time: ending anyway");
	role_finish(env);
}

void role_drain(struct role_env *env, int64_t ms)
{
	if (env->draining)
		return;
	env->draining = true;
	timer_arm(&env->loop, &env->deadline, ms);
	log_line(LOG_INFO, "role.draining", "no longer accepting; finishing what is open",
		 LOG_I("ms", ms));
	env->role->drain(env);
}

void role_finish(struct role_env *env)
{
	loop_stop(&env->loop);
}

/* --- without a supervisor --- */

/* Somebody holds the supervisor's byte of the lock, and ours is gone: it is a new one. */
static bool supervisor_is_new(const struct role_env *env)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };

	return fcntl(role_fd(env, STARTUP_LOCK, 0), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void on_orphan(struct timer *t)
{
	struct role_env *env = container_of(t, struct role_env, orphan);
	bool over = loop_now(&env->loop) - env->orphan_since >= env->settings.supervisor_grace;

	if (over || supervisor_is_new(env))
		role_drain(env, env->settings.shutdown_timeout);
	else
		timer_arm(&env->loop, t, ORPHAN_LOOK);
}

static void on_steer_closed(struct ipc *c, const char *why)
{
	struct role_env *env = ipc_owner(c);

	env->supervisor = NULL;
	ipc_close(c);
	if (env->draining)
		return;
	log_line(LOG_WARNING, "supervisor.lost", "serving on without a supervisor",
		 LOG_S("why", why), LOG_I("grace_ms", env->settings.supervisor_grace));
	env->orphan_since = loop_now(&env->loop);
	timer_arm(&env->loop, &env->orphan, 0);
}

/* --- steering --- */

static void keyring_replace(struct role_env *env, struct slice text)
{
	secret_drop(&env->keyring);
	secret_new(&env->keyring, text.n);
	memcpy(env->keyring.p, text.p, text.n);
	if (env->role->on_keyring != NULL)
		env->role->on_keyring(env);
}

static void peer_give(struct role_env *env, struct slice payload, int fd)
{
	char name[32];

	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(payload));
	if (env->role->on_peer == NULL || env->draining)
		close(fd);
	else
		env->role->on_peer(env, name, fd);
}

static void on_steer_frame(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	struct role_env *env = ipc_owner(c);
	struct reader r = reader_of(payload);

	switch ((enum ipc_steer)type) {
	case STEER_DRAIN: role_drain(env, read_u32(&r)); return;
	case STEER_PEER: peer_give(env, payload, fd); return;
	case STEER_KEYRING: keyring_replace(env, payload); return;
	case STEER_KEK_ROTATED:
	case STEER_KEK_RETIRED:
		if (env->role->on_steer != NULL)
			env->role->on_steer(env, type, id, payload);
		return;
	case STEER_READY:
	case STEER_FAILED:
	case STEER_WANT:
	case STEER_TELL:
	case STEER_ROOT:
	case STEER_KEK_ROTATE:
	case STEER_KEK_RETIRE:
	case STEER_RESTART: must_not_reach(); /* the channel refuses what is not the peer's */
	}
}

static const struct ipc_events steer_events = { on_steer_frame, on_steer_closed, NULL };

void role_want(struct role_env *env, const char *name)
{
	if (env->supervisor != NULL)
		(void)!ipc_send(env->supervisor, STEER_WANT, 0, slice_str(name), -1);
}

void role_tell(struct role_env *env, const char *words)
{
	if (env->supervisor != NULL)
		(void)!ipc_send(env->supervisor, STEER_TELL, 0, slice_str(words), -1);
}

void role_root(struct role_env *env, struct slice pem)
{
	if (env->supervisor != NULL)
		(void)!ipc_send(env->supervisor, STEER_ROOT, 0, pem, -1);
}

static void on_term(uv_signal_t *signal, int number)
{
	struct role_env *env = container_of(signal, struct role_env, term);

	(void)number;
	role_drain(env, env->settings.shutdown_timeout);
}

/* --- starting, in order --- */

static int read_startup(struct role_env *env, struct fail *f)
{
	struct buf text = BUF_INIT;
	ssize_t got = 0;
	int r;

	while (text.n < STARTUP_MOST &&
	       (got = pread(STARTUP_FD, buf_reserve(&text, 65536), 65536, (off_t)text.n)) > 0)
		text.n += (size_t)got;
	if (got < 0 || text.n == 0)
		return fail(f, FAIL_INPUT,
			    "this is a role of `everseal up`, which starts it by itself");
	close(STARTUP_FD);
	r = startup_parse(buf_slice(&text), &env->startup, &env->settings, f);
	buf_free(&text);
	return r;
}

/* The supervisor ends its roles by frame; a terminal's Ctrl-C reaches all of them, and is its. */
static void ignore_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

/* What ps and journald show; the kernel would call it "exe" after the way it was started. */
static void name_process(const struct role *role)
{
	char name[16];

	snprintf(name, sizeof(name), "everseal@%s", role->name);
	(void)prctl(PR_SET_NAME, name, 0, 0, 0); /* cannot fail */
}

static void open_log(struct role_env *env)
{
	bool many = strcmp(env->role->name, "edge") == 0;

	must(fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK) == 0);
	log_open(env->role->name, many ? env->startup.slot : -1, STDERR_FILENO,
		 (enum log_level)env->settings.log_level);
	env->access_fd = role_fd(env, STARTUP_ACCESS, 0);
}

static void open_loop(struct role_env *env)
{
	uint8_t seed[16];

	random_bytes(seed, sizeof(seed));
	map_seed(seed);
	loop_init(&env->loop);
	timer_init(&env->orphan, on_orphan);
	timer_init(&env->deadline, on_deadline);
	must(uv_signal_init(&env->loop.uv, &env->term) == 0);
	must(uv_signal_start(&env->term, on_term, SIGTERM) == 0);
	uv_unref((uv_handle_t *)&env->term);
}

static void open_supervisor(struct role_env *env)
{
	const struct ipc_pair *pair =
		env->role->on_steer == NULL ? &ipc_supervisor_role : &ipc_supervisor_control;

	env->supervisor = ipc_open(&env->loop, role_fd(env, STARTUP_STEER, 0), pair, IPC_RIGHT,
				   &steer_events, env);
}

static int open_metrics(struct role_env *env, struct process_row **row, struct fail *f)
{
	int fd = role_fd(env, STARTUP_METRICS, 0);

	*row = metrics_attach(fd, (size_t)env->startup.metrics_slot);
	if (*row == NULL)
		return fail(f, FAIL_SYSTEM, "the page of metrics cannot be mapped");
	metrics_set(METRIC_started, (uint64_t)(clock_now() / STAMP_SECOND));
	if (env->role->reads_metrics)
		env->metrics = metrics_map(fd);
	close(fd);
	return 0;
}

static int open_tickets(struct role_env *env, struct fail *f)
{
	int fd = role_fd(env, STARTUP_TICKETS, 0);
	int access = PROT_READ | (env->role->writes_tickets ? PROT_WRITE : 0);
	void *p;

	if (fd < 0)
		return 0;
	p = mmap(NULL, ROLE_TICKET_PAGE, access, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return fail(f, FAIL_SYSTEM, "the page of ticket keys cannot be mapped");
	(void)!mlock(p, ROLE_TICKET_PAGE); /* where limits refuse, it is still out of dumps */
	must(madvise(p, ROLE_TICKET_PAGE, MADV_DONTDUMP) == 0);
	env->tickets = p;
	return 0;
}

/* The supervisor has written the text into a pipe and closed it. */
static void read_keyring(struct role_env *env)
{
	int fd = role_fd(env, STARTUP_KEYRING, 0);
	struct secret room = SECRET_INIT;
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return;
	secret_new(&room, KEYRING_MOST);
	while (n < room.n && (got = read(fd, room.p + n, room.n - n)) > 0)
		n += (size_t)got;
	close(fd);
	secret_new(&env->keyring, n);
	memcpy(env->keyring.p, room.p, n);
	secret_drop(&room);
}

/* Held for life: shows that we live. A role that must be alone waits here until a process left by
 * an earlier supervisor has ended. */
static void lock_byte(const struct role_env *env)
{
	struct flock lock = {
		.l_type = env->role->alone ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = env->startup.lock,
		.l_len = 1,
	};

	while (fcntl(role_fd(env, STARTUP_LOCK, 0), F_SETLKW, &lock) != 0)
		must(errno == EINTR);
}

static int lock_in(struct role_env *env, struct process_row *row, struct fail *f)
{
	struct buf words = BUF_INIT;
	int r = sandbox_enter(&env->role->sandbox, &env->startup.user, &words, f);

	snprintf(row->sandbox, sizeof(row->sandbox), "%s", buf_str(&words));
	buf_free(&words);
	if (r == 0)
		sandbox_probe(env->role->name);
	return r;
}

static int role_open(struct role_env *env, struct fail *f)
{
	struct process_row *row;

	if (open_metrics(env, &row, f) < 0 || open_tickets(env, f) < 0)
		return -1;
	read_keyring(env);
	lock_byte(env);
	if (env->role->prepare != NULL && env->role->prepare(env, f) < 0)
		return -1;
	if (lock_in(env, row, f) < 0)
		return -1;
	return env->role->start(env, f);
}

static void report(struct role_env *env, uint16_t type, const char *words)
{
	struct slice payload = slice_sub(slice_str(words), 0, 1024);

	(void)!ipc_send(env->supervisor, type, 0, payload, -1);
	ipc_flush(env->supervisor);
}

/* Ends without exit handlers: what must last is on the disk, and nothing else is worth a wait. */
_Noreturn static void end(int status)
{
	_exit(status);
}

int role_main(const struct role *role)
{
	static struct role_env env;
	struct fail f = FAIL_INIT;

	env.role = role;
	name_process(role);
	ignore_signals();
	umask(007); /* files are for us and, where their mode says so, for the group of the room */
	if (read_startup(&env, &f) < 0) {
		fprintf(stderr, "everseal @%s: %s\n", role->name, f.words);
		return 2;
	}
	open_log(&env);
	open_loop(&env);
	open_supervisor(&env);
	if (role_open(&env, &f) < 0) {
		log_line(LOG_ERROR, "role.failed", "cannot start", LOG_FAIL(&f));
		report(&env, STEER_FAILED, f.words);
		end(1);
	}
	report(&env, STEER_READY, "");
	loop_run(&env.loop);
	log_line(LOG_INFO, "role.ended", env.status == 0 ? "finished" : "ended by a failure");
	end(env.status);
}
