/* net/stream/window.h: bytes between a socket and whoever works on them: added at the end, taken
 * from the front, in blocks that an idle connection does not hold.
 *
 * A window holds no memory while it is empty. It begins with a small block and moves to a large
 * one when that is full; it never grows beyond that, so WINDOW_MAX is what one direction of one
 * connection can cost. Blocks come from lists of the process and go back to them.
 */
#pragma once

#include "base/slice.h"

#define WINDOW_SMALL ((size_t)4096)
#define WINDOW_MAX   ((size_t)65536)

struct window {
	uint8_t *p; /* private, as all of it */
	size_t from;
	size_t to;
	size_t cap;
};

#define WINDOW_INIT                                                                                \
	{                                                                                          \
		NULL, 0, 0, 0                                                                      \
	}

/* Gives the block back; the window is empty and usable again. */
void window_free(struct window *w);

/* Where more bytes may go, as many as fit without growing beyond WINDOW_MAX; *n is 0 when the
 * window is full. Follow with window_added(). Moves the bytes held. */
uint8_t *window_room(struct window *w, size_t *n);
void window_added(struct window *w, size_t n);

/* How many bytes can still be added. */
size_t window_left(const struct window *w);

/* Adds as much as fits; returns how much that was. */
size_t window_add(struct window *w, struct slice s);

/* Drops the first n bytes; an emptied window gives its block back. */
void window_take(struct window *w, size_t n);

/* Borrowed until the next call that is not window_bytes(). */
static inline struct slice window_bytes(const struct window *w)
{
	return w->p == NULL ? SLICE_NONE : slice_of(w->p + w->from, w->to - w->from);
}

static inline size_t window_held(const struct window *w)
{
	return w->to - w->from;
}
