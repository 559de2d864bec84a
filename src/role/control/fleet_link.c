/* One connected applier: an ipc channel on one side, the truth's readers on the other, the feed's
 * source engine between them. At most one read runs at a time; its answer is handed to the engine on
 * the loop, which may want the next. Memory is bounded by the engine's own limit of unsent
 * bytes and by one page of records. */
#include <stdlib.h>

#include "base/must.h"
#include "model/change.h"
#include "model/kind.h"
#include "role/control/fleet_priv.h"
#include "role/control/issue.h"
#include "role/control/truth.h"
#include "run/clock/clock.h"
#include "run/ipc/ipc.h"
#include "run/log/log.h"

#define PAGE_RECORDS 200

/* A record as read, waiting for the loop. */
struct held {
	struct held *next;
	struct feed_change change; /* a page's records use key and value only */
};

struct fleet_link {
	struct fleet *fleet;
	struct list link; /* in fleet.links */
	struct ipc *ipc;  /* NULL: closed */
	struct feed_source source;
	struct fleet_known *machine;

	/* the read under way */
	struct sql_job job;
	bool reading;
	enum feed_want want;
	enum replica_table kind;
	struct slice after;
	uint64_t seq;
	struct replica_state state;
	uint64_t oldest;
	struct held *first;
	struct held **last;
	size_t count;
};

struct fleet_link *fleet_link_of(struct list *link)
{
	return container_of(link, struct fleet_link, link);
}

/* ---- on a reader thread ---- */

static bool hold(struct fleet_link *l, const struct feed_change *c)
{
	struct held *h = arena_new(&l->job.arena, struct held);

	h->change = *c;
	h->change.key = arena_copy(&l->job.arena, c->key);
	h->change.value = arena_copy(&l->job.arena, c->value);
	*l->last = h;
	l->last = &h->next;
	l->count++;
	return true;
}

static bool hold_change(void *arg, const struct feed_change *c)
{
	return hold(arg, c);
}

static bool hold_record(void *arg, struct slice key, struct slice value)
{
	struct feed_change c = { .key = key, .value = value };

	return hold(arg, &c);
}

static int read_page(struct sql_tx *tx, struct fleet_link *l, struct fail *f)
{
	const struct kind *kind = kind_of(l->kind);
	size_t count;

	if (kind == NULL)
		return 0; /* a kind of later versions: no records */
	return kind_page(tx, kind, l->after, PAGE_RECORDS, hold_record, l, &count, f);
}

static int read_wanted(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct fleet_link *l = container_of(job, struct fleet_link, job);

	if (change_state(tx, &l->state, &l->oldest, f) < 0)
		return -1;
	switch (l->want) {
	case FEED_WANT_NOTHING:
	case FEED_WANT_START: return 0;
	case FEED_WANT_PAGE: return read_page(tx, l, f);
	case FEED_WANT_CHANGES: return change_each(tx, l->seq, PAGE_RECORDS, hold_change, l, f);
	}
	must_not_reach();
}

/* ---- on the loop ---- */

static void hand_over(struct fleet_link *l)
{
	struct feed_source *s = &l->source;

	switch (l->want) {
	case FEED_WANT_NOTHING: break;
	case FEED_WANT_START: feed_source_start(s, &l->state, l->oldest); break;
	case FEED_WANT_PAGE:
		for (struct held *h = l->first; h != NULL; h = h->next)
			feed_source_record(s, h->change.key, h->change.value);
		feed_source_page_end(s, l->state.seq, l->count == PAGE_RECORDS);
		break;
	case FEED_WANT_CHANGES:
		for (struct held *h = l->first; h != NULL; h = h->next)
			feed_source_change(s, &h->change);
		feed_source_changes_end(s, l->state.seq);
		break;
	}
}

static void pump(struct fleet_link *l);

static void destroy(struct fleet_link *l)
{
	feed_source_fini(&l->source);
	arena_free(&l->job.arena);
	free(l);
}

static void on_read(struct sql_job *job, int result, const struct fail *f)
{
	struct fleet_link *l = container_of(job, struct fleet_link, job);

	l->reading = false;
	if (l->ipc == NULL) {
		destroy(l);
		return;
	}
	if (result < 0) {
		log_line(LOG_ERROR, "feed.unread",
			 "the truth could not be read for a machine; it connects again",
			 LOG_FAIL(f));
		fleet_link_close(l);
		return;
	}
	hand_over(l);
	pump(l);
}

static void start_read(struct fleet_link *l, enum feed_want want)
{
	struct feed_source *s = &l->source;

	arena_reset(&l->job.arena);
	l->want = want;
	l->kind = (enum replica_table)s->want_kind;
	l->after = arena_copy(&l->job.arena, buf_slice(&s->want_after));
	l->seq = s->want_seq;
	l->first = NULL;
	l->last = &l->first;
	l->count = 0;
	l->reading = true;
	sql_submit(l->fleet->truth->pool, SQL_READ, &l->job);
}

static void send_frames(struct fleet_link *l)
{
	uint16_t type;
	struct slice payload;

	while (feed_source_out(&l->source, &type, &payload)) {
		if (ipc_send(l->ipc, type, 0, payload, -1) < 0)
			return; /* on_drained goes on, or on_closed ends it */
		feed_source_sent(&l->source);
	}
}

static void pump(struct fleet_link *l)
{
	send_frames(l);
	if (l->reading)
		return;
	enum feed_want want = feed_source_want(&l->source);

	if (want != FEED_WANT_NOTHING)
		start_read(l, want);
}

/* A machine has one connection: the newest. */
static void meet(struct fleet_link *l)
{
	const struct feed_hello *hello = &l->source.hello;
	struct fleet_known *m = fleet_machine(l->fleet, &hello->machine, hello->name);

	if (m->connection != NULL && m->connection != l)
		fleet_link_close(m->connection);
	m->connection = l;
	l->machine = m;
	log_line(LOG_INFO, "feed.connected", "a machine follows the truth",
		 LOG_S("machine", m->name), LOG_I("seq", hello->seq));
}

static void note_ack(struct fleet_link *l)
{
	struct fleet_known *m = l->machine;

	m->seen_at = clock_now();
	if (id_eq(&m->epoch, &l->source.acked_epoch) && m->seq == l->source.acked_seq)
		return;
	m->epoch = l->source.acked_epoch;
	m->seq = l->source.acked_seq;
	m->unsaved = true;
	if (l->fleet->truth->issue != NULL)
		issue_on_ack(l->fleet->truth->issue);
}

static void on_frame(struct ipc *ipc, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	struct fleet_link *l = ipc_owner(ipc);
	struct fail f = FAIL_INIT;
	bool changed = false;

	(void)id;
	must(fd < 0); /* no frame of this table carries one */
	if (feed_source_feed(&l->source, type, payload, &changed, &f) < 0) {
		log_line(LOG_WARNING, "feed.refused", "a machine was refused", LOG_FAIL(&f));
		fleet_link_close(l);
		return;
	}
	if (l->source.helloed && l->machine == NULL)
		meet(l);
	if (l->machine != NULL)
		note_ack(l);
	pump(l);
}

static void on_closed(struct ipc *ipc, const char *why)
{
	struct fleet_link *l = ipc_owner(ipc);

	log_line(LOG_INFO, "feed.closed", "a machine's connection ended", LOG_S("why", why),
		 LOG_S("machine", l->machine == NULL ? "" : l->machine->name));
	fleet_link_close(l);
}

static void on_drained(struct ipc *ipc)
{
	pump(ipc_owner(ipc));
}

void fleet_link_open(struct fleet *fl, int fd)
{
	static const struct ipc_events events = { on_frame, on_closed, on_drained };
	struct fleet_link *l = calloc(1, sizeof(*l));

	must(l != NULL);
	l->fleet = fl;
	l->job.run = read_wanted;
	l->job.done = on_read;
	feed_source_init(&l->source, REPLICA_TABLES - 1);
	l->ipc = ipc_open(fl->truth->loop, fd, &ipc_control_applier, IPC_LEFT, &events, l);
	list_append(&fl->links, &l->link);
	fl->link_count++;
	feed_source_head(&l->source, fl->seq);
	pump(l);
}

void fleet_link_close(struct fleet_link *l)
{
	if (l->ipc == NULL)
		return;
	ipc_close(l->ipc);
	l->ipc = NULL;
	if (l->machine != NULL && l->machine->connection == l)
		l->machine->connection = NULL;
	list_remove(&l->link);
	l->fleet->link_count--;
	if (!l->reading)
		destroy(l);
}

void fleet_link_head(struct fleet_link *l, uint64_t seq)
{
	feed_source_head(&l->source, seq);
	pump(l);
}

void fleet_link_beat(struct fleet_link *l, stamp now)
{
	feed_source_heartbeat(&l->source, now);
	pump(l);
}
