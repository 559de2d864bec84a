/* A truth in memory, sources and sinks: whatever order answers, frames and losses come in, a sink ends up
 * with what the truth has. */
#include "run/feed/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KINDS 3
#define KEYS  12
#define LOG   4000
#define PAGE  4

/* ---- a truth ---- */

struct entry {
	uint64_t prev;
	uint8_t shard, kind, key;
	uint32_t value; /* 0: tombstone */
};

struct truth {
	struct replica_state state;
	struct entry log[LOG];
	uint64_t oldest;
	uint32_t table[KINDS + 1][KEYS]; /* 0: absent */
};

static void truth_init(struct truth *t, uint8_t epoch)
{
	memset(t, 0, sizeof(*t));
	t->state.epoch.b[0] = epoch;
	t->oldest = 1;
}

static void truth_change(struct truth *t)
{
	struct entry e = { .shard = (uint8_t)(rand() % 3),
			   .kind = (uint8_t)(1 + rand() % KINDS),
			   .key = (uint8_t)(rand() % KEYS),
			   .value = rand() % 4 == 0 ? 0 : (uint32_t)rand() };

	e.prev = t->state.heads[e.shard];
	t->state.heads[e.shard] = ++t->state.seq;
	must(t->state.seq < LOG);
	t->log[t->state.seq] = e;
	t->table[e.kind][e.key] = e.value;
}

/* ---- a machine and its connection ---- */

struct machine {
	struct feed_source source;
	struct feed_sink sink;
	struct replica_state committed;
	uint32_t table[KINDS + 1][KEYS];
	uint32_t side[KINDS + 1][KEYS];
	bool loading;
	enum feed_want want; /* with the owner; answered when it likes */
	int swaps, acks;
};

static const struct id machine_id = { { 9 } };

static void join(struct machine *m)
{
	feed_source_fini(&m->source);
	feed_sink_fini(&m->sink);
	feed_source_init(&m->source, KINDS);
	feed_sink_init(&m->sink, &m->committed, &machine_id, "test");
	m->want = FEED_WANT_NOTHING;
	m->loading = false;
}

static void machine_free(struct machine *m)
{
	feed_source_fini(&m->source);
	feed_sink_fini(&m->sink);
}

static void give_page(struct machine *m, const struct truth *t)
{
	struct feed_source *s = &m->source;
	int from = s->want_after.n == 0 ? 0 : s->want_after.p[0] + 1;
	int given = 0, key;

	for (key = from; key < KEYS && given < PAGE; key++) {
		uint32_t v = t->table[s->want_kind][key];
		uint8_t k = (uint8_t)key;
		if (v == 0)
			continue;
		feed_source_record(s, slice_of(&k, 1), slice_of(&v, sizeof(v)));
		given++;
	}
	feed_source_page_end(s, t->state.seq, given == PAGE);
}

static void give_changes(struct machine *m, const struct truth *t)
{
	struct feed_source *s = &m->source;
	uint64_t seq = s->want_seq + 1 < t->oldest ? t->oldest : s->want_seq + 1;

	for (int n = 0; seq <= t->state.seq && n < PAGE; seq++, n++) {
		const struct entry *e = &t->log[seq];
		struct feed_change c = { .seq = seq,
					 .prev = e->prev,
					 .shard = e->shard,
					 .kind = e->kind,
					 .tombstone = e->value == 0,
					 .key = slice_of(&e->key, 1),
					 .value = slice_of(&e->value, sizeof(e->value)) };
		feed_source_change(s, &c);
	}
	feed_source_changes_end(s, t->state.seq);
}

static void answer(struct machine *m, const struct truth *t)
{
	enum feed_want want = m->want;

	m->want = FEED_WANT_NOTHING;
	if (want == FEED_WANT_START)
		feed_source_start(&m->source, &t->state, t->oldest);
	else if (want == FEED_WANT_PAGE)
		give_page(m, t);
	else if (want == FEED_WANT_CHANGES)
		give_changes(m, t);
}

static void apply(struct machine *m, const struct sink_event *e)
{
	uint32_t(*table)[KEYS] = m->loading ? m->side : m->table;
	uint32_t v = 0;
	if (e->change.value.n == sizeof(v))
		memcpy(&v, e->change.value.p, sizeof(v));
	if (e->type == SINK_LOAD) {
		memset(m->side, 0, sizeof(m->side));
		m->loading = true;
	} else if (e->type == SINK_RECORD || e->type == SINK_CHANGE) {
		table[e->change.kind][e->change.key.p[0]] = v;
	} else if (e->type == SINK_SWAP) {
		memcpy(m->table, m->side, sizeof(m->table));
		m->loading = false;
		m->swaps++;
	}
	if (!m->loading && (e->type == SINK_CHANGE || e->type == SINK_SWAP)) {
		m->committed = m->sink.state;
		feed_sink_ack(&m->sink, &m->committed);
	}
}

static bool to_source(struct machine *m)
{
	uint16_t type;
	struct slice payload;
	bool changed;

	if (!feed_sink_out(&m->sink, &type, &payload))
		return false;
	assert_int_equal(feed_source_feed(&m->source, type, payload, &changed, NULL), 0);
	assert_true(changed);
	m->acks += type == FEED_ACK;
	feed_sink_sent(&m->sink);
	return true;
}

static bool to_sink(struct machine *m, bool lose)
{
	uint16_t type;
	struct slice payload;
	struct sink_event e;
	struct fail f = FAIL_INIT;

	if (!feed_source_out(&m->source, &type, &payload))
		return false;
	/* Only what carries data may get lost here; a lost answer to a hello is a lost connection. */
	if (!lose || (type != FEED_CHANGE && type != FEED_HEARTBEAT)) {
		assert_int_equal(feed_sink_feed(&m->sink, type, payload, &e, &f), 0);
		apply(m, &e);
	}
	feed_source_sent(&m->source);
	return true;
}

static bool to_owner(struct machine *m, const struct truth *t)
{
	feed_source_head(&m->source, t->state.seq);
	if (m->want == FEED_WANT_NOTHING)
		m->want = feed_source_want(&m->source);
	return m->want != FEED_WANT_NOTHING;
}

/* Until nobody has anything to say. */
static void settle(struct machine *m, const struct truth *t)
{
	bool busy = true;

	while (busy) {
		busy = to_source(m);
		busy |= to_owner(m, t);
		answer(m, t);
		busy |= to_sink(m, false);
	}
}

static void expect_equal(const struct machine *m, const struct truth *t)
{
	assert_memory_equal(m->table, t->table, sizeof(m->table));
	assert_memory_equal(&m->committed, &t->state, sizeof(m->committed));
	assert_true(id_eq(&m->source.acked_epoch, &t->state.epoch));
	assert_int_equal(m->source.acked_seq, t->state.seq);
}

static struct truth truth;

static void a_new_machine_gets_a_snapshot_then_follows(void **state)
{
	(void)state;
	struct machine m = { 0 };
	truth_init(&truth, 1);
	for (int i = 0; i < 50; i++)
		truth_change(&truth);
	join(&m);
	settle(&m, &truth);
	assert_int_equal(m.swaps, 1);
	expect_equal(&m, &truth);
	for (int i = 0; i < 50; i++) {
		truth_change(&truth);
		settle(&m, &truth);
	}
	assert_int_equal(m.swaps, 1);
	expect_equal(&m, &truth);
	assert_string_equal(m.source.hello.name, "test");
	assert_true(id_eq(&m.source.hello.machine, &machine_id));
	machine_free(&m);
}

static void an_empty_truth_gives_an_empty_snapshot(void **state)
{
	(void)state;
	struct machine m = { 0 };
	truth_init(&truth, 1);
	join(&m);
	settle(&m, &truth);
	assert_int_equal(m.swaps, 1);
	expect_equal(&m, &truth);
	machine_free(&m);
}

static void who_comes_back_gets_what_it_missed(void **state)
{
	(void)state;
	struct machine m = { 0 };
	truth_init(&truth, 1);
	join(&m);
	settle(&m, &truth);
	for (int i = 0; i < 30; i++)
		truth_change(&truth);
	join(&m);
	settle(&m, &truth);
	assert_int_equal(m.swaps, 1);
	expect_equal(&m, &truth);
	/* The log was cut behind where it stands, then before. */
	truth.oldest = truth.state.seq + 1;
	join(&m);
	settle(&m, &truth);
	assert_int_equal(m.swaps, 1);
	for (int i = 0; i < 30; i++)
		truth_change(&truth);
	truth.oldest = truth.state.seq - 5;
	join(&m);
	settle(&m, &truth);
	assert_int_equal(m.swaps, 2);
	expect_equal(&m, &truth);
	machine_free(&m);
}

static void another_epoch_is_loaded_anew(void **state)
{
	(void)state;
	static struct truth backup;
	struct machine m = { 0 };
	truth_init(&truth, 1);
	for (int i = 0; i < 20; i++)
		truth_change(&truth);
	backup = truth;
	join(&m);
	for (int i = 0; i < 20; i++)
		truth_change(&truth);
	settle(&m, &truth);
	expect_equal(&m, &truth);
	/* Restored, and changed to the very same seq. */
	backup.state.epoch.b[0] = 2;
	for (int i = 0; i < 20; i++)
		truth_change(&backup);
	join(&m);
	settle(&m, &backup);
	assert_int_equal(m.swaps, 2);
	expect_equal(&m, &backup);
	/* The same without losing the connection. */
	backup.state.epoch.b[0] = 3;
	feed_source_restart(&m.source);
	settle(&m, &backup);
	assert_int_equal(m.swaps, 3);
	expect_equal(&m, &backup);
	machine_free(&m);
}

static void a_broken_chain_is_not_followed(void **state)
{
	(void)state;
	struct machine m = { 0 };
	truth_init(&truth, 1);
	for (int i = 0; i < 20; i++)
		truth_change(&truth);
	join(&m);
	settle(&m, &truth);
	m.committed.heads[0]++;
	m.committed.heads[1]++;
	m.committed.heads[2]++;
	join(&m);
	settle(&m, &truth);
	truth_change(&truth);
	settle(&m, &truth);
	assert_int_equal(m.sink.resyncs, 1);
	assert_int_equal(m.swaps, 2);
	expect_equal(&m, &truth);
	machine_free(&m);
}

static void a_heartbeat_shows_what_was_lost(void **state)
{
	(void)state;
	struct machine m = { 0 };
	truth_init(&truth, 1);
	join(&m);
	settle(&m, &truth);
	truth_change(&truth);
	assert_true(to_owner(&m, &truth));
	answer(&m, &truth);
	assert_true(to_sink(&m, true));
	assert_false(to_sink(&m, false));
	assert_int_equal(m.committed.seq, 0);
	feed_source_heartbeat(&m.source, 12345);
	settle(&m, &truth);
	assert_int_equal(m.sink.resyncs, 1);
	assert_int_equal(m.swaps, 1);
	expect_equal(&m, &truth);
	machine_free(&m);
}

static void old_changes_do_nothing(void **state)
{
	(void)state;
	struct machine m = { 0 };
	truth_init(&truth, 1);
	join(&m);
	settle(&m, &truth);
	for (int i = 0; i < 10; i++)
		truth_change(&truth);
	settle(&m, &truth);
	uint64_t ignored = m.sink.ignored;
	m.source.sent = 4;
	settle(&m, &truth);
	assert_int_equal(m.sink.ignored, ignored + 6);
	assert_int_equal(m.sink.resyncs, 0);
	expect_equal(&m, &truth);
	machine_free(&m);
}

/* One random thing happens. */
static void stir(struct machine *m, struct truth *t, bool losses)
{
	int what = rand() % 100;

	if (what < 15)
		truth_change(t);
	else if (what < 40)
		(void)to_source(m);
	else if (what < 55)
		(void)to_owner(m, t);
	else if (what < 70)
		answer(m, t);
	else if (what < 97)
		(void)to_sink(m, losses && rand() % 20 == 0);
	else if (what < 98)
		feed_source_heartbeat(&m->source, 1);
	else if (what < 99 && losses)
		join(m);
	else if (rand() % 10 == 0)
		t->oldest = t->state.seq > 3 ? t->state.seq - 3 : 1;
}

static void any_order_and_any_loss_ends_equal(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		struct machine one = { 0 }, two = { 0 };
		srand(seed);
		truth_init(&truth, 1);
		join(&one);
		join(&two);
		for (int i = 0; i < 2000; i++)
			stir(i % 2 == 0 ? &one : &two, &truth, seed % 2 == 0);
		feed_source_heartbeat(&one.source, 1);
		feed_source_heartbeat(&two.source, 1);
		settle(&one, &truth);
		settle(&two, &truth);
		expect_equal(&one, &truth);
		expect_equal(&two, &truth);
		machine_free(&one);
		machine_free(&two);
	}
}

static void waits_while_much_is_unsent(void **state)
{
	(void)state;
	static uint8_t big[REPLICA_VALUE_MAX];
	struct machine m = { 0 };
	truth_init(&truth, 1);
	join(&m);
	assert_true(to_source(&m));
	assert_int_equal(feed_source_want(&m.source), FEED_WANT_START);
	assert_int_equal(feed_source_want(&m.source), FEED_WANT_NOTHING);
	feed_source_start(&m.source, &truth.state, 1);
	assert_int_equal(feed_source_want(&m.source), FEED_WANT_PAGE);
	for (uint8_t i = 0; i < 6; i++)
		feed_source_record(&m.source, slice_of(&i, 1), slice_of(big, sizeof(big)));
	feed_source_page_end(&m.source, 0, true);
	assert_int_equal(feed_source_want(&m.source), FEED_WANT_NOTHING);
	while (to_sink(&m, true))
		;
	assert_int_equal(feed_source_want(&m.source), FEED_WANT_PAGE);
	machine_free(&m);
}

static void refuses_another_layout_with_words(void **state)
{
	(void)state;
	struct machine m = { 0 };
	uint16_t type;
	struct slice payload;
	struct sink_event e;
	struct fail f = FAIL_INIT;
	bool changed;
	join(&m);
	assert_true(feed_sink_out(&m.sink, &type, &payload));
	uint8_t hello[128];
	memcpy(hello, payload.p, payload.n);
	hello[3]++;
	payload.p = hello;
	assert_int_equal(feed_source_feed(&m.source, type, payload, &changed, &f), -1);
	assert_int_equal(f.kind, FAIL_PEER);
	assert_true(feed_source_out(&m.source, &type, &payload));
	fail_clear(&f);
	assert_int_equal(feed_sink_feed(&m.sink, type, payload, &e, &f), -1);
	assert_non_null(strstr(f.words, "layout"));
	machine_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_machine_gets_a_snapshot_then_follows),
		cmocka_unit_test(an_empty_truth_gives_an_empty_snapshot),
		cmocka_unit_test(who_comes_back_gets_what_it_missed),
		cmocka_unit_test(another_epoch_is_loaded_anew),
		cmocka_unit_test(a_broken_chain_is_not_followed),
		cmocka_unit_test(a_heartbeat_shows_what_was_lost),
		cmocka_unit_test(old_changes_do_nothing),
		cmocka_unit_test(any_order_and_any_loss_ends_equal),
		cmocka_unit_test(waits_while_much_is_unsent),
		cmocka_unit_test(refuses_another_layout_with_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
