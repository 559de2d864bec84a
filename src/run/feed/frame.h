/* run/feed/frame.h: the payloads of enum ipc_feed, written and read. For the engines beside it. */
#pragma once

#include "base/cursor.h"
#include "run/feed/feed.h"

/* begin, append the payload to the buffer it returns, end. */
struct buf *feed_frame_begin(struct feed_queue *q, uint16_t type, size_t *mark);
void feed_frame_end(struct feed_queue *q, size_t mark);

bool feed_queue_front(const struct feed_queue *q, uint16_t *type, struct slice *payload);
void feed_queue_sent(struct feed_queue *q);
size_t feed_queue_bytes(const struct feed_queue *q);
void feed_queue_free(struct feed_queue *q);

/* epoch and seq: FOLLOW, SNAPSHOT_END, ACK; and the beginning of HELLO and SNAPSHOT_BEGIN. */
void feed_place_send(struct feed_queue *q, uint16_t type, const struct id *epoch, uint64_t seq);
must_check bool feed_place_parse(struct slice payload, struct id *epoch, uint64_t *seq);

void feed_hello_send(struct feed_queue *q, const struct feed_hello *h);
must_check bool feed_hello_parse(struct slice payload, struct feed_hello *out);

void feed_begin_send(struct feed_queue *q, const struct replica_state *s);
must_check bool feed_begin_parse(struct slice payload, struct replica_state *out);

/* A snapshot's record is a change without seq. */
void feed_record_send(struct feed_queue *q, uint8_t kind, struct slice key, struct slice value);
must_check bool feed_record_parse(struct slice payload, struct feed_change *out);

void feed_change_send(struct feed_queue *q, const struct feed_change *c);
must_check bool feed_change_parse(struct slice payload, struct feed_change *out);

/* sent: seq of the change before this frame; head: the truth's last. */
struct feed_beat {
	uint64_t sent;
	uint64_t head;
	stamp at;
};
void feed_beat_send(struct feed_queue *q, const struct feed_beat *b);
must_check bool feed_beat_parse(struct slice payload, struct feed_beat *out);

void feed_refuse_send(struct feed_queue *q, const char *words);
