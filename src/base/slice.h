/* base/slice.h: borrowed bytes. A slice owns nothing and ends where its owner ends.
 *
 * Bytes travel as one slice, not as pointer and length. A slice with p == NULL has n == 0 and
 * means "absent" where a function says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const uint8_t *p;
	size_t n;
};

#define SLICE_NONE ((struct slice){ NULL, 0 })

/* A slice of a string literal or of any array, without its end mark. */
#define slice_lit(s) ((struct slice){ (const uint8_t *)(s), sizeof(s) - 1 })

/* printf("%.*s", SLICE_ARG(s)) */
#define SLICE_ARG(s) (int)(s).n, (const char *)(s).p

static inline struct slice slice_of(const void *p, size_t n)
{
	return (struct slice){ p, n };
}

static inline struct slice slice_str(const char *s)
{
	return (struct slice){ (const uint8_t *)s, s == NULL ? 0 : strlen(s) };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_eq_str(struct slice a, const char *s)
{
	return slice_eq(a, slice_str(s));
}

/* From byte `from` on, `n` bytes at the most; never beyond the end. */
static inline struct slice slice_sub(struct slice s, size_t from, size_t n)
{
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct slice){ s.n == 0 ? s.p : s.p + from, n };
}

static inline struct slice slice_from(struct slice s, size_t from)
{
	return slice_sub(s, from, s.n);
}

/* Order by bytes, the shorter first: <0, 0, >0. */
int slice_cmp(struct slice a, struct slice b);

/* Equal but for the case of ASCII letters. */
bool slice_eq_nocase(struct slice a, struct slice b);

bool slice_starts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);

/* Index of the first byte c, or s.n. */
size_t slice_find(struct slice s, uint8_t c);

/* Without spaces and tabs at both ends. */
struct slice slice_trim(struct slice s);

/* Takes what stands before the next `c` out of *rest; false when nothing is left. */
bool slice_split(struct slice *rest, uint8_t c, struct slice *part);
