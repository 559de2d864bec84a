/* role/applier/follow.h: keeps one replica at what the feed says. Owns the replica's writer and the feed
 * channel; asks its owner for a channel when it has none, with a pause that grows to a second.
 *
 * Changes are committed when the loop has taken in what has arrived, so one alone is applied at once
 * and a thousand in a row share a commit. What is committed is acknowledged, also with each heartbeat.
 * When a commit fails (disk full) the channel is closed, the replica opened anew and everything since
 * the last commit asked for again: readers keep what they have meanwhile.
 */
#pragma once

#include "run/feed/feed.h"
#include "run/ipc/ipc.h"
#include "run/loop/loop.h"
#include "run/replica/replica.h"

struct follow {
	struct loop *loop;
	const char *folder;
	uint64_t map_size;
	struct id machine;
	const char *name;
	void (*want_channel)(struct follow *f); /* answered by follow_channel(), or not */
	void (*on_commit)(struct follow *f);    /* state has moved; may be NULL */

	struct replica_writer *writer; /* private from here; NULL: to be opened again */
	struct ipc *channel;
	struct feed_sink sink;
	bool loading;     /* between SINK_LOAD and SINK_SWAP */
	bool open;        /* a batch is open */
	unsigned records; /* in it */
	size_t bytes;     /* in it */
	stamp oldest;     /* time of its first change */
	int64_t heard;    /* monotonic, last frame */
	int64_t pause;    /* before the next attempt */
	uint64_t resyncs; /* as counted last */
	struct deferred commit;
	struct timer retry;
	struct timer watch;
	struct timer tend;
};

/* Fill in the fields above the line first. Opens the replica and asks for a channel. */
must_check int follow_start(struct follow *f, struct fail *fail);

/* Takes fd, a connected feed socket; an older channel is closed. */
void follow_channel(struct follow *f, int fd);

/* Commits what has arrived and closes everything. */
void follow_stop(struct follow *f);

/* What is committed. */
const struct replica_state *follow_state(const struct follow *f);

/* Nothing the truth told of is missing. */
bool follow_is_level(const struct follow *f);
