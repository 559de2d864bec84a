/* model/certificate.h: certificates and chains, and which names they cover. Keys are committed
 * before, and deleted after, the certificates that name them. */
#pragma once

#include "model/act.h"
#include "model/chain_record.h"

/* In order of preference, DESIGN 7: a lower number wins. */
enum certificate_source {
	CERTIFICATE_UPLOADED,
	CERTIFICATE_HOSTNAME, /* ordered for a custom hostname */
	CERTIFICATE_ADVANCED,
	CERTIFICATE_DEDICATED,
	CERTIFICATE_TOTAL,
	CERTIFICATE_UNIVERSAL, /* ordered for a proxied record */
	CERTIFICATE_STANDBY,
};

#define CERTIFICATE_SOURCES 7

const char *certificate_source_name(enum certificate_source s);

struct certificate_row {
	struct id id; /* start of the SHA-256 of the leaf */
	struct id zone;
	struct id account;
	struct id order;
	struct id chain;
	struct id key;
	uint8_t key_type;
	enum certificate_source source;
	struct slice issuer;    /* words for people: the issuer's common name */
	struct slice signature; /* "ECDSAWithSHA256" */
	struct slice serial;    /* bytes */
	uint8_t spki[32];
	uint8_t fingerprint[32]; /* SHA-256 of the leaf */
	struct slice names;      /* by blanks */
	stamp not_before;
	stamp not_after;
	stamp created_at;
	struct slice leaf; /* DER */
};

/* Inserts the certificate, its chain and its names, publishes them, and lists the certificate with
 * those of its names that are served for the same account. The key is there already. */
must_check int certificate_store(struct sql_tx *tx, struct act *act,
				 const struct certificate_row *row,
				 const struct chain_record *chain, struct fail *f);

must_check int certificate_delete(struct sql_tx *tx, struct act *act, const struct id *id,
				  struct fail *f);

/* FAIL_ABSENT when there is none. */
must_check int certificate_find(struct sql_tx *tx, struct arena *a, const struct id *id,
				struct certificate_row *out, struct fail *f);

/* Of one zone, or of all when zone is NULL; newest first. */
typedef bool certificate_each_f(void *arg, const struct certificate_row *row);
must_check int certificate_each(struct sql_tx *tx, const struct id *zone, certificate_each_f *each,
				void *arg, struct fail *f);

/* Those that list the name itself; a wildcard name is a name here. Newest first. */
must_check int certificate_each_listing(struct sql_tx *tx, struct slice name,
					certificate_each_f *each, void *arg, struct fail *f);

/* Those whose renewal is due; and when to look again (0: never). */
must_check int certificate_each_renewal(struct sql_tx *tx, stamp now, int limit,
					certificate_each_f *each, void *arg, struct fail *f);
must_check int certificate_set_renewal(struct sql_tx *tx, const struct id *id, stamp at,
				       struct fail *f);

/* A name is no longer served: its certificates are looked at soon. */
must_check int certificate_release(struct sql_tx *tx, const struct act *act, struct slice name,
				   struct fail *f);

/* Looks at certificates that have expired or were released and deletes those that no name lists.
 * At most `limit`; *looked tells how many it looked at. */
must_check int certificate_sweep(struct sql_tx *tx, struct act *act, int limit, int *looked,
				 struct fail *f);
