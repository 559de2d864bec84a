/* model/zone_record.h: the replica's row for one zone: what a request for any of its names needs.
 *
 * Key: the zone id. Only active zones have a row. Decoded slices are borrowed from the value.
 */
#pragma once

#include "base/id.h"
#include "base/must.h"

struct buf;

/* The zone setting `ssl`: how the edge talks to the origin. */
enum ssl_mode {
	SSL_OFF,      /* no HTTPS for clients: redirected to http; plain to the origin */
	SSL_FLEXIBLE, /* plain to the origin always */
	SSL_FULL,     /* TLS to the origin when the client came by TLS; any certificate */
	SSL_STRICT,   /* the same, with a certificate that verifies */
};

#define SSL_MODES 4

/* "off", "flexible", "full", "strict". */
must_check bool ssl_mode_parse(struct slice text, enum ssl_mode *out);

enum zone_flag {
	ZONE_PAUSED = 1, /* its names are passed through without features */
	ZONE_ACTIVE = 2,
};

struct zone_record {
	struct id account;
	struct slice name; /* A-labels, lower case, no trailing dot */
	enum ssl_mode ssl;
	uint8_t flags;             /* of enum zone_flag */
	struct id fallback_origin; /* zero: none */
	uint64_t version;          /* grows with each change of the zone */
};

/* Appends to out. */
void zone_record_encode(const struct zone_record *r, struct buf *out);

must_check bool zone_record_decode(struct slice value, struct zone_record *out);
