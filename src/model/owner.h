/* model/owner.h: names have one owner: claimed per account, held by one. The one function that
 * decides, its inputs, and what may be claimed at all. Pure.
 */
#pragma once

#include "model/act.h"

enum owner_kind { OWNER_ZONE, OWNER_HOSTNAME };

/* Somebody who holds a name already (an active zone or an active hostname) that is equal to the
 * claimed one, above it or below it. */
struct owner_holder {
	struct slice name;
	struct id account;
	enum owner_kind kind;
};

struct owner_claim {
	struct slice name;
	struct id account;
	enum owner_kind kind;
	bool standing; /* the claim has a row already, which is not to be taken for a holder */
	bool proven;   /* a TXT record of this claim was seen now */
	enum activation activation;
};

enum owner_answer {
	OWNER_HELD,      /* the claimant holds it from now on */
	OWNER_PENDING,   /* claimed; a proof will make it held */
	OWNER_TAKES,     /* held from now on; the equal holder of another account loses it */
	OWNER_DUPLICATE, /* the account has this very thing already */
};

enum owner_answer owner_decide(const struct owner_claim *claim, const struct owner_holder *holders,
			       size_t count);

/* "is held by another account; publish the TXT record to prove that it is yours" */
const char *owner_answer_words(enum owner_answer a);

/* May a zone (a custom hostname) have this name at all? In and out: text may be of any case, *name
 * gets the one spelling, from the arena. Refuses single labels, addresses, public suffixes and our
 * own names, with the API's codes; custom hostnames refuse U-labels too and say the punycode. */
must_check int owner_zone_name(struct slice text, const struct model_config *config,
			       struct arena *a, struct slice *name, struct fail *f);
must_check int owner_hostname_name(struct slice text, const struct model_config *config,
				   struct arena *a, struct slice *name, struct fail *f);

/* Decides with the holders that the truth knows. */
must_check int owner_decide_in(struct sql_tx *tx, const struct owner_claim *claim,
			       enum owner_answer *out, struct fail *f);
