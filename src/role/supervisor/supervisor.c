/* The whole, in order: settings, folder and lock, keys, sockets, shared pages, roles, loop. */
#include "role/supervisor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/map.h"
#include "base/text.h"
#include "role/supervisor/supervisor_priv.h"
#include "run/log/log.h"
#include "run/random/random.h"

extern char **environ;

#define KILL_AFTER 1000 /* ms a role may go on after its drain should have been over */
#define SAME_WISH  200  /* ms: whoever signals a whole group reaches us twice */

/* --- the end --- */

static void each_process(struct supervisor *s, void (*call)(struct process *p))
{
	for (size_t i = 0; i < s->process_count; i++)
		call(&s->processes[i]);
}

static void drain_one(struct process *p)
{
	process_drain(p, p->s->settings.shutdown_timeout);
}

static void on_deadline(struct timer *t)
{
	struct supervisor *s = container_of(t, struct supervisor, deadline);

	log_line(LOG_WARNING, "shutdown.cut", "shutdown.timeout is over: ending what is left");
	each_process(s, process_kill);
}

void supervisor_stop(struct supervisor *s)
{
	if (s->stopping && loop_now(&s->loop) - s->stopped_at < SAME_WISH)
		return;
	if (s->stopping) {
		log_line(LOG_WARNING, "shutdown.now", "asked twice: ending at once");
		each_process(s, process_kill);
		return;
	}
	s->stopping = true;
	s->stopped_at = loop_now(&s->loop);
	notify_systemd("STOPPING=1");
	log_line(LOG_INFO, "shutdown.begun", "roles finish what is open",
		 LOG_I("ms", s->settings.shutdown_timeout));
	timer_arm(&s->loop, &s->deadline, s->settings.shutdown_timeout + KILL_AFTER);
	each_process(s, drain_one);
	listen_close(s); /* from when the roles close theirs, connections are refused */
	supervisor_on_ended(s);
}

void supervisor_on_ended(struct supervisor *s)
{
	if (s->stopping && s->alive == 0)
		loop_stop(&s->loop);
}

void supervisor_give_up(struct supervisor *s, const char *who, struct slice words)
{
	if (s->stopping)
		return;
	fprintf(stderr, "everseal up: %s cannot start: %.*s\n", who, SLICE_ARG(words));
	s->status = 1;
	supervisor_stop(s);
}

/* --- the start of roles --- */

static void say_ready(struct supervisor *s)
{
	s->ready = true;
	log_line(LOG_INFO, "everseal.ready", "all roles are ready", LOG_I("processes", s->alive),
		 LOG_S("data_folder", s->settings.data_folder));
	notify_systemd("READY=1");
	if (s->ready_fd < 0)
		return;
	(void)!write(s->ready_fd, "ready\n", 6); /* whoever asked may have left */
	close(s->ready_fd);
	s->ready_fd = -1;
}

static void start_after(struct supervisor *s, const char *name)
{
	for (size_t i = 0; i < s->process_count; i++) {
		struct process *p = &s->processes[i];
		const char *after = p->role->after;

		if (name == NULL ? after == NULL : after != NULL && strcmp(after, name) == 0)
			process_start(p);
	}
}

void supervisor_on_ready(struct supervisor *s, struct process *p)
{
	size_t waiting = 0;

	if (s->stopping)
		return;
	start_after(s, p->role->name);
	for (size_t i = 0; i < s->process_count; i++)
		waiting += !s->processes[i].was_ready;
	if (waiting == 0)
		say_ready(s);
}

static void processes_make(struct supervisor *s)
{
	for (size_t i = 0; i < role_count; i++) {
		int count = strcmp(roles[i]->name, "edge") == 0 ? (int)s->settings.edge_workers : 1;

		for (int slot = 0; slot < count; slot++) {
			must(s->process_count < PROCESSES_MAX);
			process_init(&s->processes[s->process_count++], s, roles[i], slot);
		}
	}
}

/* --- signals --- */

static void on_stop(uv_signal_t *signal, int number)
{
	(void)number;
	supervisor_stop(signal->data);
}

static void on_hangup(uv_signal_t *signal, int number)
{
	struct supervisor *s = signal->data;

	(void)number;
	outlet_reopen(&s->log_out);
	outlet_reopen(&s->access_out);
	log_line(LOG_INFO, "log.reopened", "log files were opened anew");
}

static void signal_watch(struct supervisor *s, uv_signal_t *signal, uv_signal_cb on, int number)
{
	signal->data = s;
	must(uv_signal_init(&s->loop.uv, signal) == 0);
	must(uv_signal_start(signal, on, number) == 0);
}

/* --- the whole --- */

static int pages_make(struct supervisor *s, struct fail *f)
{
	s->metrics = metrics_create(&s->metrics_fd);
	s->tickets_fd = memfd_create("everseal-tickets", MFD_CLOEXEC);
	if (s->tickets_fd < 0 || ftruncate(s->tickets_fd, ROLE_TICKET_PAGE) != 0)
		return fail(f, FAIL_SYSTEM, "the page of ticket keys: %s", strerror(errno));
	return 0;
}

/* Our own lines go through a pipe too: the terminal must not make us wait. */
static void log_begin(struct supervisor *s)
{
	int fds[2];

	must(pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0);
	s->log = drain_open(&s->loop, fds[0], &s->log_out);
	log_open("supervisor", -1, fds[1], (enum log_level)s->settings.log_level);
}

static void harden(void)
{
	struct rlimit none = { 0, 0 };
	struct rlimit files;

	/* What our caller left open is not for roles. */
	must(close_range(STARTUP_FD, ~0u, CLOSE_RANGE_CLOEXEC) == 0);
	(void)!setrlimit(RLIMIT_CORE, &none);
	must(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	     prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	/* Low ports are open by now: what a service manager gave us for them is not for roles. */
	(void)!prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)!setrlimit(RLIMIT_NOFILE, &files);
	}
}

static void loop_begin(struct supervisor *s)
{
	uint8_t seed[16];

	random_bytes(seed, sizeof(seed));
	map_seed(seed);
	loop_init(&s->loop);
	timer_init(&s->deadline, on_deadline);
	signal(SIGPIPE, SIG_IGN);
	signal_watch(s, &s->term, on_stop, SIGTERM);
	signal_watch(s, &s->interrupt, on_stop, SIGINT);
	signal_watch(s, &s->hangup, on_hangup, SIGHUP);
}

static int supervisor_open(struct supervisor *s, struct fail *f)
{
	umask(022);
	if (s->settings.edge_workers == 0)
		s->settings.edge_workers =
			uv_available_parallelism() > 64 ? 64 : uv_available_parallelism();
	if (folder_open(s, f) < 0 || kek_open(s, f) < 0 || listen_open(s, f) < 0 ||
	    outlet_open(&s->log_out, s->settings.log_file[0] == '\0' ? "-" : s->settings.log_file,
			f) < 0 ||
	    outlet_open(&s->access_out, s->settings.access_log_file, f) < 0)
		return -1;
	return pages_make(s, f);
}

static int supervisor_run(struct supervisor *s)
{
	harden();
	loop_begin(s);
	log_begin(s);
	processes_make(s);
	log_line(LOG_INFO, "everseal.starting", "starting the roles",
		 LOG_S("data_folder", s->settings.data_folder),
		 LOG_I("workers", s->settings.edge_workers));
	start_after(s, NULL);
	loop_run(&s->loop);
	log_line(LOG_INFO, "everseal.ended", "everything has ended");
	drain_close(s->log);
	return s->status;
}

/* --- the command line: our own flags, then settings --- */

static const char *flag_value(const char *argument, const char *name)
{
	size_t n = strlen(name);

	return strncmp(argument, name, n) == 0 && argument[n] == '=' ? argument + n + 1 : NULL;
}

static int arguments_read(struct supervisor *s, int argc, char **argv, const char **flags,
			  struct fail *f)
{
	size_t n = 0;

	for (int i = 2; i < argc; i++) {
		const char *config = flag_value(argv[i], "--config");
		const char *ready = flag_value(argv[i], "--ready-fd");
		uint64_t fd;

		if (config != NULL)
			s->config = config;
		else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			s->config = argv[++i];
		else if (ready == NULL)
			flags[n++] = argv[i];
		else if (text_u64(slice_str(ready), 1023, &fd))
			s->ready_fd = (int)fd;
		else
			return fail(f, FAIL_INPUT, "--ready-fd wants the number of a descriptor");
	}
	flags[n] = NULL;
	return 0;
}

/* Without --config it is everseal.conf in the data folder that flags or environment name, if it is
 * there. */
static int settings_find(struct supervisor *s, struct settings_source *from, struct fail *f)
{
	static char usual[4096];

	if (s->config == NULL) {
		if (settings_load(&s->settings, from, f) < 0)
			return -1;
		snprintf(usual, sizeof(usual), "%s/everseal.conf", s->settings.data_folder);
		settings_fini(&s->settings);
		s->config = access(usual, F_OK) == 0 ? usual : NULL;
	}
	from->file = s->config;
	return 0;
}

static int settings_read(struct supervisor *s, int argc, char **argv, struct fail *f)
{
	const char **flags = calloc((size_t)argc + 1, sizeof(char *));
	struct settings_source from = { .env = (const char *const *)environ, .flags = flags };
	int r;

	must(flags != NULL);
	r = arguments_read(s, argc, argv, flags, f);
	if (r == 0)
		r = settings_find(s, &from, f);
	if (r == 0)
		r = settings_load(&s->settings, &from, f);
	free(flags);
	return r;
}

int supervisor_main(int argc, char **argv)
{
	static struct supervisor s = { .ready_fd = -1 };
	struct fail f = FAIL_INIT;

	if (settings_read(&s, argc, argv, &f) < 0 || supervisor_open(&s, &f) < 0) {
		fprintf(stderr, "everseal up: %s\n", f.words);
		return 1;
	}
	return supervisor_run(&s);
}
