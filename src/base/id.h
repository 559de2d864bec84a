/* base/id.h: the 16-byte identifiers of everything: random for things, the start of a SHA-256
 * for contents. Shown as 32 hex digits or, where the API says so, as a UUID. */
#pragma once

#include "base/slice.h"

#define ID_LEN  16
#define ID_HEX  32
#define ID_UUID 36

struct id {
	uint8_t b[ID_LEN];
};

static inline struct slice id_slice(const struct id *id)
{
	return slice_of(id->b, ID_LEN);
}

static inline bool id_eq(const struct id *a, const struct id *b)
{
	return memcmp(a->b, b->b, ID_LEN) == 0;
}

bool id_is_zero(const struct id *id);

/* Both write an end mark: ID_HEX + 1 and ID_UUID + 1 bytes. */
void id_hex(const struct id *id, char *out);
void id_uuid(const struct id *id, char *out);

/* Accepts either form, in either case. */
__attribute__((warn_unused_result)) bool id_parse(struct slice text, struct id *out);
