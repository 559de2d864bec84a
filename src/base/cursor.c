#include "base/cursor.h"

struct slice read_bytes(struct reader *r, size_t n)
{
	if (r->bad || r->rest.n < n) {
		r->bad = true;
		return SLICE_NONE;
	}
	struct slice out = slice_sub(r->rest, 0, n);

	r->rest = slice_from(r->rest, n);
	return out;
}

static uint64_t read_number(struct reader *r, size_t n)
{
	struct slice s = read_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}

uint8_t read_u8(struct reader *r)
{
	return (uint8_t)read_number(r, 1);
}

uint16_t read_u16(struct reader *r)
{
	return (uint16_t)read_number(r, 2);
}

uint32_t read_u24(struct reader *r)
{
	return (uint32_t)read_number(r, 3);
}

uint32_t read_u32(struct reader *r)
{
	return (uint32_t)read_number(r, 4);
}

uint64_t read_u64(struct reader *r)
{
	return read_number(r, 8);
}

void read_copy(struct reader *r, void *out, size_t n)
{
	struct slice s = read_bytes(r, n);

	memset(out, 0, n);
	if (s.n > 0)
		memcpy(out, s.p, s.n);
}

struct slice read_vec8(struct reader *r)
{
	return read_bytes(r, read_u8(r));
}

struct slice read_vec16(struct reader *r)
{
	return read_bytes(r, read_u16(r));
}

struct slice read_vec32(struct reader *r)
{
	return read_bytes(r, read_u32(r));
}

static void write_number(struct buf *b, uint64_t v, size_t n)
{
	for (size_t i = n; i > 0; i--)
		buf_add_byte(b, (uint8_t)(v >> (8 * (i - 1))));
}

void write_u8(struct buf *b, uint8_t v)
{
	buf_add_byte(b, v);
}

void write_u16(struct buf *b, uint16_t v)
{
	write_number(b, v, 2);
}

void write_u32(struct buf *b, uint32_t v)
{
	write_number(b, v, 4);
}

void write_u64(struct buf *b, uint64_t v)
{
	write_number(b, v, 8);
}

void write_bytes(struct buf *b, const void *p, size_t n)
{
	buf_add(b, slice_of(p, n));
}

void write_vec8(struct buf *b, struct slice s)
{
	must(s.n <= UINT8_MAX);
	write_u8(b, (uint8_t)s.n);
	buf_add(b, s);
}

void write_vec16(struct buf *b, struct slice s)
{
	must(s.n <= UINT16_MAX);
	write_u16(b, (uint16_t)s.n);
	buf_add(b, s);
}

void write_vec32(struct buf *b, struct slice s)
{
	must(s.n <= UINT32_MAX);
	write_u32(b, (uint32_t)s.n);
	buf_add(b, s);
}
