/* run/feed/source.c: the truth's end.
 *
 *	silent ──hello──> start ──┬─> follow <──────────────┐
 *	                          └─> page ─> ... ─> settle ─┘
 *
 * Reading the truth takes time, so a want may be with the owner when the peer says hello again. Its
 * answer is then of the past: it is taken and thrown away (`stale`), and only after that something
 * else is wanted. */
#include "run/feed/frame.h"

#define OUT_MAX (256 * 1024)

enum state { SILENT, START, PAGE, SETTLE, FOLLOW };

void feed_source_init(struct feed_source *s, uint8_t kinds)
{
	*s = (struct feed_source){ .state = SILENT, .kinds = kinds };
}

void feed_source_fini(struct feed_source *s)
{
	buf_free(&s->want_after);
	feed_queue_free(&s->out);
}

static void start_over(struct feed_source *s)
{
	s->state = START;
	s->stale = s->asked;
}

/* The changes after `sent` are no longer to be had. */
static void start_over_with_snapshot(struct feed_source *s)
{
	s->hello.epoch = (struct id){ 0 };
	s->state = START;
}

static int take_hello(struct feed_source *s, struct slice payload, struct fail *f)
{
	struct feed_hello hello;

	if (!feed_hello_parse(payload, &hello))
		return fail(f, FAIL_PEER, "the applier's hello cannot be read");
	if (hello.layout != REPLICA_LAYOUT) {
		(void)fail(f, FAIL_PEER,
			   "machine %s keeps replicas of layout %u and needs %d: "
			   "run the same version of everseal there",
			   hello.name, hello.layout, REPLICA_LAYOUT);
		feed_refuse_send(&s->out, f == NULL ? "another layout" : f->words);
		return -1;
	}
	s->hello = hello;
	s->helloed = true;
	start_over(s);
	return 0;
}

static int take_ack(struct feed_source *s, struct slice payload, struct fail *f)
{
	if (!s->helloed || !feed_place_parse(payload, &s->acked_epoch, &s->acked_seq))
		return fail(f, FAIL_PEER, "the applier's acknowledgement cannot be read");
	return 0;
}

int feed_source_feed(struct feed_source *s, uint16_t type, struct slice payload, bool *changed,
		     struct fail *f)
{
	*changed = true;
	if (type == FEED_HELLO)
		return take_hello(s, payload, f);
	if (type == FEED_ACK)
		return take_ack(s, payload, f);
	*changed = false;
	return fail(f, FAIL_PEER, "the applier sent a frame of type %u", type);
}

static enum feed_want ask(struct feed_source *s, enum feed_want want)
{
	s->asked = true;
	return want;
}

enum feed_want feed_source_want(struct feed_source *s)
{
	if (s->asked || feed_queue_bytes(&s->out) > OUT_MAX)
		return FEED_WANT_NOTHING;
	switch ((enum state)s->state) {
	case SILENT: return FEED_WANT_NOTHING;
	case START: return ask(s, FEED_WANT_START);
	case PAGE: return ask(s, FEED_WANT_PAGE);
	case SETTLE:
	case FOLLOW:
		s->want_seq = s->sent;
		return s->sent < s->head ? ask(s, FEED_WANT_CHANGES) : FEED_WANT_NOTHING;
	}
	must_not_reach();
}

/* The owner has answered; false: to a question that is of the past. */
static bool answered(struct feed_source *s)
{
	bool fresh = s->asked && !s->stale;

	s->asked = s->stale = false;
	return fresh;
}

static bool can_follow(const struct feed_source *s, const struct replica_state *truth,
		       uint64_t oldest)
{
	const struct feed_hello *h = &s->hello;

	if (!id_eq(&h->epoch, &truth->epoch) || h->seq > truth->seq)
		return false;
	return h->seq == truth->seq || (oldest != 0 && h->seq + 1 >= oldest);
}

void feed_source_start(struct feed_source *s, const struct replica_state *truth, uint64_t oldest)
{
	if (!answered(s))
		return;
	s->epoch = truth->epoch;
	s->head = truth->seq;
	if (can_follow(s, truth, oldest)) {
		s->sent = s->hello.seq;
		s->state = FOLLOW;
		feed_place_send(&s->out, FEED_FOLLOW, &s->epoch, s->sent);
		return;
	}
	s->sent = s->settle = truth->seq;
	s->state = PAGE;
	s->want_kind = 1;
	buf_clear(&s->want_after);
	feed_begin_send(&s->out, truth);
}

void feed_source_record(struct feed_source *s, struct slice key, struct slice value)
{
	if (s->stale || s->state != PAGE)
		return;
	feed_record_send(&s->out, s->want_kind, key, value);
	buf_clear(&s->want_after);
	buf_add(&s->want_after, key);
}

static void settle(struct feed_source *s)
{
	if (s->state != SETTLE || s->sent < s->settle)
		return;
	feed_place_send(&s->out, FEED_SNAPSHOT_END, &s->epoch, s->sent);
	s->state = FOLLOW;
}

void feed_source_page_end(struct feed_source *s, uint64_t head, bool more)
{
	if (!answered(s) || s->state != PAGE)
		return;
	feed_source_head(s, head);
	s->settle = head > s->settle ? head : s->settle;
	if (more)
		return;
	buf_clear(&s->want_after);
	if (s->want_kind++ < s->kinds)
		return;
	s->state = SETTLE;
	settle(s);
}

void feed_source_change(struct feed_source *s, const struct feed_change *c)
{
	if (s->stale || (s->state != SETTLE && s->state != FOLLOW) || c->seq != s->sent + 1)
		return;
	feed_change_send(&s->out, c);
	s->sent = c->seq;
}

void feed_source_changes_end(struct feed_source *s, uint64_t head)
{
	if (!answered(s))
		return;
	feed_source_head(s, head);
	if (s->sent == s->want_seq && s->sent < s->head)
		start_over_with_snapshot(s);
	settle(s);
}

void feed_source_head(struct feed_source *s, uint64_t head)
{
	s->head = head > s->head ? head : s->head;
}

void feed_source_restart(struct feed_source *s)
{
	if (s->state != SILENT)
		start_over(s);
}

void feed_source_heartbeat(struct feed_source *s, stamp now)
{
	struct feed_beat beat = { s->sent, s->head, now };

	if (s->state != FOLLOW && s->state != PAGE && s->state != SETTLE)
		return;
	if (feed_queue_bytes(&s->out) <= OUT_MAX)
		feed_beat_send(&s->out, &beat);
}

bool feed_source_out(const struct feed_source *s, uint16_t *type, struct slice *payload)
{
	return feed_queue_front(&s->out, type, payload);
}

void feed_source_sent(struct feed_source *s)
{
	feed_queue_sent(&s->out);
}
