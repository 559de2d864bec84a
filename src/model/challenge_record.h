/* model/challenge_record.h: the replica's row for one answer that proves control of a name.
 *
 * The edge answers /.well-known/... only for the exact (name, kind, token) that has a row that
 * has not expired; any other token is nobody's and goes the way of every path. Decoded slices
 * are borrowed from the value.
 */
#pragma once

#include "base/must.h"
#include "base/stamp.h"

struct buf;

enum challenge_kind {
	CHALLENGE_HTTP = 1,      /* /.well-known/acme-challenge/TOKEN */
	CHALLENGE_OWNERSHIP = 2, /* /.well-known/cf-custom-hostname-challenge/TOKEN */
};

struct challenge_record {
	stamp expires;
	struct slice answer; /* the body, sent as text/plain */
};

/* Appends the key: name_key is the name as name_key() of proto/dns/name.h writes it. */
void challenge_key(struct slice name_key, enum challenge_kind kind, struct slice token,
		   struct buf *out);

/* Appends to out. */
void challenge_record_encode(const struct challenge_record *r, struct buf *out);

must_check bool challenge_record_decode(struct slice value, struct challenge_record *out);
