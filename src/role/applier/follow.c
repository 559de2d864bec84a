#include "role/applier/follow.h"

#include "run/clock/clock.h"
#include "run/log/log.h"
#include "run/metrics/metrics.h"

#define BATCH_RECORDS 1000
#define LOAD_RECORDS  10000
#define BATCH_BYTES   (8 << 20)
#define PAUSE_FIRST   50
#define PAUSE_MOST    1000
#define SILENCE       10000 /* the truth beats each second */
#define TEND_EVERY    10000
#define HELD_MOST     1000
#define QUEUE_MOST    (64 * 1024)

/* ---- the channel ---- */

static void send_waiting(struct follow *f)
{
	uint16_t type;
	struct slice payload;

	while (f->channel != NULL && ipc_queued(f->channel) < QUEUE_MOST &&
	       feed_sink_out(&f->sink, &type, &payload)) {
		if (ipc_send(f->channel, type, 0, payload, -1) < 0)
			return;
		feed_sink_sent(&f->sink);
	}
}

static void abandon_batch(struct follow *f)
{
	if (f->open)
		replica_write_abort(f->writer);
	f->open = false;
	if (f->loading)
		replica_load_cancel(f->writer);
	f->loading = false;
	deferred_cancel(&f->commit);
}

static void hang_up(struct follow *f)
{
	if (f->writer != NULL)
		abandon_batch(f);
	if (f->channel == NULL)
		return;
	ipc_close(f->channel);
	f->channel = NULL;
	feed_sink_fini(&f->sink);
	timer_stop(&f->watch);
}

static void try_later(struct follow *f)
{
	timer_arm(f->loop, &f->retry, f->pause);
	f->pause = f->pause * 2 > PAUSE_MOST ? PAUSE_MOST : f->pause * 2;
}

static void lose_channel(struct follow *f, const char *why)
{
	log_line(LOG_WARNING, "feed.lost", "serving on without the truth", LOG_S("why", why));
	hang_up(f);
	try_later(f);
}

/* The replica may not have survived what happened: let go of it. Readers have their own maps. */
static void give_up_replica(struct follow *f, const struct fail *why)
{
	metrics_add(METRIC_replica_failed, 1);
	log_line(LOG_ERROR, "replica.failed", "the replica serves on as it is", LOG_FAIL(why));
	hang_up(f);
	replica_close_writer(f->writer);
	f->writer = NULL;
	try_later(f);
}

/* ---- batches ---- */

static void show_state(struct follow *f)
{
	uint64_t seq = follow_state(f)->seq, head = f->sink.head;

	metrics_set(METRIC_replica_seq, seq);
	metrics_set(METRIC_replica_behind, head > seq ? head - seq : 0);
	metrics_add(METRIC_replica_resyncs, f->sink.resyncs - f->resyncs);
	f->resyncs = f->sink.resyncs;
}

static void acknowledge(struct follow *f)
{
	feed_sink_ack(&f->sink, follow_state(f));
	send_waiting(f);
	show_state(f);
	if (f->on_commit != NULL)
		f->on_commit(f);
}

/* The clocks of two machines may differ: less than nothing is nothing. */
static void note_lag(const struct follow *f)
{
	stamp late = f->oldest == 0 ? 0 : clock_now() - f->oldest;

	metrics_observe(HISTOGRAM_replica_lag, late > 0 ? (uint64_t)late * 1000 : 0);
	metrics_add(METRIC_replica_changes, f->records);
}

static int commit(struct follow *f, struct fail *why)
{
	f->open = false;
	deferred_cancel(&f->commit);
	if (replica_write_commit(f->writer, f->loading ? NULL : &f->sink.state, why) < 0)
		return -1;
	if (f->loading)
		return 0;
	note_lag(f);
	acknowledge(f);
	return 0;
}

static void on_commit(struct deferred *d)
{
	struct follow *f = container_of(d, struct follow, commit);
	struct fail why = FAIL_INIT;

	if (f->open && commit(f, &why) < 0)
		give_up_replica(f, &why);
}

static int open_batch(struct follow *f, stamp at, struct fail *why)
{
	if (f->open)
		return 0;
	if (replica_write_begin(f->writer, why) < 0)
		return -1;
	f->open = true;
	f->records = 0;
	f->bytes = 0;
	f->oldest = at;
	if (!f->loading)
		loop_defer(f->loop, &f->commit);
	return 0;
}

static int apply_record(struct follow *f, const struct feed_change *c, struct fail *why)
{
	enum replica_table t = (enum replica_table)c->kind;

	if (open_batch(f, c->at, why) < 0)
		return -1;
	int result = c->tombstone ? replica_del(f->writer, t, c->key, why)
				  : replica_put(f->writer, t, c->key, c->value, why);
	if (result < 0)
		return -1;
	f->records++;
	f->bytes += c->key.n + c->value.n;
	unsigned most = f->loading ? LOAD_RECORDS : BATCH_RECORDS;
	return f->records >= most || f->bytes >= BATCH_BYTES ? commit(f, why) : 0;
}

static int begin_load(struct follow *f, struct fail *why)
{
	abandon_batch(f);
	log_line(LOG_INFO, "feed.snapshot", "loading a snapshot beside what is served",
		 LOG_ID("epoch", &f->sink.state.epoch), LOG_I("seq", f->sink.state.seq));
	f->loading = replica_load_begin(f->writer, why) == 0;
	return f->loading ? 0 : -1;
}

static int swap(struct follow *f, struct fail *why)
{
	if (f->open && commit(f, why) < 0)
		return -1;
	if (replica_load_end(f->writer, &f->sink.state, why) < 0)
		return -1;
	f->loading = false;
	metrics_add(METRIC_replica_loads, 1);
	log_line(LOG_INFO, "feed.swapped", "the snapshot is served now",
		 LOG_ID("epoch", &f->sink.state.epoch), LOG_I("seq", f->sink.state.seq));
	acknowledge(f);
	return 0;
}

/* Changes of unknown kinds are no records, but the state has moved by them. */
static int commit_state(struct follow *f, struct fail *why)
{
	return open_batch(f, 0, why) < 0 ? -1 : commit(f, why);
}

static int beat(struct follow *f, struct fail *why)
{
	metrics_set(METRIC_replica_heard, (uint64_t)(clock_now() / STAMP_SECOND));
	f->pause = PAUSE_FIRST;
	if (feed_sink_follows(&f->sink) && f->sink.state.seq != follow_state(f)->seq)
		return commit_state(f, why);
	acknowledge(f);
	return 0;
}

static int apply(struct follow *f, const struct sink_event *e, struct fail *why)
{
	switch (e->type) {
	case SINK_NONE: return 0;
	case SINK_LOAD: return begin_load(f, why);
	case SINK_RECORD:
	case SINK_CHANGE: return apply_record(f, &e->change, why);
	case SINK_SWAP: return swap(f, why);
	case SINK_BEAT: return beat(f, why);
	}
	must_not_reach();
}

static void on_frame(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	struct follow *f = ipc_owner(c);
	struct sink_event e;
	struct fail why = FAIL_INIT;

	(void)id;
	(void)fd; /* the table lets none come */
	f->heard = loop_now(f->loop);
	if (feed_sink_feed(&f->sink, type, payload, &e, &why) < 0) {
		lose_channel(f, why.words);
		return;
	}
	if (apply(f, &e, &why) < 0)
		give_up_replica(f, &why);
	else
		send_waiting(f);
}

static void on_closed(struct ipc *c, const char *why)
{
	struct follow *f = ipc_owner(c);

	/* What has arrived whole is kept. */
	if (f->open && !f->loading)
		on_commit(&f->commit);
	if (f->channel != NULL)
		lose_channel(f, why);
}

static void on_drained(struct ipc *c)
{
	send_waiting(ipc_owner(c));
}

/* ---- timers ---- */

static int open_replica(struct follow *f, struct fail *why)
{
	if (f->writer != NULL)
		return 0;
	return replica_open_writer(&f->writer, f->folder, f->map_size, why);
}

static void on_retry(struct timer *t)
{
	struct follow *f = container_of(t, struct follow, retry);
	struct fail why = FAIL_INIT;

	try_later(f);
	if (open_replica(f, &why) < 0)
		log_line(LOG_ERROR, "replica.closed", "cannot be opened yet", LOG_FAIL(&why));
	else
		f->want_channel(f);
}

static void on_watch(struct timer *t)
{
	struct follow *f = container_of(t, struct follow, watch);

	if (loop_now(f->loop) - f->heard >= SILENCE)
		lose_channel(f, "no heartbeat for 10 s");
	else
		timer_arm(f->loop, t, SILENCE / 10);
}

static void on_tend(struct timer *t)
{
	struct follow *f = container_of(t, struct follow, tend);
	uint64_t behind = 0;
	int pid = 0;

	timer_arm(f->loop, t, TEND_EVERY);
	if (f->writer == NULL)
		return;
	int freed = replica_tend(f->writer, &behind, &pid);
	metrics_set(METRIC_replica_held, behind);
	if (freed > 0)
		log_line(LOG_INFO, "replica.freed", "readers died without leave",
			 LOG_I("count", freed));
	if (behind > HELD_MOST)
		log_line(LOG_WARNING, "replica.held",
			 "a reader keeps an old transaction open and the file grows: end it",
			 LOG_I("pid", pid), LOG_I("transactions", behind));
}

/* ---- life ---- */

static const struct ipc_events events = { on_frame, on_closed, on_drained };

void follow_channel(struct follow *f, int fd)
{
	hang_up(f);
	timer_stop(&f->retry);
	feed_sink_init(&f->sink, follow_state(f), &f->machine, f->name);
	f->resyncs = 0;
	f->heard = loop_now(f->loop);
	f->channel = ipc_open(f->loop, fd, &ipc_control_applier, IPC_RIGHT, &events, f);
	timer_arm(f->loop, &f->watch, SILENCE / 10);
	log_line(LOG_INFO, "feed.connected", "following the truth",
		 LOG_ID("epoch", &follow_state(f)->epoch), LOG_I("seq", follow_state(f)->seq));
	send_waiting(f);
}

int follow_start(struct follow *f, struct fail *fail)
{
	f->pause = PAUSE_FIRST;
	deferred_init(&f->commit, on_commit);
	timer_init(&f->retry, on_retry);
	timer_init(&f->watch, on_watch);
	timer_init(&f->tend, on_tend);
	if (open_replica(f, fail) < 0)
		return -1;
	metrics_set(METRIC_replica_seq, follow_state(f)->seq);
	timer_arm(f->loop, &f->tend, TEND_EVERY);
	timer_arm(f->loop, &f->retry, 0);
	return 0;
}

void follow_stop(struct follow *f)
{
	if (f->open && !f->loading)
		on_commit(&f->commit);
	hang_up(f);
	timer_stop(&f->retry);
	timer_stop(&f->tend);
	replica_close_writer(f->writer);
	f->writer = NULL;
}

const struct replica_state *follow_state(const struct follow *f)
{
	return replica_writer_state(f->writer);
}

bool follow_is_level(const struct follow *f)
{
	return f->writer != NULL && f->channel != NULL && feed_sink_follows(&f->sink) &&
	       follow_state(f)->seq >= f->sink.head;
}
