/* base/arena.h: memory by scope (process, connection, request, job). What lives in a scope dies
 * with it; there is no free to forget.
 *
 * An arena gives memory until arena_reset() or arena_free(). It never fails: limits are checked
 * where bytes come in. Built with a sanitizer each allocation is a malloc of its own, so that
 * overreads are seen.
 */
#pragma once

#include "base/slice.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* private */
	size_t held;                /* bytes given out since the last reset */
};

#define ARENA_INIT                                                                                 \
	{                                                                                          \
		NULL, 0                                                                            \
	}

/* n bytes of zeros, aligned for any object. n may be 0. */
void *arena_alloc(struct arena *a, size_t n);

#define arena_new(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, count) ((type *)arena_alloc((a), sizeof(type) * (size_t)(count)))

/* Copies into the arena; the copy has an end mark behind it. */
struct slice arena_copy(struct arena *a, struct slice s);
char *arena_str(struct arena *a, struct slice s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Everything given out is gone; one block is kept for the next use. */
void arena_reset(struct arena *a);

/* Everything is gone and nothing is kept; the arena is usable again. */
void arena_free(struct arena *a);
