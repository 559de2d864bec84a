/* base/buf.h: a byte buffer that grows, owned by whoever embeds it.
 *
 * Growing ends the process when memory is out (must). Limits belong to whoever lets bytes in:
 * check them there, before adding.
 */
#pragma once

#include "base/slice.h"

struct buf {
	uint8_t *p;
	size_t n;   /* bytes held */
	size_t cap; /* private */
};

#define BUF_INIT                                                                                   \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

/* Frees the bytes; the buffer is empty and usable again. */
void buf_free(struct buf *b);

/* The same, wiped first: for buffers through which secrets passed. Note that growing leaves no
 * copies behind only if buf_reserve() was called with enough room before. */
void buf_free_wiped(struct buf *b);

/* Room for n more bytes; returns where they go. Follow with b->n += what was written. */
uint8_t *buf_reserve(struct buf *b, size_t n);

void buf_add(struct buf *b, struct slice s);
void buf_add_byte(struct buf *b, uint8_t c);
void buf_add_str(struct buf *b, const char *s);
void buf_add_u64(struct buf *b, uint64_t n); /* in decimal; much cheaper than buf_addf() */
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Keeps the first n bytes. */
void buf_cut(struct buf *b, size_t n);

/* Drops the first n bytes. */
void buf_drop(struct buf *b, size_t n);

static inline void buf_clear(struct buf *b)
{
	b->n = 0;
}

/* Borrowed until the next call that adds. */
static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ b->p, b->n };
}

/* As a C string (an end mark is put behind the bytes), borrowed like buf_slice(). */
const char *buf_str(struct buf *b);
