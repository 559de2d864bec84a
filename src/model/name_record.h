/* model/name_record.h: the replica's row for one served name: whose it is, where it goes and
 * which certificates it may be answered with.
 *
 * Key: name_key() of proto/dns/name.h. Control has already applied priority and coverage (see
 * choice.h): the edge takes the first candidate that is valid now and that the client can use.
 * Encoding is canonical: equal records are equal bytes. Decoding accepts nothing else.
 */
#pragma once

#include "base/id.h"
#include "base/must.h"
#include "base/stamp.h"

struct buf;

#define NAME_CANDIDATES_MAX 8

enum name_flag {
	NAME_CUSTOM_HOSTNAME = 1, /* comes from a custom hostname, else from a proxied record */
	NAME_PLAIN = 2,           /* no certificate is wanted */
};

struct name_candidate {
	struct id cert;
	struct id key;
	uint8_t key_type; /* as proto/key numbers them */
	stamp not_before;
	stamp not_after;
};

struct name_record {
	struct id zone;
	struct id origin; /* zero: the zone's fallback origin */
	uint8_t flags;    /* of enum name_flag */
	uint8_t count;
	struct name_candidate candidates[NAME_CANDIDATES_MAX];
};

/* Appends to out. */
void name_record_encode(const struct name_record *r, struct buf *out);

must_check bool name_record_decode(struct slice value, struct name_record *out);
