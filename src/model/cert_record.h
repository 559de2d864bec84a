/* model/cert_record.h: the replica's row for one certificate.
 *
 * Key: the certificate id, the start of the SHA-256 of the leaf. Its key and validity stand in
 * the name's candidate too, so that choosing needs no look at certificates. Decoded slices are
 * borrowed from the value.
 */
#pragma once

#include "base/id.h"
#include "base/must.h"
#include "base/stamp.h"

struct buf;

#define CERT_SPKI_LEN 32

struct cert_record {
	struct id chain;             /* row of the table chain; zero: no intermediates */
	uint8_t spki[CERT_SPKI_LEN]; /* SHA-256 of the SubjectPublicKeyInfo */
	stamp not_after;
	struct slice leaf; /* DER */
};

/* Appends to out. */
void cert_record_encode(const struct cert_record *r, struct buf *out);

must_check bool cert_record_decode(struct slice value, struct cert_record *out);
