#include "run/feed/frame.h"

#include <stdio.h>

#define HEAD 6 /* u32 length of the payload, u16 type; inside the queue only */

/* ---- the queue ---- */

struct buf *feed_frame_begin(struct feed_queue *q, uint16_t type, size_t *mark)
{
	*mark = q->bytes.n;
	write_u32(&q->bytes, 0);
	write_u16(&q->bytes, type);
	return &q->bytes;
}

void feed_frame_end(struct feed_queue *q, size_t mark)
{
	uint32_t n = (uint32_t)(q->bytes.n - mark - HEAD);

	for (int i = 0; i < 4; i++)
		q->bytes.p[mark + (size_t)i] = (uint8_t)(n >> (24 - 8 * i));
}

static struct slice payload_of(struct reader *r, uint16_t *type)
{
	uint32_t n = read_u32(r);

	*type = read_u16(r);
	return read_bytes(r, n);
}

bool feed_queue_front(const struct feed_queue *q, uint16_t *type, struct slice *payload)
{
	struct reader r = reader_of(slice_from(buf_slice(&q->bytes), q->gone));

	if (r.rest.n == 0)
		return false;
	*payload = payload_of(&r, type);
	must(!r.bad);
	return true;
}

void feed_queue_sent(struct feed_queue *q)
{
	uint16_t type;
	struct slice payload;

	must(feed_queue_front(q, &type, &payload));
	q->gone += HEAD + payload.n;
	/* Moved down when most of it is gone, so that a byte is moved once or twice at most. */
	if (q->gone == q->bytes.n)
		buf_clear(&q->bytes);
	else if (q->gone > q->bytes.n / 2)
		buf_drop(&q->bytes, q->gone);
	else
		return;
	q->gone = 0;
}

size_t feed_queue_bytes(const struct feed_queue *q)
{
	return q->bytes.n - q->gone;
}

void feed_queue_free(struct feed_queue *q)
{
	buf_free(&q->bytes);
	q->gone = 0;
}

/* ---- the payloads ---- */

static void write_place(struct buf *b, const struct id *epoch, uint64_t seq)
{
	write_bytes(b, epoch->b, ID_LEN);
	write_u64(b, seq);
}

static void read_place(struct reader *r, struct id *epoch, uint64_t *seq)
{
	read_copy(r, epoch->b, ID_LEN);
	*seq = read_u64(r);
}

void feed_place_send(struct feed_queue *q, uint16_t type, const struct id *epoch, uint64_t seq)
{
	size_t mark;

	write_place(feed_frame_begin(q, type, &mark), epoch, seq);
	feed_frame_end(q, mark);
}

bool feed_place_parse(struct slice payload, struct id *epoch, uint64_t *seq)
{
	struct reader r = reader_of(payload);

	read_place(&r, epoch, seq);
	return reader_done(&r);
}

void feed_hello_send(struct feed_queue *q, const struct feed_hello *h)
{
	size_t mark;
	struct buf *b = feed_frame_begin(q, FEED_HELLO, &mark);

	write_u32(b, h->layout);
	write_place(b, &h->epoch, h->seq);
	write_bytes(b, h->machine.b, ID_LEN);
	write_vec8(b, slice_str(h->name));
	feed_frame_end(q, mark);
}

/* A machine's name is shown to people: printable ASCII, and not empty. */
static bool take_name(struct slice name, char out[FEED_NAME_MAX + 1])
{
	if (name.n == 0 || name.n > FEED_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~')
			return false;
	}
	snprintf(out, FEED_NAME_MAX + 1, "%.*s", SLICE_ARG(name));
	return true;
}

bool feed_hello_parse(struct slice payload, struct feed_hello *out)
{
	struct reader r = reader_of(payload);

	out->layout = read_u32(&r);
	read_place(&r, &out->epoch, &out->seq);
	read_copy(&r, out->machine.b, ID_LEN);
	struct slice name = read_vec8(&r);
	return reader_done(&r) && take_name(name, out->name) && !id_is_zero(&out->machine);
}

void feed_begin_send(struct feed_queue *q, const struct replica_state *s)
{
	size_t mark;
	struct buf *b = feed_frame_begin(q, FEED_SNAPSHOT_BEGIN, &mark);

	write_place(b, &s->epoch, s->seq);
	for (int i = 0; i < REPLICA_SHARDS; i++)
		write_u64(b, s->heads[i]);
	feed_frame_end(q, mark);
}

bool feed_begin_parse(struct slice payload, struct replica_state *out)
{
	struct reader r = reader_of(payload);

	read_place(&r, &out->epoch, &out->seq);
	for (int i = 0; i < REPLICA_SHARDS; i++)
		out->heads[i] = read_u64(&r);
	return reader_done(&r) && !id_is_zero(&out->epoch);
}

/* What is longer was refused where it was made. */
static void write_record(struct buf *b, uint8_t kind, struct slice key, struct slice value)
{
	must(key.n > 0 && key.n <= REPLICA_KEY_MAX && value.n <= REPLICA_VALUE_MAX);
	write_u8(b, kind);
	write_vec16(b, key);
	write_vec32(b, value);
}

static void read_record(struct reader *r, struct feed_change *out)
{
	out->kind = read_u8(r);
	out->key = read_vec16(r);
	out->value = read_vec32(r);
	if (out->key.n == 0 || out->key.n > REPLICA_KEY_MAX || out->value.n > REPLICA_VALUE_MAX)
		r->bad = true;
}

void feed_record_send(struct feed_queue *q, uint8_t kind, struct slice key, struct slice value)
{
	size_t mark;

	write_record(feed_frame_begin(q, FEED_RECORD, &mark), kind, key, value);
	feed_frame_end(q, mark);
}

bool feed_record_parse(struct slice payload, struct feed_change *out)
{
	struct reader r = reader_of(payload);

	*out = (struct feed_change){ 0 };
	read_record(&r, out);
	return reader_done(&r);
}

void feed_change_send(struct feed_queue *q, const struct feed_change *c)
{
	size_t mark;
	struct buf *b = feed_frame_begin(q, FEED_CHANGE, &mark);

	write_u64(b, c->seq);
	write_u64(b, c->prev);
	write_u64(b, (uint64_t)c->at);
	write_u8(b, c->shard);
	write_u8(b, c->tombstone);
	write_record(b, c->kind, c->key, c->tombstone ? SLICE_NONE : c->value);
	feed_frame_end(q, mark);
}

bool feed_change_parse(struct slice payload, struct feed_change *out)
{
	struct reader r = reader_of(payload);

	*out = (struct feed_change){ .seq = read_u64(&r) };
	out->prev = read_u64(&r);
	out->at = (stamp)read_u64(&r);
	out->shard = read_u8(&r);
	uint8_t tombstone = read_u8(&r);
	out->tombstone = tombstone == 1;
	read_record(&r, out);
	return reader_done(&r) && tombstone <= 1 && (tombstone == 0 || out->value.n == 0);
}

void feed_beat_send(struct feed_queue *q, const struct feed_beat *beat)
{
	size_t mark;
	struct buf *b = feed_frame_begin(q, FEED_HEARTBEAT, &mark);

	write_u64(b, beat->sent);
	write_u64(b, beat->head);
	write_u64(b, (uint64_t)beat->at);
	feed_frame_end(q, mark);
}

bool feed_beat_parse(struct slice payload, struct feed_beat *out)
{
	struct reader r = reader_of(payload);

	out->sent = read_u64(&r);
	out->head = read_u64(&r);
	out->at = (stamp)read_u64(&r);
	return reader_done(&r);
}

void feed_refuse_send(struct feed_queue *q, const char *words)
{
	size_t mark;

	buf_add_str(feed_frame_begin(q, FEED_REFUSED, &mark), words);
	feed_frame_end(q, mark);
}
