/* model/chain_record.h: the replica's row for the intermediates that many certificates share.
 *
 * Key: the chain id, the start of the SHA-256 of the value. Decoded slices are borrowed from the
 * value.
 */
#pragma once

#include "base/must.h"
#include "base/slice.h"

struct buf;

#define CHAIN_MAX 8

struct chain_record {
	uint8_t count;
	struct slice certs[CHAIN_MAX]; /* DER, the leaf's issuer first; no root */
};

/* Appends to out. */
void chain_record_encode(const struct chain_record *r, struct buf *out);

must_check bool chain_record_decode(struct slice value, struct chain_record *out);
