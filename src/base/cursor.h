/* base/cursor.h: reading and writing binary records, with an error that sticks.
 *
 * Do all the reads, ask once: after the first read beyond the end every further read gives
 * zeros and reader_done() is false. Numbers are big-endian. Writers append to a struct buf.
 */
#pragma once

#include "base/buf.h"
#include "base/must.h"
#include "base/slice.h"

struct reader {
	struct slice rest;
	bool bad;
};

static inline struct reader reader_of(struct slice s)
{
	return (struct reader){ s, false };
}

/* n bytes, borrowed from the input; empty when they are not there. */
struct slice read_bytes(struct reader *r, size_t n);

uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u24(struct reader *r);
uint32_t read_u32(struct reader *r);
uint64_t read_u64(struct reader *r);

/* Copies n bytes to out, zeros when they are not there. */
void read_copy(struct reader *r, void *out, size_t n);

/* A length of 1, 2 or 4 bytes, then so many bytes. */
struct slice read_vec8(struct reader *r);
struct slice read_vec16(struct reader *r);
struct slice read_vec32(struct reader *r);

/* Everything was there and nothing is left. */
must_check static inline bool reader_done(const struct reader *r)
{
	return !r->bad && r->rest.n == 0;
}

void write_u8(struct buf *b, uint8_t v);
void write_u16(struct buf *b, uint16_t v);
void write_u32(struct buf *b, uint32_t v);
void write_u64(struct buf *b, uint64_t v);
void write_bytes(struct buf *b, const void *p, size_t n);

/* Length first; must() when the bytes are too many for the length. */
void write_vec8(struct buf *b, struct slice s);
void write_vec16(struct buf *b, struct slice s);
void write_vec32(struct buf *b, struct slice s);
