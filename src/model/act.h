/* model/act.h: who changes the truth, when and under which rules. Every operation that changes
 * intent takes one; its audit row and its change records are written in the caller's transaction.
 *
 * Operations (X_create, X_replace, X_delete) check everything themselves and answer a refusal as
 * a struct fail with the API's code: callers parse, call, and show the row that comes back. Rows'
 * slices are borrowed from the act's arena.
 */
#pragma once

#include "base/arena.h"
#include "base/fail.h"
#include "base/id.h"
#include "base/stamp.h"

struct dns_nets;
struct sql_tx;

enum activation {
	ACTIVATION_TRUST, /* a free name is its claimant's at once */
	ACTIVATION_TXT,   /* after a TXT record proved control */
};

/* The operator's choices that bear on rules. Constant for the life of the process. */
struct model_config {
	enum activation activation;
	const struct slice *own_names; /* names of this installation: nobody may claim them */
	size_t own_name_count;
	stamp leaf_lifetime; /* of certificates from the built-in CA */
	const struct dns_nets
		*origin_allow; /* origins may be there although it is no public place */
};

struct act {
	struct arena *arena;
	const struct model_config *config;
	stamp now;
	struct id account; /* of the token; zero: the system itself */
	struct id token;   /* zero: the system itself */
	const char *address;

	/* Filled by operations, for the caller to use after the commit. */
	uint64_t seq; /* of the last change record; 0: none */
	bool ordered; /* a certificate order is due: wake the order runner */
};
