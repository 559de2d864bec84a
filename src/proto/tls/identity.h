/* proto/tls/identity.h: what a server shows of itself: leaf, chain and key, parsed and ready for any number of
 * handshakes, shared by reference counts.
 *
 * Records in the replica are content-addressed, so a parsed copy is never stale: identities are
 * kept in a cache keyed by certificate id, chains in one keyed by chain id, both bounded by
 * bytes, the least recently used leaving first. A cold name costs a look into the replica and
 * one tls_identity_new(); a hot one a hash.
 */
#pragma once

#include "base/fail.h"
#include "base/id.h"
#include "base/slice.h"
#include "proto/key/key.h"

struct tls_chain;
struct tls_identity;
struct tls_cache;

/* Intermediates in the order they are sent (leaf's issuer first). */
must_check int tls_chain_new(const struct id *id, const struct slice *ders, size_t count,
			     struct tls_chain **out, struct fail *f);
struct tls_chain *tls_chain_ref(struct tls_chain *c);
void tls_chain_unref(struct tls_chain *c); /* NULL is legal */

/* Takes references of its own. Fails when leaf and key do not belong together. */
must_check int tls_identity_new(const struct id *cert_id, struct slice leaf,
				struct tls_chain *chain, struct key *key, struct tls_identity **out,
				struct fail *f);
struct tls_identity *tls_identity_ref(struct tls_identity *i);
void tls_identity_unref(struct tls_identity *i); /* NULL is legal */

const struct id *tls_identity_id(const struct tls_identity *i); /* the certificate's */

/* max: bytes, by an estimate of what OpenSSL holds (about 8 kB an identity). */
struct tls_cache *tls_cache_new(size_t max);
void tls_cache_free(struct tls_cache *c);

/* Borrowed until the next call that adds; take a reference to keep it. NULL: not here. */
struct tls_identity *tls_cache_identity(struct tls_cache *c, const struct id *cert_id);
struct tls_chain *tls_cache_chain(struct tls_cache *c, const struct id *chain_id);

/* The cache takes a reference of its own. */
void tls_cache_add_identity(struct tls_cache *c, struct tls_identity *i);
void tls_cache_add_chain(struct tls_cache *c, struct tls_chain *chain);

struct tls_cache_figures {
	uint64_t hits;
	uint64_t misses;
	uint64_t evicted;
	size_t held; /* bytes */
	size_t count;
};
struct tls_cache_figures tls_cache_figures(const struct tls_cache *c);
