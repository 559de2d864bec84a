/* base/text.h: small text work that C leaves to everyone: hex, base64, numbers, ASCII letters.
 *
 * Parsers are strict: the whole slice must be the thing, nothing is skipped, and the answer is
 * false otherwise (outputs are then untouched). Locale never matters.
 */
#pragma once

#include "base/must.h"
#include "base/slice.h"

struct buf;

static inline uint8_t text_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static inline bool text_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool text_is_alpha(uint8_t c)
{
	c = text_lower(c);
	return c >= 'a' && c <= 'z';
}

/* 0 to 15, or -1. */
int text_hex_digit(uint8_t c);

/* Decimal digits only, no sign, no blank, at most `max`. */
must_check bool text_u64(struct slice s, uint64_t max, uint64_t *out);

/* Writes 2 * bytes.n lower-case digits and an end mark to out. */
void text_hex(struct slice bytes, char *out);

/* Exactly n bytes from 2 * n digits of either case. */
must_check bool text_unhex(struct slice hex, uint8_t *out, size_t n);

/* RFC 4648, section 4 with padding, and section 5 without. */
void text_base64(struct slice bytes, struct buf *out);
void text_base64url(struct slice bytes, struct buf *out);

/* Accepts either alphabet, with or without padding; anything else is false. */
must_check bool text_unbase64(struct slice text, struct buf *out);

/* %XX decoding; with `plus`, '+' is a blank (form fields). False on a broken escape. */
must_check bool text_unpercent(struct slice text, bool plus, struct buf *out);

/* &, <, >, " and ' as HTML character references. */
void text_html(struct slice text, struct buf *out);
