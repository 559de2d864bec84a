/* run/feed/feed.h: the ordered feed of change records from the truth to a machine's replica:
 * two engines, fed with frames and asked what to do. No socket, no clock, no file.
 *
 *	source (control)                                sink (applier)
 *	          <── HELLO machine, layout, epoch, seq ──
 *	 ── FOLLOW epoch, seq ──>                       the changes after seq come next; or
 *	 ── SNAPSHOT epoch, seq, heads ──>              forget, load aside:
 *	 ── RECORD kind, key, value ──> ...
 *	 ── CHANGE seq, shard, prev, ... ──> ...        what changed while the records were read
 *	 ── SNAPSHOT_END epoch, seq ──>                 swap
 *	 ── CHANGE ──> ... ── HEARTBEAT seq, at ──>     each second
 *	          <── ACK epoch, seq ──                 after commit
 *
 * A record is a full replacement of its key, or a tombstone. Changes carry a dense seq in commit
 * order and, per shard, the seq before them (prev). A replayed or old change does nothing. A gap,
 * a broken chain or another epoch makes the sink say HELLO again; it gets what it
 * missed, or a snapshot when the truth cannot give that.
 *
 * A snapshot is read in pages, each in a read transaction of its own, so that it never holds one
 * open: pages are of different moments, and the changes from the first moment on, sent before
 * SNAPSHOT_END, put that right, as each is a full replacement. The sink swaps only then.
 *
 * Frames are those of run/ipc (enum ipc_feed); payloads are written and read here alone. The owner
 * moves them between engine and channel:
 *
 *	on_frame:   feed_sink_feed(&sink, type, payload, &event, &f)
 *	to send:    while (feed_sink_out(&sink, &type, &payload))
 *	                    if (ipc_send(channel, type, 0, payload, -1) == 0) feed_sink_sent(&sink);
 */
#pragma once

#include "base/buf.h"
#include "base/fail.h"
#include "base/id.h"
#include "base/slice.h"
#include "base/stamp.h"
#include "run/ipc/pairs.h"
#include "run/replica/replica.h"

#define FEED_NAME_MAX 63 /* a machine's name */

struct feed_change {
	uint64_t seq;
	uint64_t prev; /* seq of the change before it in the shard, 0: none */
	stamp at;
	uint8_t shard;
	uint8_t kind; /* enum replica_table */
	bool tombstone;
	struct slice key;
	struct slice value; /* empty for a tombstone */
};

struct feed_hello {
	struct id machine;
	char name[FEED_NAME_MAX + 1];
	uint32_t layout;
	struct id epoch; /* zero: nothing loaded */
	uint64_t seq;
};

/* Frames that wait to be sent. */
struct feed_queue {
	struct buf bytes;
	size_t gone; /* bytes at the front that were sent */
};

/* ---- source: one per connected applier ---- */

/* What the owner must give next. Asked again after each thing given. */
enum feed_want {
	FEED_WANT_NOTHING, /* until frames come or go out, or the truth moves (feed_source_head) */
	FEED_WANT_START,   /* first, and after another hello: read the truth's state and the oldest
			    * seq still in the log in one transaction -> feed_source_start() */
	FEED_WANT_PAGE, /* snapshot records of want_kind after want_after (empty: from the first),
			    * -> feed_source_record() each, then feed_source_page_end() */
	FEED_WANT_CHANGES, /* changes with seq > want_seq in order -> feed_source_change() each,
			    * then feed_source_changes_end() */
};

struct feed_source {
	struct feed_hello hello; /* valid once heard: `helloed` */
	bool helloed;
	struct id acked_epoch; /* what the machine has committed */
	uint64_t acked_seq;
	uint8_t want_kind;
	uint64_t want_seq;
	struct buf want_after; /* key of the last record given */

	struct feed_queue out; /* private from here */
	int state;
	struct id epoch;
	uint64_t sent;   /* seq of the last change sent */
	uint64_t head;   /* the truth's last seq heard of */
	uint64_t settle; /* seq up to which changes put the snapshot's pages right */
	uint8_t kinds;
	bool asked; /* a want is with the owner */
	bool stale; /* ... and its answer is of no use any more */
};

/* `kinds`: records of kinds 1 to `kinds` make up a snapshot, in this order. */
void feed_source_init(struct feed_source *s, uint8_t kinds);
void feed_source_fini(struct feed_source *s);

/* Takes a frame of the peer. -1: it does not speak the protocol, or another layout; close.
 * *changed tells that hello or acked_* are new. */
must_check int feed_source_feed(struct feed_source *s, uint16_t type, struct slice payload,
				bool *changed, struct fail *f);

/* What is wanted now. While more than about 256 KiB wait to be sent it is FEED_WANT_NOTHING, so
 * ask again when frames went out. Each want is told once, until it was answered. */
enum feed_want feed_source_want(struct feed_source *s);

void feed_source_start(struct feed_source *s, const struct replica_state *truth, uint64_t oldest);
void feed_source_record(struct feed_source *s, struct slice key, struct slice value);
void feed_source_page_end(struct feed_source *s, uint64_t head, bool more);
void feed_source_change(struct feed_source *s, const struct feed_change *c);
/* head: the truth's last seq in the transaction that was read. */
void feed_source_changes_end(struct feed_source *s, uint64_t head);

/* The truth moved to `head` (after its commit). */
void feed_source_head(struct feed_source *s, uint64_t head);

/* The truth was replaced while connected (restore): begins anew with FEED_WANT_START. */
void feed_source_restart(struct feed_source *s);

/* Each second. */
void feed_source_heartbeat(struct feed_source *s, stamp now);

/* The next frame to send, borrowed until the next call on the source; it stays the next until
 * feed_source_sent(). */
must_check bool feed_source_out(const struct feed_source *s, uint16_t *type, struct slice *payload);
void feed_source_sent(struct feed_source *s);

/* ---- sink: one per applier ---- */

enum sink_event_type {
	SINK_NONE,   /* nothing to do (a change already applied, a resync begins) */
	SINK_LOAD,   /* a snapshot begins: empty the side */
	SINK_RECORD, /* put: change.kind, key, value */
	SINK_CHANGE, /* put or delete: change */
	SINK_SWAP,   /* the snapshot is whole: swap to state */
	SINK_BEAT,   /* at: the truth's clock; head: its last seq */
};

struct sink_event {
	enum sink_event_type type;
	struct feed_change change;
	stamp at;
	uint64_t head;
};

struct feed_sink {
	struct replica_state state; /* after the events handed out; where a commit then stands */
	uint64_t head;              /* the truth's last seq heard of */
	uint64_t ignored;           /* old or repeated changes that did nothing */
	uint64_t resyncs;           /* gaps met */

	struct feed_queue out; /* private from here */
	struct feed_hello hello;
	int mode;
};

/* `committed` is where the replica stands; queues the HELLO. machine is a random id kept beside the
 * replica, name is for people. */
void feed_sink_init(struct feed_sink *s, const struct replica_state *committed,
		    const struct id *machine, const char *name);
void feed_sink_fini(struct feed_sink *s);

/* Takes one frame of the truth and says what it means; what *e holds is borrowed from payload.
 * -1: not the protocol: close and connect again later, from the committed state. */
must_check int feed_sink_feed(struct feed_sink *s, uint16_t type, struct slice payload,
			      struct sink_event *e, struct fail *f);

/* Changes come one by one: neither a snapshot is being loaded nor an answer to hello awaited. */
bool feed_sink_follows(const struct feed_sink *s);

/* After each commit, and with each heartbeat so that the machine is heard of: where the replica
 * stands. */
void feed_sink_ack(struct feed_sink *s, const struct replica_state *committed);

/* As feed_source_out() and feed_source_sent(). */
must_check bool feed_sink_out(const struct feed_sink *s, uint16_t *type, struct slice *payload);
void feed_sink_sent(struct feed_sink *s);
