#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"

#define BUF_FIRST 64

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf)BUF_INIT;
}

void buf_free_wiped(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_free(b);
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
	must(n < SIZE_MAX / 4 && b->n < SIZE_MAX / 4);
	if (b->p == NULL || b->cap - b->n < n) {
		size_t cap = b->cap < BUF_FIRST ? BUF_FIRST : b->cap;

		while (cap - b->n < n)
			cap *= 2;
		b->p = realloc(b->p, cap);
		must(b->p != NULL);
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_add(struct buf *b, struct slice s)
{
	if (s.n == 0)
		return;
	memcpy(buf_reserve(b, s.n), s.p, s.n);
	b->n += s.n;
}

void buf_add_byte(struct buf *b, uint8_t c)
{
	if (b->n == b->cap)
		(void)buf_reserve(b, 1);
	b->p[b->n++] = c;
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, slice_str(s));
}

void buf_add_u64(struct buf *b, uint64_t n)
{
	uint8_t digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (uint8_t)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	buf_add(b, slice_of(digits + at, sizeof(digits) - at));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	must(n >= 0);
	uint8_t *at = buf_reserve(b, (size_t)n + 1);

	va_start(args, fmt);
	(void)vsnprintf((char *)at, (size_t)n + 1, fmt, args);
	va_end(args);
	b->n += (size_t)n;
}

void buf_cut(struct buf *b, size_t n)
{
	must(n <= b->n);
	b->n = n;
}

void buf_drop(struct buf *b, size_t n)
{
	must(n <= b->n);
	if (n == 0)
		return;
	b->n -= n;
	memmove(b->p, b->p + n, b->n);
}

const char *buf_str(struct buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return (const char *)b->p;
}
