/* Two sizes are enough: a request head or a small answer fits the small block, and what does not
 * is a body under way, for which one large block per direction saves system calls. Blocks are
 * kept in two short lists (a worker is one thread), because each request takes and gives several.
 */
#include "net/stream/window.h"

#include "base/must.h"

#include <stdlib.h>

#define SPARE_SMALL 512
#define SPARE_LARGE 64

struct spare {
	struct spare *next;
};

struct shelf {
	size_t size;
	size_t most;
	size_t count;
	struct spare *first;
};

static struct shelf small = { WINDOW_SMALL, SPARE_SMALL, 0, NULL };
static struct shelf large = { WINDOW_MAX, SPARE_LARGE, 0, NULL };

static struct shelf *shelf_of(size_t cap)
{
	return cap == WINDOW_SMALL ? &small : &large;
}

static uint8_t *block_take(size_t cap)
{
	struct shelf *shelf = shelf_of(cap);
	struct spare *spare = shelf->first;

	if (spare != NULL) {
		shelf->first = spare->next;
		shelf->count--;
		return (uint8_t *)spare;
	}
	uint8_t *p = malloc(cap);
	must(p != NULL);
	return p;
}

static void block_give(uint8_t *p, size_t cap)
{
	struct shelf *shelf = shelf_of(cap);

	if (shelf->count >= shelf->most) {
		free(p);
		return;
	}
	struct spare *spare = (struct spare *)(void *)p;
	spare->next = shelf->first;
	shelf->first = spare;
	shelf->count++;
}

void window_free(struct window *w)
{
	if (w->p != NULL)
		block_give(w->p, w->cap);
	*w = (struct window)WINDOW_INIT;
}

static void grow(struct window *w)
{
	uint8_t *p = block_take(WINDOW_MAX);
	size_t held = window_held(w);

	memcpy(p, w->p + w->from, held);
	block_give(w->p, w->cap);
	*w = (struct window){ p, 0, held, WINDOW_MAX };
}

static void slide(struct window *w)
{
	size_t held = window_held(w);

	memmove(w->p, w->p + w->from, held);
	w->from = 0;
	w->to = held;
}

uint8_t *window_room(struct window *w, size_t *n)
{
	if (w->p == NULL)
		*w = (struct window){ block_take(WINDOW_SMALL), 0, 0, WINDOW_SMALL };
	if (w->to == w->cap && w->cap < WINDOW_MAX)
		grow(w);
	else if (w->to == w->cap && w->from > 0)
		slide(w);
	*n = w->cap - w->to;
	return w->p + w->to;
}

void window_added(struct window *w, size_t n)
{
	must(n <= w->cap - w->to);
	w->to += n;
}

size_t window_left(const struct window *w)
{
	return WINDOW_MAX - window_held(w);
}

size_t window_add(struct window *w, struct slice s)
{
	size_t done = 0;

	while (done < s.n) {
		size_t room;
		uint8_t *p = window_room(w, &room);
		if (room == 0)
			break;
		size_t n = room < s.n - done ? room : s.n - done;
		memcpy(p, s.p + done, n);
		window_added(w, n);
		done += n;
	}
	return done;
}

void window_take(struct window *w, size_t n)
{
	must(n <= window_held(w));
	w->from += n;
	if (w->from == w->to)
		window_free(w);
}
