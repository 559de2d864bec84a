/* One role process, from its descriptors to its end. A process that dies is started again after a
 * pause that doubles from 50 ms to supervisor.pause, and is short again after it has lived for ten seconds. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cursor.h"
#include "role/supervisor/supervisor_priv.h"
#include "run/clock/clock.h"
#include "run/log/log.h"
#include "run/random/random.h"

#define PAUSE_LEAST 50
#define CALM        10000 /* a life this long makes the pause short again */
#define PIPE_ROOM   (1024 * 1024)

/* What a role may know of our environment. */
static const char *const env_kept[] = { "ASAN_OPTIONS",
					"UBSAN_OPTIONS",
					"LSAN_OPTIONS",
					"EVERSEAL_PROBE",
					"SSL_CERT_FILE",
					"SSL_CERT_DIR",
					"TZ" };
#define ENV_KEPT (sizeof(env_kept) / sizeof(env_kept[0]))

/* The descriptors of a process being started: number i of the child is fds[i] of ours. */
struct handover {
	uv_stdio_container_t stdio[STARTUP_FD + 1 + STARTUP_FDS_MAX];
	int count;
	int ours[8]; /* to be closed here once it has started */
	int ours_count;
	struct startup startup;
};

static int child_fd(struct handover *h, int fd)
{
	h->stdio[h->count] = (uv_stdio_container_t){ .flags = UV_INHERIT_FD, .data.fd = fd };
	return h->count++;
}

static void hand_over(struct handover *h, const char *name, int fd)
{
	startup_fd_add(&h->startup, name, child_fd(h, fd));
}

/* The same for a descriptor made for this process alone. */
static void give_away(struct handover *h, const char *name, int fd)
{
	h->ours[h->ours_count++] = fd;
	hand_over(h, name, fd);
}

static void pipe_make(int fds[2])
{
	must(pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0);
	(void)!fcntl(fds[1], F_SETPIPE_SZ, PIPE_ROOM); /* where limits refuse, the size stays */
}

static int text_file(void)
{
	int fd = memfd_create("everseal-startup", MFD_CLOEXEC);

	must(fd >= 0);
	return fd;
}

static void write_all(int fd, struct slice bytes)
{
	must(write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
}

static void hand_keyring(struct handover *h, const struct supervisor *s)
{
	int fds[2];

	pipe_make(fds);
	write_all(fds[1], secret_slice(&s->keyring)); /* far less than a pipe holds */
	close(fds[1]);
	give_away(h, STARTUP_KEYRING, fds[0]);
}

static void hand_listeners(struct handover *h, const struct process *p)
{
	for (size_t i = 0; i < p->s->listener_count; i++) {
		const struct listener *l = &p->s->listeners[i];

		for (const char *const *name = p->role->listens; *name != NULL; name++)
			if (l->worker == p->slot && strcmp(l->name, *name) == 0)
				hand_over(h, l->name, l->fd);
	}
}

static void hand_shared(struct handover *h, const struct process *p)
{
	const struct supervisor *s = p->s;

	hand_over(h, STARTUP_LOCK, p->role->alone ? s->lock_rw : s->lock_ro);
	hand_over(h, STARTUP_METRICS, s->metrics_fd);
	if (p->role->wants_tickets)
		hand_over(h, STARTUP_TICKETS, s->tickets_fd);
	if (p->role->wants_keyring)
		hand_keyring(h, s);
}

/* Standard input and output are nothing, standard error is the log pipe. */
static void hand_pipes(struct handover *h, struct process *p)
{
	int fds[2];

	h->stdio[h->count++].flags = UV_IGNORE;
	h->stdio[h->count++].flags = UV_IGNORE;
	pipe_make(fds);
	p->log = drain_open(&p->s->loop, fds[0], &p->s->log_out);
	h->ours[h->ours_count++] = fds[1];
	child_fd(h, fds[1]);
}

static void hand_access(struct handover *h, struct process *p)
{
	int fds[2];

	if (!p->role->wants_access_log || p->s->access_out.fd < 0)
		return;
	pipe_make(fds);
	p->access = drain_open(&p->s->loop, fds[0], &p->s->access_out);
	give_away(h, STARTUP_ACCESS, fds[1]);
}

static void hand_steer(struct handover *h, struct process *p)
{
	const struct ipc_pair *pair =
		p->role->on_steer == NULL ? &ipc_supervisor_role : &ipc_supervisor_control;
	int fds[2];

	ipc_socketpair(fds);
	p->steer = ipc_open(&p->s->loop, fds[0], pair, IPC_LEFT, &steer_events, p);
	give_away(h, STARTUP_STEER, fds[1]);
}

static void handover_make(struct handover *h, struct process *p)
{
	struct buf text = BUF_INIT;
	int startup_fd = text_file();

	*h = (struct handover){ .startup = { .slot = p->slot,
					     .metrics_slot = (int)p->index,
					     .lock = 1 + (int)role_index(p->role),
					     .user = folder_user(p->s, p->role) } };
	hand_pipes(h, p);
	h->ours[h->ours_count++] = startup_fd;
	must(child_fd(h, startup_fd) == STARTUP_FD);
	hand_steer(h, p);
	hand_access(h, p);
	hand_shared(h, p);
	hand_listeners(h, p);
	startup_write(&h->startup, &p->s->settings, &text);
	write_all(startup_fd, buf_slice(&text));
	buf_free(&text);
}

static void state_set(struct process *p, enum process_state state)
{
	p->row->state = (int32_t)state;
	p->row->pid = p->alive ? p->handle.pid : 0;
}

/* --- the end of a process --- */

static void describe_end(const struct process *p, int64_t status, int signal, char *out, size_t n)
{
	if (signal == SIGSYS)
		snprintf(out, n, "SIGSYS: its sandbox stopped a system call it may not make");
	else if (signal != 0)
		snprintf(out, n, "signal %s", sigabbrev_np(signal));
	else
		snprintf(out, n, "exit status %d", (int)status);
	(void)p;
}

static void log_end(const struct process *p, bool expected)
{
	log_line(expected ? LOG_INFO : LOG_ERROR, "process.ended", p->row->ended,
		 LOG_S("name", p->role->name), LOG_I("slot", p->slot),
		 LOG_I("ended_pid", p->handle.pid), LOG_I("pause_ms", expected ? 0 : p->pause));
}

static void restart_later(struct process *p)
{
	if (p->at_once || loop_now(&p->s->loop) - p->began >= CALM)
		p->pause = PAUSE_LEAST;
	p->row->restarts++;
	state_set(p, PROCESS_WAITING);
	timer_arm(&p->s->loop, &p->restart, p->at_once ? 0 : p->pause);
	p->pause = p->pause * 2 > p->s->settings.supervisor_pause ? p->s->settings.supervisor_pause
								  : p->pause * 2;
	p->at_once = false;
}

static void process_release(struct process *p)
{
	ipc_close(p->steer);
	p->steer = NULL;
	drain_close(p->log);
	p->log = NULL;
	drain_close(p->access);
	p->access = NULL;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct process *p = handle->data;
	struct supervisor *s = p->s;

	if (s->stopping)
		state_set(p, PROCESS_STOPPED);
	else
		restart_later(p);
	s->alive--;
	supervisor_on_ended(s);
}

static void on_exit_(uv_process_t *handle, int64_t status, int signal)
{
	struct process *p = handle->data;

	p->alive = false;
	describe_end(p, status, signal, p->row->ended, sizeof(p->row->ended));
	log_end(p, p->s->stopping || p->at_once);
	process_release(p);
	uv_close((uv_handle_t *)handle, on_handle_closed);
}

/* --- the start --- */

static char **env_make(char *room[ENV_KEPT + 1], struct arena *a)
{
	size_t n = 0;

	for (size_t i = 0; i < ENV_KEPT; i++)
		if (getenv(env_kept[i]) != NULL)
			room[n++] = arena_printf(a, "%s=%s", env_kept[i], getenv(env_kept[i]));
	room[n] = NULL;
	return room;
}

static int spawn(struct process *p, struct handover *h)
{
	struct arena a = ARENA_INIT;
	char *env[ENV_KEPT + 1];
	char name[] = "everseal";
	char exe[] = "/proc/self/exe"; /* the child's own: the same build, whatever the path */
	char *argv[] = { name, arena_printf(&a, "@%s", p->role->name),
			 arena_printf(&a, "%d", p->slot), NULL };
	uv_process_options_t options = { .exit_cb = on_exit_,
					 .file = exe,
					 .args = argv,
					 .env = env_make(env, &a),
					 .cwd = p->role->folder,
					 .stdio_count = h->count,
					 .stdio = h->stdio };
	int r = uv_spawn(&p->s->loop.uv, &p->handle, &options);

	arena_free(&a);
	return r;
}

void process_start(struct process *p)
{
	struct handover h;
	int r;

	handover_make(&h, p);
	r = spawn(p, &h);
	p->handle.data = p;
	for (int i = 0; i < h.ours_count; i++)
		close(h.ours[i]);
	p->s->alive++;
	p->began = loop_now(&p->s->loop);
	p->row->started = clock_now();
	if (r != 0) {
		snprintf(p->row->ended, sizeof(p->row->ended), "not started: %s", uv_strerror(r));
		log_end(p, false);
		process_release(p);
		uv_close((uv_handle_t *)&p->handle, on_handle_closed);
		return;
	}
	p->alive = true;
	state_set(p, PROCESS_STARTING);
	steer_peers(p);
}

static void on_restart(struct timer *t)
{
	process_start(container_of(t, struct process, restart));
}

void process_init(struct process *p, struct supervisor *s, const struct role *role, int slot)
{
	*p = (struct process){ .s = s, .role = role, .slot = slot, .pause = PAUSE_LEAST };
	p->index = (size_t)(p - s->processes);
	p->row = metrics_process(s->metrics, p->index);
	p->row->slot = slot;
	snprintf(p->row->role, sizeof(p->row->role), "%s", role->name);
	timer_init(&p->restart, on_restart);
	state_set(p, PROCESS_WAITING);
}

void process_drain(struct process *p, int64_t ms)
{
	struct buf payload = BUF_INIT;

	timer_stop(&p->restart);
	if (!p->alive)
		return;
	state_set(p, PROCESS_DRAINING);
	write_u32(&payload, (uint32_t)ms);
	if (p->steer == NULL || ipc_send(p->steer, STEER_DRAIN, 0, buf_slice(&payload), -1) < 0)
		process_kill(p);
	buf_free(&payload);
}

void process_kill(struct process *p)
{
	if (p->alive)
		(void)!uv_process_kill(&p->handle, SIGKILL);
}
