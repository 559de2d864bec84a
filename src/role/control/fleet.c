/* The machines that follow the truth. What they acknowledged is exact here, in memory; their rows in
 * the truth are written when they enrol and at most every SAVE_BEATS seconds after that, because
 * nothing is decided by a row that the next acknowledgement does not say again. */
#include "role/control/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/must.h"
#include "model/change.h"
#include "model/machine.h"
#include "role/control/fleet_priv.h"
#include "role/control/truth.h"
#include "run/clock/clock.h"
#include "run/log/log.h"

#define BEAT_MS    1000
#define SAVE_BEATS 10
#define LINKS_MOST 1024

/* The listener and a read under way each hold the fleet. */
static void release(struct fleet *fl)
{
	struct list *link;

	if (--fl->holds > 0)
		return;
	while ((link = list_first(&fl->machines)) != NULL) {
		list_remove(link);
		free(container_of(link, struct fleet_known, link));
	}
	free(fl);
}

/* ---- machines ---- */

static struct fleet_known *find(const struct fleet *fl, const struct id *id)
{
	list_for_each (link, &fl->machines) {
		struct fleet_known *m = container_of(link, struct fleet_known, link);

		if (id_eq(&m->id, id))
			return m;
	}
	return NULL;
}

static struct fleet_known *add(struct fleet *fl, const struct id *id, struct slice name)
{
	struct fleet_known *m = calloc(1, sizeof(*m));

	must(m != NULL);
	m->id = *id;
	(void)snprintf(m->name, sizeof(m->name), "%.*s", SLICE_ARG(name));
	list_append(&fl->machines, &m->link);
	return m;
}

struct fleet_known *fleet_machine(struct fleet *fl, const struct id *id, const char *name)
{
	struct fleet_known *m = find(fl, id);

	if (m == NULL) {
		m = add(fl, id, slice_str(name));
		m->enrolled_at = clock_now();
		m->seen_at = m->enrolled_at;
		fleet_save(fl, m);
	}
	return m;
}

struct save {
	struct sql_job job;
	struct machine_row row;
	char name[64];
};

static int save_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct save *s = container_of(job, struct save, job);

	if (machine_enrol(tx, &s->row, f) < 0)
		return -1;
	return machine_report(tx, &s->row, f);
}

static void save_done(struct sql_job *job, int result, const struct fail *f)
{
	struct save *s = container_of(job, struct save, job);

	if (result < 0)
		log_line(LOG_WARNING, "machine.unsaved", "a machine's report was not stored",
			 LOG_S("machine", s->name), LOG_FAIL(f));
	arena_free(&job->arena);
	free(s);
}

void fleet_save(struct fleet *fl, struct fleet_known *m)
{
	struct save *s = calloc(1, sizeof(*s));

	must(s != NULL);
	memcpy(s->name, m->name, sizeof(s->name));
	s->row = (struct machine_row){ .id = m->id,
				       .name = slice_str(s->name),
				       .epoch = m->epoch,
				       .seq = m->seq,
				       .enrolled_at = m->enrolled_at,
				       .seen_at = m->seen_at };
	s->job.run = save_run;
	s->job.done = save_done;
	m->unsaved = false;
	sql_submit(fl->truth->pool, SQL_WRITE, &s->job);
}

/* ---- what was known before ---- */

struct recall {
	struct sql_job job;
	struct fleet *fleet;
	struct list found;
	struct replica_state state;
};

static bool recall_one(void *arg, const struct machine_row *row)
{
	struct recall *r = arg;
	struct fleet_known *m = calloc(1, sizeof(*m));

	must(m != NULL);
	m->id = row->id;
	(void)snprintf(m->name, sizeof(m->name), "%.*s", SLICE_ARG(row->name));
	m->drained = row->drained;
	m->epoch = row->epoch;
	m->seq = row->seq;
	m->seen_at = row->seen_at;
	m->enrolled_at = row->enrolled_at;
	list_append(&r->found, &m->link);
	return true;
}

static int recall_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct recall *r = container_of(job, struct recall, job);
	uint64_t oldest;

	if (change_state(tx, &r->state, &oldest, f) < 0)
		return -1;
	return machine_each(tx, recall_one, r, f);
}

/* A machine may have connected before its row was read: what it said itself is newer. */
static void merge(struct fleet *fl, struct fleet_known *row)
{
	struct fleet_known *m = find(fl, &row->id);

	list_remove(&row->link);
	if (m == NULL) {
		list_append(&fl->machines, &row->link);
		return;
	}
	m->drained = row->drained;
	m->enrolled_at = row->enrolled_at;
	free(row);
}

static void recall_done(struct sql_job *job, int result, const struct fail *f)
{
	struct recall *r = container_of(job, struct recall, job);
	struct list *link;

	if (result < 0)
		log_line(LOG_ERROR, "machine.unread",
			 "the machines' rows could not be read: only those that connect are known",
			 LOG_FAIL(f));
	while ((link = list_first(&r->found)) != NULL)
		merge(r->fleet, container_of(link, struct fleet_known, link));
	if (r->state.seq > r->fleet->seq)
		fleet_head(r->fleet, r->state.seq);
	arena_free(&job->arena);
	release(r->fleet);
	free(r);
}

static void recall(struct fleet *fl)
{
	struct recall *r = calloc(1, sizeof(*r));

	must(r != NULL);
	r->fleet = fl;
	fl->holds++;
	list_init(&r->found);
	r->job.run = recall_run;
	r->job.done = recall_done;
	sql_submit(fl->truth->pool, SQL_READ, &r->job);
}

/* ---- connections ---- */

static void on_listener(uv_poll_t *handle, int status, int events)
{
	struct fleet *fl = handle->data;

	(void)events;
	if (status < 0)
		return;
	int fd = -1;

	if (uv_fileno((uv_handle_t *)handle, &fd) != 0)
		return;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (peer < 0)
		return;
	if (fl->link_count >= LINKS_MOST) {
		log_line(LOG_WARNING, "feed.full",
			 "too many machines are connected: one was turned away",
			 LOG_I("most", LINKS_MOST));
		(void)close(peer);
		return;
	}
	fleet_link_open(fl, peer);
}

static void on_beat(struct timer *t)
{
	struct fleet *fl = container_of(t, struct fleet, beat);
	stamp now = clock_now();
	struct list *next;

	timer_arm(fl->truth->loop, t, BEAT_MS);
	for (struct list *at = fl->links.next; at != &fl->links; at = next) {
		next = at->next; /* a link that cannot be served closes itself */
		fleet_link_beat(fleet_link_of(at), now);
	}
	if (++fl->beats % SAVE_BEATS != 0)
		return;
	list_for_each (link, &fl->machines) {
		struct fleet_known *m = container_of(link, struct fleet_known, link);

		if (m->unsaved)
			fleet_save(fl, m);
	}
}

int fleet_open(struct fleet **out, struct truth *truth, int fd, struct fail *f)
{
	struct fleet *fl = calloc(1, sizeof(*fl));

	must(fl != NULL);
	fl->truth = truth;
	fl->holds = 1;
	list_init(&fl->machines);
	list_init(&fl->links);
	timer_init(&fl->beat, on_beat);
	int r = uv_poll_init(&truth->loop->uv, &fl->listener, fd);
	if (r != 0) {
		free(fl);
		return fail(f, FAIL_SYSTEM, "the feed socket cannot be watched: %s",
			    uv_strerror(r));
	}
	fl->listener.data = fl;
	must(uv_poll_start(&fl->listener, UV_READABLE, on_listener) == 0);
	timer_arm(truth->loop, &fl->beat, BEAT_MS);
	recall(fl);
	*out = fl;
	return 0;
}

static void on_listener_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void fleet_close(struct fleet *fl)
{
	struct list *link;

	if (fl == NULL)
		return;
	timer_stop(&fl->beat);
	while ((link = list_first(&fl->links)) != NULL)
		fleet_link_close(fleet_link_of(link));
	uv_close((uv_handle_t *)&fl->listener, on_listener_closed);
}

void fleet_head(struct fleet *fl, uint64_t seq)
{
	struct list *next;

	if (seq <= fl->seq)
		return;
	fl->seq = seq;
	for (struct list *at = fl->links.next; at != &fl->links; at = next) {
		next = at->next;
		fleet_link_head(fleet_link_of(at), seq);
	}
}

uint64_t fleet_seq(const struct fleet *fl)
{
	return fl->seq;
}

/* ---- where a change is live ---- */

static bool is_silent(const struct fleet_known *m, stamp now)
{
	return now - m->seen_at > MACHINE_SILENT_AFTER;
}

void fleet_deployment(const struct fleet *fl, uint64_t seq, struct arena *a, struct deployment *out)
{
	stamp now = clock_now();
	unsigned machines = 0;

	*out = (struct deployment){ .epoch = fl->truth->epoch, .seq = seq };
	list_for_each (link, &fl->machines)
		machines++;
	out->silent_names = arena_array(a, const char *, machines + 1);
	list_for_each (link, &fl->machines) {
		const struct fleet_known *m = container_of(link, struct fleet_known, link);

		if (m->drained)
			continue;
		out->of++;
		if (is_silent(m, now))
			out->silent_names[out->silent++] = arena_str(a, slice_str(m->name));
		else if (id_eq(&m->epoch, &fl->truth->epoch) && m->seq >= seq)
			out->live++;
	}
}

void fleet_each(const struct fleet *fl, fleet_each_f *each, void *arg)
{
	stamp now = clock_now();
	list_for_each (link, &fl->machines) {
		const struct fleet_known *m = container_of(link, struct fleet_known, link);
		bool heard = m->connection != NULL && !is_silent(m, now);
		struct fleet_machine row = { .id = m->id,
					     .name = m->name,
					     .heard = heard,
					     .drained = m->drained,
					     .epoch = m->epoch,
					     .seq = m->seq,
					     .seen_at = m->seen_at,
					     .enrolled_at = m->enrolled_at };

		if (!each(arg, &row))
			return;
	}
}

void fleet_set_drained(struct fleet *fl, const struct id *id, bool drained)
{
	struct fleet_known *m = find(fl, id);

	if (m != NULL)
		m->drained = drained;
}
