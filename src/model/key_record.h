/* model/key_record.h: the row for one private key in the replica's key environment. What stands
 * here is wrapped, complete in itself: only proto/key, given the keyring, makes a usable key of it.
 *
 * Key: the key id, the start of the SHA-256 of the SubjectPublicKeyInfo. Decoded slices are
 * borrowed from the value.
 */
#pragma once

#include "base/must.h"
#include "base/slice.h"

struct buf;

struct key_record {
	struct slice wrapped; /* as key_make() made it: to be opened with key_open() */
};

/* Appends to out. */
void key_record_encode(const struct key_record *r, struct buf *out);

must_check bool key_record_decode(struct slice value, struct key_record *out);
