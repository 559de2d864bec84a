/* run/feed/sink.c: the replica's end. It believes nothing about order: a change counts only when its
 * seq is the next one and its prev is what its shard stands at. What is older was applied; what is
 * newer shows a gap, and the sink says hello again and lets everything pass by until the answer. */
#include "run/feed/frame.h"

#include <stdio.h>
#include <string.h>

enum mode { WAITING, LOADING, FOLLOWING };

static void say_hello(struct feed_sink *s, bool snapshot)
{
	s->hello.epoch = snapshot ? (struct id){ 0 } : s->state.epoch;
	s->hello.seq = snapshot ? 0 : s->state.seq;
	s->mode = WAITING;
	feed_hello_send(&s->out, &s->hello);
}

void feed_sink_init(struct feed_sink *s, const struct replica_state *committed,
		    const struct id *machine, const char *name)
{
	*s = (struct feed_sink){ .state = *committed, .head = committed->seq };
	s->hello.machine = *machine;
	s->hello.layout = REPLICA_LAYOUT;
	snprintf(s->hello.name, sizeof(s->hello.name), "%s", name);
	say_hello(s, false);
}

void feed_sink_fini(struct feed_sink *s)
{
	feed_queue_free(&s->out);
}

static int garbled(const char *what, struct fail *f)
{
	return fail(f, FAIL_PEER, "the truth sent a frame %s that is not of the feed", what);
}

/* What was loaded or followed so far is not what the truth has. */
static int resync(struct feed_sink *s, bool snapshot)
{
	s->resyncs++;
	say_hello(s, snapshot);
	return 0;
}

static int take_follow(struct feed_sink *s, struct slice payload, struct fail *f)
{
	struct id epoch;
	uint64_t seq;

	if (!feed_place_parse(payload, &epoch, &seq) || s->mode != WAITING ||
	    !id_eq(&epoch, &s->hello.epoch) || seq != s->hello.seq)
		return garbled("follow", f);
	s->mode = FOLLOWING;
	return 0;
}

static int take_begin(struct feed_sink *s, struct slice payload, struct sink_event *e,
		      struct fail *f)
{
	struct replica_state state;

	if (!feed_begin_parse(payload, &state))
		return garbled("snapshot.begin", f);
	s->state = state;
	s->head = state.seq;
	s->mode = LOADING;
	e->type = SINK_LOAD;
	return 0;
}

/* A kind of a newer version is passed over. */
static void hand_out(struct feed_sink *s, struct sink_event *e, enum sink_event_type type)
{
	if (replica_table_name((enum replica_table)e->change.kind) == NULL)
		s->ignored++;
	else
		e->type = type;
}

static int take_record(struct feed_sink *s, struct slice payload, struct sink_event *e,
		       struct fail *f)
{
	if (!feed_record_parse(payload, &e->change) || s->mode == FOLLOWING)
		return garbled("record", f);
	if (s->mode == LOADING)
		hand_out(s, e, SINK_RECORD);
	return 0;
}

static int take_change(struct feed_sink *s, struct slice payload, struct sink_event *e,
		       struct fail *f)
{
	const struct feed_change *c = &e->change;

	if (!feed_change_parse(payload, &e->change))
		return garbled("change", f);
	if (s->mode == WAITING)
		return 0;
	if (c->seq <= s->state.seq) {
		s->ignored++;
		return 0;
	}
	if (c->seq != s->state.seq + 1)
		return resync(s, s->mode == LOADING);
	if (c->prev != s->state.heads[c->shard])
		return resync(s, true);
	s->state.seq = c->seq;
	s->state.heads[c->shard] = c->seq;
	s->head = c->seq > s->head ? c->seq : s->head;
	hand_out(s, e, SINK_CHANGE);
	return 0;
}

static int take_end(struct feed_sink *s, struct slice payload, struct sink_event *e, struct fail *f)
{
	struct id epoch;
	uint64_t seq;

	if (!feed_place_parse(payload, &epoch, &seq) || s->mode == FOLLOWING)
		return garbled("snapshot.end", f);
	if (s->mode == WAITING)
		return 0;
	if (!id_eq(&epoch, &s->state.epoch) || seq != s->state.seq)
		return resync(s, true);
	s->mode = FOLLOWING;
	e->type = SINK_SWAP;
	return 0;
}

static int take_beat(struct feed_sink *s, struct slice payload, struct sink_event *e,
		     struct fail *f)
{
	struct feed_beat beat;

	if (!feed_beat_parse(payload, &beat))
		return garbled("heartbeat", f);
	e->type = SINK_BEAT;
	e->at = beat.at;
	e->head = beat.head;
	if (s->mode == WAITING)
		return 0;
	s->head = beat.head;
	return beat.sent > s->state.seq ? resync(s, s->mode == LOADING) : 0;
}

int feed_sink_feed(struct feed_sink *s, uint16_t type, struct slice payload, struct sink_event *e,
		   struct fail *f)
{
	*e = (struct sink_event){ .type = SINK_NONE };
	switch (type) {
	case FEED_FOLLOW: return take_follow(s, payload, f);
	case FEED_SNAPSHOT_BEGIN: return take_begin(s, payload, e, f);
	case FEED_RECORD: return take_record(s, payload, e, f);
	case FEED_CHANGE: return take_change(s, payload, e, f);
	case FEED_SNAPSHOT_END: return take_end(s, payload, e, f);
	case FEED_HEARTBEAT: return take_beat(s, payload, e, f);
	case FEED_REFUSED:
		return fail(f, FAIL_PEER, "the truth refuses this machine: %.*s",
			    (int)(payload.n > 300 ? 300 : payload.n), (const char *)payload.p);
	default: return garbled("of an unknown type", f);
	}
}

bool feed_sink_follows(const struct feed_sink *s)
{
	return s->mode == FOLLOWING;
}

void feed_sink_ack(struct feed_sink *s, const struct replica_state *committed)
{
	feed_place_send(&s->out, FEED_ACK, &committed->epoch, committed->seq);
}

bool feed_sink_out(const struct feed_sink *s, uint16_t *type, struct slice *payload)
{
	return feed_queue_front(&s->out, type, payload);
}

void feed_sink_sent(struct feed_sink *s)
{
	feed_queue_sent(&s->out);
}
