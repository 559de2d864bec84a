/* proto/crypto: hashing, derivation and authenticated encryption over OpenSSL's EVP, so that
 * nobody above sees OpenSSL.
 *
 * Algorithms are fetched once per process, on first use; no configuration file is read, whatever
 * the environment says. Every function may be called from any thread. What cannot fail but for
 * want of memory stops the process (must).
 */
#pragma once

#include "base/buf.h"
#include "base/must.h"
#include "base/slice.h"

#define CRYPTO_SHA256     32
#define CRYPTO_AEAD_KEY   32 /* AES-256-GCM */
#define CRYPTO_AEAD_NONCE 12
#define CRYPTO_AEAD_TAG   16

/* Readies OpenSSL for this process. Called by everything here by itself; a role calls it before
 * its sandbox closes, so that what OpenSSL wants to open is open. */
void crypto_init(void);

void crypto_sha256(struct slice in, uint8_t out[CRYPTO_SHA256]);

void crypto_hmac_sha256(struct slice key, struct slice in, uint8_t out[CRYPTO_SHA256]);

/* RFC 5869, both steps; n <= 255 * 32. */
void crypto_hkdf_sha256(struct slice key, struct slice salt, struct slice info, uint8_t *out,
			size_t n);

/* RFC 5869, 2.3 alone: for keys that are uniformly random already. */
void crypto_hkdf_expand_sha256(struct slice key, struct slice info, uint8_t *out, size_t n);

/* Adds plain.n + CRYPTO_AEAD_TAG bytes to out. A nonce is used once with a key. */
void crypto_aead_seal(const uint8_t key[CRYPTO_AEAD_KEY], const uint8_t nonce[CRYPTO_AEAD_NONCE],
		      struct slice aad, struct slice plain, struct buf *out);

/* Writes sealed.n - CRYPTO_AEAD_TAG bytes to out. False (out is wiped) when key, nonce, aad or a
 * bit of sealed is not what was sealed. */
must_check bool crypto_aead_open(const uint8_t key[CRYPTO_AEAD_KEY],
				 const uint8_t nonce[CRYPTO_AEAD_NONCE], struct slice aad,
				 struct slice sealed, uint8_t *out);

/* n bytes of OpenSSL's own generator: for what this floor makes itself (keys, nonces). */
void crypto_random(void *p, size_t n);
