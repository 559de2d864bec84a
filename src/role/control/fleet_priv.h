/* role/control/fleet_priv.h: the fleet's two halves: fleet.c knows the machines, fleet_link.c one
 * connected applier. */
#pragma once

#include "base/list.h"
#include "role/control/fleet.h"
#include "run/loop/loop.h"

struct fleet_link;

/* A machine that is or was here, with what it acknowledged. */
struct fleet_known {
	struct list link; /* in fleet.machines */
	struct id id;
	char name[64];
	bool drained;
	struct id epoch;
	uint64_t seq;
	stamp seen_at;
	stamp enrolled_at;
	bool unsaved; /* the truth's row is older */
	struct fleet_link *connection;
};

struct fleet {
	struct truth *truth;
	uv_poll_t listener;
	struct timer beat;
	struct list machines; /* struct fleet_known */
	struct list links;    /* struct fleet_link */
	unsigned link_count;
	uint64_t seq;
	int beats;
	unsigned holds;
};

/* The machine of this id, made when it is new. */
struct fleet_known *fleet_machine(struct fleet *fl, const struct id *id, const char *name);

/* Writes the machine's row. */
void fleet_save(struct fleet *fl, struct fleet_known *m);

/* Takes fd. */
void fleet_link_open(struct fleet *fl, int fd);

/* Closes; what a reader still works on is freed when it is done. */
void fleet_link_close(struct fleet_link *l);

/* From fleet.links. */
struct fleet_link *fleet_link_of(struct list *link);

/* Gives the source what it wants and sends what it has. */
void fleet_link_head(struct fleet_link *l, uint64_t seq);
void fleet_link_beat(struct fleet_link *l, stamp now);
