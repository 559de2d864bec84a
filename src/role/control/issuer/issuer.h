/* role/control/issuer/issuer.h: who issues certificates. An issuer is one file with one const
 * struct, and a row of the list in list.c. It is handed everything an order knows, says nothing of
 * states or retries (model/order.h does) and answers once.
 */
#pragma once

#include "base/id.h"
#include "model/ca_message.h"
#include "role/control/ca_link.h"

/* One attempt. What is asked is borrowed until on_done(). */
struct issuance {
	struct id order; /* asked again with the same order, an issuer gives the same certificate */
	struct slice name;
	struct slice spki;
	struct slice proof; /* the key signed ca_proof_text() of the order */
	stamp not_before;
	stamp not_after;
	struct ca_link *ca;

	/* got (borrowed), or f. FAIL_INPUT, FAIL_DENIED and FAIL_CONFLICT mean that trying again
	 * does not help. Never called inside issue(). */
	void (*on_done)(struct issuance *i, const struct ca_issued *got, const struct fail *f);

	struct ca_wait wait; /* the issuer's own */
};

struct issuer {
	const char *name; /* as orders name it: "local" */
	void (*issue)(struct issuance *i);
	void (*cancel)(struct issuance *i);
};

/* Ended by NULL. */
extern const struct issuer *const issuers[];
extern const struct issuer issuer_local;

/* NULL when there is none of this name. */
const struct issuer *issuer_named(struct slice name);
