/* net/resolve/txt.h: TXT records by DNS, in the loop, never remembered: proofs of ownership are
 * looked at when they are asked for. */
#pragma once

#include "net/resolve/resolve.h"

#define TXT_MOST 64 /* records looked at; more are ignored */

/* Embedded in whoever waits; not reused before its answer or its cancel. */
struct txt_wait {
	/* Each text is one record, its strings joined (RFC 7208, 3.3); borrowed until the return. */
	void (*on_txt)(struct txt_wait *w, enum resolve_outcome outcome, const struct slice *texts,
		       size_t count);
	struct txt_query *query; /* private */
};

void txt_wait_init(struct txt_wait *w,
		   void (*on_txt)(struct txt_wait *w, enum resolve_outcome outcome,
				  const struct slice *texts, size_t count));

/* on_txt comes later, or inside this call when no question can be sent. */
void txt_ask(struct resolver *r, const char *name, struct txt_wait *w);

/* on_txt does not come; also when nothing is waited for. */
void txt_cancel(struct txt_wait *w);
