/* proto/x509: certificates: facts read from them, certificates made, PEM, names compared.
 *
 * DER in, DER out. Nothing here decides whether a certificate is trusted; the TLS client does
 * (proto/tls/client.h).
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/slice.h"
#include "base/stamp.h"
#include "proto/key/key.h"

#define X509_SERIAL_MAX 20
#define X509_DER_MAX    65536
#define X509_NAMES_MAX  256
#define X509_PEM_MAX    1024 /* certificates in one PEM text */

/* What a certificate says of itself. Slices live in the arena given. */
struct x509_facts {
	uint8_t serial[X509_SERIAL_MAX];
	size_t serial_len;
	stamp not_before;
	stamp not_after;
	uint8_t sha256[32];    /* of the whole DER: its first 16 bytes are the content id */
	uint8_t spki_hash[32]; /* its first 16 bytes are the key id */
	bool is_ca;
	bool self_issued;     /* subject equals issuer */
	const char *key_type; /* "ECDSA P-256", "RSA 2048", "Ed25519", ... */
	struct slice subject; /* as text, RFC 2253: "CN=shop.example.com" */
	struct slice issuer;  /* the same */
	struct slice *names;  /* DNS names of the SAN as they stand there, lower-cased */
	size_t name_count;
	struct slice *addresses; /* IP addresses of the SAN: 4 or 16 bytes each */
	size_t address_count;
};

must_check int x509_facts_read(struct slice der, struct arena *a, struct x509_facts *out,
			       struct fail *f);

/* pattern: a name of a certificate, "shop.example.com" or "*.example.com" (one whole left label;
 * RFC 9525, 6.3). Case does not matter; neither has a final dot. */
bool x509_name_matches(struct slice pattern, struct slice host);

/* Any of the names, or for an address literal any of the addresses. */
bool x509_facts_cover(const struct x509_facts *x, struct slice host);

/* One certificate as a PEM block. */
void x509_pem_write(struct slice der, struct buf *out);

/* All CERTIFICATE blocks of the text, in order; text between blocks is skipped, a broken block
 * is a failure that names its line; other blocks (a private key!) too. */
must_check int x509_pem_read(struct slice text, struct arena *a, struct slice **ders, size_t *count,
			     struct fail *f);

enum x509_kind {
	X509_ROOT,         /* self-signed, path length 1 */
	X509_INTERMEDIATE, /* path length 0, for serverAuth only */
	X509_LEAF,         /* serverAuth, names in the SAN */
};

/* A certificate to be made. */
struct x509_plan {
	enum x509_kind kind;
	struct slice serial; /* 9 to 20 random bytes; two bits of them are set */
	struct slice
		common_name; /* CAs only; at most 64 characters. Leaves have an empty subject */
	struct slice organization; /* CAs only; may be empty */
	const struct slice *names; /* leaves only: DNS names, lower-case A-labels */
	size_t name_count;
	stamp not_before; /* whole seconds count */
	stamp not_after;
	const struct key_public *subject;
};

/* Signs with the issuer's key; issuer is its certificate (absent for a root, which the subject's own key
 * signs). The DER is appended. */
must_check int x509_make(const struct x509_plan *plan, struct slice issuer, struct key *issuer_key,
			 struct buf *der, struct fail *f);

/* Is `der` signed by the key of `issuer`? */
must_check bool x509_signed_by(struct slice der, struct slice issuer);
