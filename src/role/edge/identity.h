/* role/edge/identity.h: which certificate a handshake is answered with, and to whom its session
 * may come back. */
#pragma once

#include "base/fail.h"
#include "proto/key/keyring.h"
#include "proto/tls/conn.h"
#include "run/replica/replica.h"

struct identity_source {
	struct replica *replica;
	struct tls_cache *cache;
	const struct keyring *keyring; /* may be replaced at any time between two calls */
	struct slice fallback;         /* name that answers for unknown ones; empty: none does */
	stamp alarmed;                 /* when the last alarm went to the log */
};

enum identity_answer {
	IDENTITY_FOUND,
	IDENTITY_UNKNOWN, /* the name is nobody's: alert unrecognized_name */
	IDENTITY_NONE,    /* it has no certificate that the client can use */
};

/* On IDENTITY_FOUND *out is a reference, the caller's, and the resumption group is written.
 * Opens its own read transaction. */
must_check enum identity_answer identity_find(struct identity_source *src,
					      const struct tls_hello *hello, stamp now,
					      struct tls_identity **out, uint8_t group[TLS_GROUP]);

/* Sessions come back only inside a group: the zone and the facts of its policy. */
void identity_group(const struct id *zone, uint8_t out[TLS_GROUP]);
