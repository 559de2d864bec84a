/* model/ca_message.h: what control asks of the `ca` role and what it answers: the payloads of
 * the frames of the pair control_ca (run/ipc/pairs.h has their types; a reply carries the id of
 * its request):
 *
 *	CA_KEY_MAKE        struct ca_key_ask     CA_KEY_MADE        struct ca_key
 *	CA_KEY_REWRAP      struct ca_key         CA_KEY_REWRAPPED   struct ca_key
 *	CA_CERT_ISSUE      struct ca_issue_ask   CA_CERT_ISSUED     struct ca_issued
 *	CA_CERT_REVOKE     struct ca_revoke_ask  CA_CERT_REVOKED    nothing
 *	CA_AUTHORITY_LIST  nothing               CA_AUTHORITIES     struct ca_authority_list
 *	any of them                              CA_REFUSED         a struct fail
 *
 * Encoding appends; decoding is strict and borrows from the payload.
 */
#pragma once

#include "base/fail.h"
#include "base/id.h"
#include "base/slice.h"
#include "base/stamp.h"

struct buf;

#define CA_NAMES_MAX       100 /* names of one certificate */
#define CA_CHAIN_MAX       8
#define CA_AUTHORITIES_MAX 16
#define CA_MESSAGE_MAX     65536

struct ca_key_ask {
	struct id order;
};
void ca_key_ask_encode(const struct ca_key_ask *m, struct buf *out);
must_check bool ca_key_ask_decode(struct slice payload, struct ca_key_ask *out);

/* A wrapped key. `proof` is its signature over ca_proof_text() of the order: it shows to whoever
 * issues that the asker holds the key. Asking for a re-wrap sends wrapped alone. */
struct ca_key {
	struct slice wrapped;
	struct slice spki;
	struct slice proof;
};
void ca_key_encode(const struct ca_key *m, struct buf *out);
must_check bool ca_key_decode(struct slice payload, struct ca_key *out);

/* The bytes that the proof signs. */
void ca_proof_text(const struct id *order, struct slice spki, struct buf *out);

struct ca_issue_ask {
	struct id order;        /* one order, one certificate, however often it is asked */
	struct slice authority; /* kind: "edge" */
	struct slice spki;
	struct slice proof;
	stamp not_before;
	stamp not_after;
	size_t name_count;
	struct slice names[CA_NAMES_MAX]; /* lower-case A-labels, wildcards as "*.example.com" */
};
void ca_issue_ask_encode(const struct ca_issue_ask *m, struct buf *out);
must_check bool ca_issue_ask_decode(struct slice payload, struct ca_issue_ask *out);

struct ca_issued {
	struct slice serial; /* as in the certificate */
	struct slice leaf;   /* DER */
	size_t chain_count;
	struct slice chain[CA_CHAIN_MAX]; /* DER, the leaf's issuer first, no root */
};
void ca_issued_encode(const struct ca_issued *m, struct buf *out);
must_check bool ca_issued_decode(struct slice payload, struct ca_issued *out);

struct ca_revoke_ask {
	struct id order;
	uint8_t reason; /* RFC 5280, 5.3.1 */
};
void ca_revoke_ask_encode(const struct ca_revoke_ask *m, struct buf *out);
must_check bool ca_revoke_ask_decode(struct slice payload, struct ca_revoke_ask *out);

struct ca_authority {
	struct id id;
	struct slice kind; /* "edge" */
	struct slice root; /* DER */
	struct slice intermediate;
	stamp not_after; /* of the intermediate: no leaf outlives it */
	struct id kek;   /* which KEK wraps its keys */
};
struct ca_authority_list {
	size_t count;
	struct ca_authority rows[CA_AUTHORITIES_MAX];
};
void ca_authority_list_encode(const struct ca_authority_list *m, struct buf *out);
must_check bool ca_authority_list_decode(struct slice payload, struct ca_authority_list *out);

/* A struct fail on the wire. Decoding records it in f (kind and words). */
void ca_failed_encode(const struct fail *f, struct buf *out);
must_check bool ca_failed_decode(struct slice payload, struct fail *f);
