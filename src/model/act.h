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
	/* May tenants name this address (origin_record's form) as an origin? */
	bool (*origin_allowed)(const struct model_config *, const uint8_t *address, size_t n);
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

/* What the audit row says. before and after are compact JSON, or absent. */
struct audit_note {
	const char *action;      /* "zone.create" */
	const char *object_kind; /* "zone" */
	struct id object;
	struct slice object_name;
	struct id account; /* whose object it is */
	struct id zone;    /* zero: none */
	struct slice before;
	struct slice after;
};

must_check int audit_append(struct sql_tx *tx, const struct act *act, const struct audit_note *note,
			    struct fail *f);

struct audit_row {
	struct id id;
	stamp at;
	struct id token;
	struct id account;
	struct id zone;
	struct slice address;
	struct slice action;
	struct slice object_kind;
	struct id object;
	struct slice object_name;
	struct slice before;
	struct slice after;
};

/* Newest first; the row is borrowed for the call. A callback that returns false ends the walk. */
typedef bool audit_each_f(void *arg, const struct audit_row *row);
must_check int audit_each(struct sql_tx *tx, const struct id *account, stamp before,
			  audit_each_f *each, void *arg, struct fail *f);
