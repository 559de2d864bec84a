/* role/edge/page.h: what a person sees when the edge answers by itself: what went wrong, whose
 * side is at fault, the host and the request id to quote. Everything from outside is escaped. */
#pragma once

#include "base/buf.h"
#include "role/edge/access.h"

struct page {
	int status;
	enum side side;
	const char *why;   /* a sentence without capital and period */
	struct slice host; /* as asked for; may be empty */
	const char *id;
};

void page_write(const struct page *p, struct buf *out);
