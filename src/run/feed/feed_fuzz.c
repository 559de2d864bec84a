/* Bytes as frames to both ends: u8 type, u16 length, payload, again and again. Nothing may crash, and a
 * source's questions are answered with next to nothing. */
#include "base/cursor.h"
#include "run/feed/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct feed_source *s, uint8_t head)
{
	struct replica_state truth = { .epoch = { { 1 } }, .seq = head };
	uint8_t key = 7;
	struct feed_change c = { .seq = s->want_seq + 1, .kind = 1, .key = slice_of(&key, 1) };

	switch (feed_source_want(s)) {
	case FEED_WANT_NOTHING: break;
	case FEED_WANT_START: feed_source_start(s, &truth, head / 2); break;
	case FEED_WANT_PAGE:
		feed_source_record(s, slice_of(&key, 1), slice_of(&head, 1));
		feed_source_page_end(s, head, head % 3 == 0);
		break;
	case FEED_WANT_CHANGES:
		c.seq = s->want_seq + 1;
		feed_source_change(s, &c);
		feed_source_changes_end(s, head);
		break;
	}
}

static void feed_sink(struct feed_sink *k, uint16_t type, struct slice payload)
{
	struct sink_event e;
	struct fail f = FAIL_INIT;

	if (feed_sink_feed(k, type, payload, &e, &f) < 0)
		must(f.kind == FAIL_PEER);
	else if (e.type == SINK_RECORD || e.type == SINK_CHANGE)
		must(e.change.key.n > 0 && e.change.key.n <= REPLICA_KEY_MAX &&
		     e.change.value.n <= REPLICA_VALUE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(slice_of(data, size));
	struct replica_state none = { 0 };
	struct id machine = { { 1 } };
	struct feed_source source;
	struct feed_sink sink;
	bool changed;

	feed_source_init(&source, 2);
	feed_sink_init(&sink, &none, &machine, "fuzz");
	while (r.rest.n > 0 && !r.bad) {
		uint8_t type = read_u8(&r);
		struct slice payload = read_vec16(&r);
		(void)!feed_source_feed(&source, type, payload, &changed, NULL);
		answer(&source, type);
		feed_sink(&sink, type, payload);
	}
	uint16_t type;
	struct slice payload;
	while (feed_source_out(&source, &type, &payload)) {
		feed_sink(&sink, type, payload);
		feed_source_sent(&source);
	}
	feed_source_fini(&source);
	feed_sink_fini(&sink);
	return 0;
}
