/* model/origin.h: where requests for a name go. Content-addressed: one row for equal origins,
 * counted by the names and zones that use it. */
#pragma once

#include "model/act.h"
#include "model/origin_record.h"
#include "proto/dns/address.h"

/* What a caller asks for; the ports' zeros mean 80 and 443. */
struct origin_want {
	enum origin_scheme scheme;
	uint16_t http_port;
	uint16_t https_port;
	struct slice host; /* a name or an address literal */
	struct slice sni;  /* absent: the client's host */
};

/* "http://127.0.0.1:9000", "https://origin.example.com" → want; borrowed from text. Pure. */
must_check int origin_parse(struct slice url, struct origin_want *out, struct fail *f);

/* Checks name, address classes and ports, and fills a record whose slices are borrowed from want
 * or the arena. Fails with the API's code. Pure. */
must_check int origin_resolve(const struct origin_want *want, const struct model_config *config,
			      struct arena *a, struct origin_record *out, struct fail *f);

/* Global places, and what origin.allow lists. Pure. */
bool origin_address_allowed(const struct dns_address *a, const struct model_config *config);

/* Adds an address to the record, refused with `code` when it is not allowed. Pure. */
must_check int origin_add_address(struct origin_record *r, const struct dns_address *a,
				  const struct model_config *config, int code, struct fail *f);

/* One more user of this origin; writes the row (and its change record) when it is the first. */
must_check int origin_use(struct sql_tx *tx, struct act *act, const struct origin_record *record,
			  struct id *out, struct fail *f);

/* One more user of an origin that is there. A zero id is nobody's. */
must_check int origin_share(struct sql_tx *tx, const struct id *id, struct fail *f);

/* One user less; the row goes with the last. A zero id is nobody's. */
must_check int origin_drop(struct sql_tx *tx, struct act *act, const struct id *id, struct fail *f);

/* The record of an id, borrowed from the arena. FAIL_ABSENT when there is none. */
must_check int origin_find(struct sql_tx *tx, struct arena *a, const struct id *id,
			   struct origin_record *out, struct fail *f);
