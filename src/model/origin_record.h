/* model/origin_record.h: the replica's row for one origin: where requests for a name go.
 *
 * Key: the start of the SHA-256 of the value itself, so that a parsed copy
 * can never be stale and one origin named by many names is stored once. Decoded slices are
 * borrowed from the value.
 */
#pragma once

#include "base/id.h"
#include "base/must.h"

struct buf;

#define ORIGIN_ADDRESSES_MAX 16

enum origin_scheme {
	ORIGIN_BY_MODE, /* as the zone's ssl mode says */
	ORIGIN_HTTP,    /* always plain */
	ORIGIN_HTTPS,   /* always TLS; verified when the zone's mode is strict */
};

#define ORIGIN_SCHEMES 3

/* "auto", "http", "https". */
const char *origin_scheme_name(enum origin_scheme scheme);
must_check bool origin_scheme_parse(struct slice text, enum origin_scheme *out);

/* What goes into the SNI of the connection to the origin. */
enum origin_sni {
	ORIGIN_SNI_HOST,  /* the host the client asked for */
	ORIGIN_SNI_FIXED, /* the name in `sni` */
};

#define ORIGIN_SNIS 2

struct origin_address {
	uint8_t n; /* 4 or 16 */
	uint8_t b[16];
};

struct origin_record {
	enum origin_scheme scheme;
	uint16_t http_port;
	uint16_t https_port;
	enum origin_sni sni_rule;
	struct slice host; /* a name to look up; empty when addresses are given */
	struct slice sni;  /* with ORIGIN_SNI_FIXED */
	uint8_t count;
	struct origin_address addresses[ORIGIN_ADDRESSES_MAX];
};

/* Appends to out. The client's Host header is always passed on unchanged. */
void origin_record_encode(const struct origin_record *r, struct buf *out);

must_check bool origin_record_decode(struct slice value, struct origin_record *out);
