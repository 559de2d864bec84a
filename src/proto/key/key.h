/* proto/key: the one module that makes, wraps, opens and uses private keys (ECDSA P-256).
 *
 * Everywhere else a key is an id, a public key and wrapped bytes. The wrapped form is complete
 * in itself (about 143 bytes) and stored as it is, in the truth and in the replica:
 *
 *	version 1 | type 1 | kek id 16 | nonce 12 | AES-256-GCM(scalar 32) 48 | public point 65
 *
 * version, type and the hash of the public key (SPKI) are bound to it as additional data: a
 * wrapped key put under another public key does not open. The id of a key is the first 16 bytes
 * of SHA-256(SPKI).
 *
 * Opening and signing answer an enum, because they move into a process of their own later:
 * callers handle KEY_WAITING today, though this implementation never says it.
 */
#pragma once

#include "base/buf.h"
#include "base/fail.h"
#include "base/id.h"
#include "base/slice.h"
#include "proto/key/keyring.h"

#define KEY_POINT         65 /* 0x04, x, y */
#define KEY_SPKI          91 /* DER SubjectPublicKeyInfo of a P-256 key */
#define KEY_SIGNATURE_MAX 72 /* DER ECDSA-Sig-Value */
#define KEY_WRAPPED_MAX   256

enum key_type { KEY_P256 = 1 };

enum key_answer { KEY_DONE, KEY_WAITING };

/* What everybody may know of a key. */
struct key_public {
	enum key_type type;
	struct id id;
	uint8_t spki_hash[32];
	uint8_t spki[KEY_SPKI];
};

/* From DER SubjectPublicKeyInfo; false when it is not an uncompressed P-256 key. Whether the
 * point is on the curve is seen when it is used. */
must_check bool key_public_read(struct slice spki, struct key_public *out);

struct key; /* an opened private key, shared by reference counts */

/* A new key, wrapped with the ring's current KEK; wrapped is appended. */
must_check int key_make(const struct keyring *ring, struct key_public *pub, struct buf *wrapped,
			struct fail *f);

/* Failure: the KEK is not in the ring (FAIL_UNAVAILABLE, names its id), or the bytes are damaged
 * or belong to another public key (FAIL_SYSTEM). Else an enum key_answer; after KEY_DONE *out
 * holds a reference. */
must_check int key_open(const struct keyring *ring, struct slice wrapped, struct key **out,
			struct fail *f);

struct key *key_ref(struct key *k);
void key_unref(struct key *k); /* wipes with the last; NULL is legal */

const struct key_public *key_public_of(const struct key *k);

/* ECDSA with SHA-256 over message; the DER signature is appended. */
must_check int key_sign(struct key *k, struct slice message, struct buf *signature, struct fail *f);

must_check bool key_verify(const struct key_public *pub, struct slice message,
			   struct slice signature);

/* Reads the public part and the KEK's id without opening; false when it is no wrapped key. */
must_check bool key_wrapped_read(struct slice wrapped, struct key_public *pub, struct id *kek);

/* Wraps the same key again with the ring's current KEK (also when it was that already, with a
 * new nonce); out is appended. */
must_check int key_rewrap(const struct keyring *ring, struct slice wrapped, struct buf *out,
			  struct fail *f);
