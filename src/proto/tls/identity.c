/* The cache holds identities and chains in one list by age; an evicted chain lives on while an
 * identity uses it. Sizes are estimates of what OpenSSL allocates for a P-256 certificate and key. */
#include "proto/tls/identity.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/map.h"
#include "proto/crypto/crypto_priv.h"
#include "proto/key/key_priv.h"
#include "proto/tls/identity_priv.h"

#define IDENTITY_COST ((size_t)8000)
#define CERT_COST     ((size_t)5000)

static X509 *cert_parse(struct slice der, struct fail *f)
{
	const uint8_t *p = der.p;
	X509 *x;

	(void)crypto_algorithms();
	ERR_clear_error();
	x = d2i_X509(NULL, &p, (long)der.n);
	if (x == NULL || p != der.p + der.n) {
		X509_free(x);
		(void)fail(f, FAIL_SYSTEM, "a stored certificate does not parse: %s",
			   crypto_error());
		return NULL;
	}
	return x;
}

int tls_chain_new(const struct id *id, const struct slice *ders, size_t count,
		  struct tls_chain **out, struct fail *f)
{
	struct tls_chain *c = calloc(1, sizeof(*c));

	must(c != NULL);
	c->refs = 1;
	c->id = *id;
	c->certs = sk_X509_new_null();
	must(c->certs != NULL);
	for (size_t i = 0; i < count; i++) {
		X509 *x = cert_parse(ders[i], f);

		if (x == NULL) {
			tls_chain_unref(c);
			return -1;
		}
		must(sk_X509_push(c->certs, x) > 0);
	}
	*out = c;
	return 0;
}

struct tls_chain *tls_chain_ref(struct tls_chain *c)
{
	c->refs++;
	return c;
}

void tls_chain_unref(struct tls_chain *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	sk_X509_pop_free(c->certs, X509_free);
	free(c);
}

static bool key_belongs(X509 *leaf, const struct key *key)
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
	bool same = n > 0 && slice_eq(slice_of(der, (size_t)n),
				      slice_of(key_public_of(key)->spki, KEY_SPKI));

	OPENSSL_free(der);
	return same;
}

int tls_identity_new(const struct id *cert_id, struct slice leaf, struct tls_chain *chain,
		     struct key *key, struct tls_identity **out, struct fail *f)
{
	struct tls_identity *i;
	X509 *x = cert_parse(leaf, f);

	if (x == NULL)
		return -1;
	if (!key_belongs(x, key)) {
		X509_free(x);
		return fail(f, FAIL_SYSTEM,
			    "a certificate and the key stored with it do not "
			    "belong together");
	}
	i = calloc(1, sizeof(*i));
	must(i != NULL);
	*i = (struct tls_identity){ 1, *cert_id, x, chain == NULL ? NULL : tls_chain_ref(chain),
				    key_ref(key) };
	*out = i;
	return 0;
}

struct tls_identity *tls_identity_ref(struct tls_identity *i)
{
	i->refs++;
	return i;
}

void tls_identity_unref(struct tls_identity *i)
{
	if (i == NULL || --i->refs > 0)
		return;
	X509_free(i->leaf);
	tls_chain_unref(i->chain);
	key_unref(i->key);
	free(i);
}

const struct id *tls_identity_id(const struct tls_identity *i)
{
	return &i->id;
}

struct entry {
	struct list age; /* newest first */
	struct id id;
	size_t cost;
	struct tls_identity *identity; /* one of the two */
	struct tls_chain *chain;
};

struct tls_cache {
	struct map identities;
	struct map chains;
	struct list ages;
	size_t max;
	struct tls_cache_figures figures;
};

struct tls_cache *tls_cache_new(size_t max)
{
	struct tls_cache *c = calloc(1, sizeof(*c));

	must(c != NULL);
	list_init(&c->ages);
	c->max = max;
	return c;
}

static void entry_drop(struct tls_cache *c, struct entry *e)
{
	struct map *m = e->identity != NULL ? &c->identities : &c->chains;

	must(map_remove(m, id_slice(&e->id)) == e);
	list_remove(&e->age);
	c->figures.held -= e->cost;
	c->figures.count--;
	tls_identity_unref(e->identity);
	tls_chain_unref(e->chain);
	free(e);
}

void tls_cache_free(struct tls_cache *c)
{
	if (c == NULL)
		return;
	while (!list_empty(&c->ages))
		entry_drop(c, container_of(list_first(&c->ages), struct entry, age));
	map_free(&c->identities);
	map_free(&c->chains);
	free(c);
}

static struct entry *find(struct tls_cache *c, const struct map *m, const struct id *id)
{
	struct entry *e = map_get(m, id_slice(id));

	if (e == NULL) {
		c->figures.misses++;
		return NULL;
	}
	c->figures.hits++;
	list_remove(&e->age);
	list_push(&c->ages, &e->age);
	return e;
}

struct tls_identity *tls_cache_identity(struct tls_cache *c, const struct id *cert_id)
{
	struct entry *e = find(c, &c->identities, cert_id);

	return e == NULL ? NULL : e->identity;
}

struct tls_chain *tls_cache_chain(struct tls_cache *c, const struct id *chain_id)
{
	struct entry *e = find(c, &c->chains, chain_id);

	return e == NULL ? NULL : e->chain;
}

static void entry_add(struct tls_cache *c, struct map *m, const struct entry *from)
{
	struct entry *e = map_get(m, id_slice(&from->id));

	if (e != NULL)
		entry_drop(c, e);
	e = malloc(sizeof(*e));
	must(e != NULL);
	*e = *from;
	must(map_put(m, id_slice(&e->id), e) == NULL);
	list_push(&c->ages, &e->age);
	c->figures.held += e->cost;
	c->figures.count++;
	while (c->figures.held > c->max && c->ages.prev != &e->age) {
		entry_drop(c, container_of(c->ages.prev, struct entry, age));
		c->figures.evicted++;
	}
}

void tls_cache_add_identity(struct tls_cache *c, struct tls_identity *i)
{
	entry_add(c, &c->identities,
		  &(struct entry){
			  .id = i->id, .cost = IDENTITY_COST, .identity = tls_identity_ref(i) });
}

void tls_cache_add_chain(struct tls_cache *c, struct tls_chain *chain)
{
	entry_add(c, &c->chains,
		  &(struct entry){ .id = chain->id,
				   .cost = CERT_COST * (1 + (size_t)sk_X509_num(chain->certs)),
				   .chain = tls_chain_ref(chain) });
}

struct tls_cache_figures tls_cache_figures(const struct tls_cache *c)
{
	return c->figures;
}
