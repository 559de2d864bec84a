/* role/control/fleet.h: the machines that follow the truth. Listens on the feed socket, serves any
 * number of appliers (one struct feed_source each): snapshot, changes, a heartbeat each second;
 * notes what they acknowledge and answers where a change is live.
 */
#pragma once

#include "base/arena.h"
#include "base/fail.h"
#include "base/id.h"
#include "base/stamp.h"

struct fleet;
struct truth;

/* fd: the listening feed socket; stays the caller's. */
must_check int fleet_open(struct fleet **out, struct truth *truth, int fd, struct fail *f);
void fleet_close(struct fleet *fl); /* NULL is fine */

/* The truth has a new last seq. */
void fleet_head(struct fleet *fl, uint64_t seq);

/* The truth's last seq, as known here. */
uint64_t fleet_seq(const struct fleet *fl);

/* Where the change `seq` is live: on `live` of `of` machines that are enrolled and not drained.
 * Those silent for 10 s are named and never counted. */
struct deployment {
	struct id epoch;
	uint64_t seq;
	unsigned live;
	unsigned of;
	unsigned silent;
	const char **silent_names; /* from the arena */
};

void fleet_deployment(const struct fleet *fl, uint64_t seq, struct arena *a,
		      struct deployment *out);

/* Every machine with what it acknowledged. */
struct fleet_machine {
	struct id id;
	const char *name;
	bool heard; /* connected, and said something in the last 10 s */
	bool drained;
	struct id epoch;
	uint64_t seq;
	stamp seen_at;
	stamp enrolled_at;
};
typedef bool fleet_each_f(void *arg, const struct fleet_machine *m);
void fleet_each(const struct fleet *fl, fleet_each_f *each, void *arg);

/* A machine was drained or taken back: the truth has said so already. */
void fleet_set_drained(struct fleet *fl, const struct id *id, bool drained);
