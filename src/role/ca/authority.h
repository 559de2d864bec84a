/* role/ca/authority.h: the authorities of this ca, opened: root, intermediate and their keys. The
 * root signs intermediates only; leaves are signed by the intermediate. */
#pragma once

#include "model/ca_message.h"
#include "proto/key/key.h"
#include "role/ca/store.h"

struct authority {
	struct ca_authority_row row;
	struct key *key;  /* the intermediate's */
	stamp not_before; /* of the intermediate: leaves lie within */
	stamp not_after;
};

struct authorities {
	struct arena arena; /* the rows' bytes */
	struct authority all[CA_AUTHORITIES_MAX];
	size_t count;
};

/* Reads them all; makes the one of kind "edge" when there is none. Keys that are not wrapped by
 * the ring's current KEK are wrapped again. One transaction: after a crash it is as if nothing
 * was, or all is there. */
must_check int authorities_open(struct authorities *as, struct sql *db, const struct keyring *ring,
				stamp now, struct fail *f);

/* The ring has changed: wraps the keys of all authorities with its current KEK. */
must_check int authorities_rewrap(struct authorities *as, struct sql *db,
				  const struct keyring *ring, struct fail *f);

void authorities_close(struct authorities *as);

/* The newest of that kind, or NULL. */
const struct authority *authorities_find(const struct authorities *as, struct slice kind);
const struct authority *authorities_by_id(const struct authorities *as, const struct id *id);

/* PEM of all roots. */
void authorities_roots(const struct authorities *as, struct buf *pem);

void authorities_list(const struct authorities *as, struct ca_authority_list *out);
