/* role/edge/site.h: what the replica says about a name: its zone, its origin, its certificates.
 * Exact name first, then the wildcard one label up. To be called between replica_begin() and
 * replica_end(); what comes back is a copy. */
#pragma once

#include "model/name_record.h"
#include "model/origin_record.h"
#include "model/zone_record.h"
#include "proto/dns/address.h"
#include "proto/dns/name.h"
#include "run/replica/replica.h"

struct site {
	struct id zone;
	struct dns_name zone_name;
	enum ssl_mode ssl;
	bool has_origin;
	enum origin_scheme scheme;
	uint16_t http_port, https_port;
	enum origin_sni sni_rule;
	struct dns_name host; /* of the origin; empty: the addresses below */
	struct dns_name sni;
	size_t count;
	struct dns_address addresses[ORIGIN_ADDRESSES_MAX];
};

/* The row of a name; false: nobody's. */
must_check bool site_name(struct replica *r, struct slice host, struct name_record *out);

/* All a request for the name needs; false: nobody's, or its zone is not active. */
must_check bool site_find(struct replica *r, struct slice host, struct site *out);
