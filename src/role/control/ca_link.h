/* role/control/ca_link.h: the channel to the ca role: questions go out, each with its own answer. When
 * the ca is away or restarted every waiting question is answered with FAIL_UNAVAILABLE; a
 * new channel comes by ca_link_attach().
 */
#pragma once

#include "base/fail.h"
#include "base/list.h"
#include "base/slice.h"
#include "run/ipc/pairs.h"

/* Embedded in whoever asks. */
struct ca_wait {
	/* payload (borrowed) of an answer of the type asked for; or f says why not. Never called
	 * inside ca_ask(). */
	void (*on_answer)(struct ca_wait *w, struct slice payload, const struct fail *f);
	struct list link; /* private from here */
	uint32_t id;
	uint16_t type;
};

struct ca_link {
	struct loop *loop;
	struct ipc *ipc; /* NULL: the ca is away */
	uint32_t last_id;
	struct list waits;
	struct list unsent; /* to be answered with a failure */
	struct deferred refuse;
};

void ca_link_init(struct ca_link *l, struct loop *loop);

/* Takes fd. */
void ca_link_attach(struct ca_link *l, int fd);

/* Nobody who still waits is answered. */
void ca_link_close(struct ca_link *l);

bool ca_link_is_up(const struct ca_link *l);

/* Sends a question; an answer other than `answer` is a failure. */
void ca_ask(struct ca_link *l, struct ca_wait *w, enum ipc_ca question, enum ipc_ca answer,
	    struct slice payload);

/* on_answer does not come any more; also for one that waits for nothing. */
void ca_cancel(struct ca_wait *w);
