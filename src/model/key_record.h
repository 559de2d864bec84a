/* model/key_record.h: the row for one private key in the replica's key environment. What stands
 * here is wrapped: only proto/key, given the keyring, makes a usable key of it.
 *
 * Key: the key id, the start of the SHA-256 of the SubjectPublicKeyInfo. Decoded slices are
 * borrowed from the value.
 */
#pragma once

#include "base/id.h"
#include "base/must.h"

struct buf;

#define KEY_SPKI_LEN 32

struct key_record {
	struct id kek; /* which key-encryption key wrapped it */
	uint8_t type;  /* as proto/key numbers them */
	uint8_t spki[KEY_SPKI_LEN];
	struct slice wrapped; /* as proto/key made it: to be opened with key_open() */
};

/* Appends to out. */
void key_record_encode(const struct key_record *r, struct buf *out);

must_check bool key_record_decode(struct slice value, struct key_record *out);
