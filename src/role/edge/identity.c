/* Control has put a name's candidates in order; here the first is taken that holds now and whose
 * kind of key the client can verify. Invalid ones fall behind; when none holds, the one that ended last
 * is served, with an alarm: a client that cares will say so, and one that does not is served.
 *
 * Certificates and keys are content-addressed, so what the cache holds is never stale, and a
 * changed name simply names another id.
 */
#include "role/edge/identity.h"

#include "model/cert_record.h"
#include "model/chain_record.h"
#include "model/key_record.h"
#include "role/edge/site.h"
#include "run/log/log.h"
#include "run/metrics/metrics.h"

void identity_group(const struct id *zone, uint8_t out[TLS_GROUP])
{
	static const char policy[TLS_GROUP - ID_LEN] = "tls1.2 no-mtls";

	memcpy(out, zone->b, ID_LEN);
	memcpy(out + ID_LEN, policy, sizeof(policy));
}

/* ---- loading ---- */

static int load_chain(struct identity_source *src, const struct id *id, struct tls_chain **out,
		      struct fail *f)
{
	struct slice value;
	struct chain_record record;
	struct tls_chain *cached = tls_cache_chain(src->cache, id);

	if (cached != NULL) {
		*out = tls_chain_ref(cached);
		return 0;
	}
	if (id_is_zero(id))
		return tls_chain_new(id, NULL, 0, out, f);
	if (!replica_get(src->replica, REPLICA_CHAIN, id_slice(id), &value) ||
	    !chain_record_decode(value, &record))
		return fail(f, FAIL_ABSENT, "the replica holds no chain of this id");
	if (tls_chain_new(id, record.certs, record.count, out, f) < 0)
		return -1;
	tls_cache_add_chain(src->cache, *out);
	return 0;
}

static int load_key(struct identity_source *src, const struct id *id, struct key **out,
		    struct fail *f)
{
	struct slice value;
	struct key_record record;

	if (!replica_get(src->replica, REPLICA_KEY, id_slice(id), &value) ||
	    !key_record_decode(value, &record))
		return fail(f, FAIL_ABSENT, "the replica holds no key of this id");
	int r = key_open(src->keyring, record.wrapped, out, f);
	must(r != KEY_WAITING);
	return r < 0 ? -1 : 0;
}

static int load(struct identity_source *src, const struct name_candidate *c,
		struct tls_identity **out, struct fail *f)
{
	struct slice value;
	struct cert_record cert;
	struct tls_chain *chain = NULL;
	struct key *key = NULL;

	if (!replica_get(src->replica, REPLICA_CERT, id_slice(&c->cert), &value) ||
	    !cert_record_decode(value, &cert))
		return fail(f, FAIL_ABSENT, "the replica holds no certificate of this id");
	int r = load_chain(src, &cert.chain, &chain, f);
	if (r == 0)
		r = load_key(src, &c->key, &key, f);
	if (r == 0)
		r = tls_identity_new(&c->cert, cert.leaf, chain, key, out, f);
	if (r == 0)
		tls_cache_add_identity(src->cache, *out);
	tls_chain_unref(chain);
	key_unref(key);
	return r;
}

/* Anybody can make handshakes, so a fault that each of them meets is logged once a second. */
static bool may_alarm(struct identity_source *src, stamp now)
{
	if (now >= src->alarmed && now < src->alarmed + STAMP_SECOND)
		return false;
	src->alarmed = now;
	return true;
}

static struct tls_identity *get(struct identity_source *src, const struct name_candidate *c,
				stamp now)
{
	struct fail f = FAIL_INIT;
	struct tls_identity *i = tls_cache_identity(src->cache, &c->cert);

	if (i != NULL)
		return tls_identity_ref(i);
	if (load(src, c, &i, &f) < 0) {
		if (may_alarm(src, now))
			log_line(LOG_ERROR, "certificate.unusable",
				 "a certificate cannot be served", LOG_ID("certificate", &c->cert),
				 LOG_ID("key", &c->key), LOG_FAIL(&f));
		return NULL;
	}
	return i;
}

/* ---- choosing ---- */

static bool is_usable(const struct name_candidate *c, const struct tls_hello *hello)
{
	return c->key_type == KEY_P256 && hello->ecdsa;
}

static bool holds(const struct name_candidate *c, stamp now)
{
	return c->not_before <= now && now < c->not_after;
}

static struct tls_identity *first_that_holds(struct identity_source *src,
					     const struct name_record *name,
					     const struct tls_hello *hello, stamp now)
{
	struct tls_identity *found = NULL;

	for (size_t i = 0; i < name->count && found == NULL; i++) {
		const struct name_candidate *c = &name->candidates[i];
		if (is_usable(c, hello) && holds(c, now))
			found = get(src, c, now);
	}
	return found;
}

static struct tls_identity *least_bad(struct identity_source *src, const struct name_record *name,
				      const struct tls_hello *hello, stamp now)
{
	const struct name_candidate *best = NULL;

	for (size_t i = 0; i < name->count; i++) {
		const struct name_candidate *c = &name->candidates[i];
		if (is_usable(c, hello) && !holds(c, now) &&
		    (best == NULL || c->not_after > best->not_after))
			best = c;
	}
	struct tls_identity *found = best == NULL ? NULL : get(src, best, now);
	if (found == NULL)
		return NULL;
	metrics_add(METRIC_certificates_overdue, 1);
	if (may_alarm(src, now))
		log_line(LOG_ERROR, "certificate.overdue",
			 "served outside its validity for want of a better",
			 LOG_S("name", hello->sni), LOG_ID("certificate", &best->cert));
	return found;
}

/* False: nobody's name, and no default. *source counts what is served. */
static bool find_name(struct identity_source *src, const char *sni, struct name_record *out,
		      enum metric *source)
{
	if (sni[0] != '\0' && site_name(src->replica, slice_str(sni), out)) {
		*source = (out->flags & NAME_CUSTOM_HOSTNAME) != 0 ? METRIC_certificates_hostname
								   : METRIC_certificates_record;
		return true;
	}
	*source = METRIC_certificates_default;
	return src->fallback.n > 0 && site_name(src->replica, src->fallback, out);
}

enum identity_answer identity_find(struct identity_source *src, const struct tls_hello *hello,
				   stamp now, struct tls_identity **out, uint8_t group[TLS_GROUP])
{
	struct name_record name;
	enum metric source;
	enum identity_answer answer = IDENTITY_UNKNOWN;

	replica_begin(src->replica);
	if (find_name(src, hello->sni, &name, &source)) {
		*out = first_that_holds(src, &name, hello, now);
		if (*out == NULL)
			*out = least_bad(src, &name, hello, now);
		answer = *out == NULL ? IDENTITY_NONE : IDENTITY_FOUND;
		if (*out != NULL)
			metrics_add(source, 1);
		identity_group(&name.zone, group);
	}
	replica_end(src->replica);
	return answer;
}
