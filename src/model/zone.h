/* model/zone.h: zones: a domain that an account claims and, once active, holds. Several accounts
 * may claim one zone name; one holds it (see owner.h for who). */
#pragma once

#include "model/act.h"
#include "model/zone_record.h"

enum zone_status {
	ZONE_STATUS_PENDING,
	ZONE_STATUS_ACTIVE,
	ZONE_STATUS_MOVED,   /* another account has proven it since */
	ZONE_STATUS_DELETED, /* never seen from outside: what is left of it is being removed */
};
enum zone_type { ZONE_TYPE_FULL, ZONE_TYPE_PARTIAL };

const char *zone_status_name(enum zone_status s); /* "pending", "active", "moved" */
const char *zone_type_name(enum zone_type t);     /* "full", "partial" */
must_check bool zone_type_parse(struct slice text, enum zone_type *out);

struct zone_row {
	struct id id;
	struct id account;
	struct slice name; /* A-labels, lower case */
	enum zone_type type;
	enum zone_status status;
	bool paused;
	struct slice verification_key; /* TXT of everseal-verify.NAME and cloudflare-verify.NAME */
	enum ssl_mode ssl;             /* the setting of that name, kept with the row */
	struct id fallback_origin;     /* zero: none */
	struct slice fallback_host;    /* as given; empty: none */
	stamp fallback_created_at;
	stamp fallback_updated_at;
	uint64_t version;
	stamp created_at;
	stamp modified_at;
	stamp activated_at; /* 0: never */
	stamp checked_at;   /* last activation check; 0: never */
};

/* want: account, name (any case, U-labels are converted), type. */
must_check int zone_create(struct sql_tx *tx, struct act *act, const struct zone_row *want,
			   struct zone_row *out, struct fail *f);

/* FAIL_ABSENT when there is none. */
must_check int zone_find(struct sql_tx *tx, struct arena *a, const struct id *id,
			 struct zone_row *out, struct fail *f);

/* The active zone that contains the name (the longest one); FAIL_ABSENT when there is none. */
must_check int zone_find_containing(struct sql_tx *tx, struct arena *a, struct slice name,
				    struct zone_row *out, struct fail *f);

/* Takes paused and type from want. */
must_check int zone_replace(struct sql_tx *tx, struct act *act, const struct zone_row *want,
			    struct zone_row *out, struct fail *f);

/* Its records, hostnames, names, settings, certificates go with it: at once when they are few, else
 * upkeep goes on with zone_work(). */
must_check int zone_delete(struct sql_tx *tx, struct act *act, const struct id *id, struct fail *f);

/* The TXT proof was seen (or activation is trust): makes a pending zone active, unless another
 * account holds the name without having lost it. Answers the row as it is then. */
must_check int zone_activate(struct sql_tx *tx, struct act *act, const struct id *id, bool proven,
			     struct zone_row *out, struct fail *f);

/* host: a name, or absent to take the fallback origin away. Ports 0: 80 and 443. */
struct origin_want;
must_check int zone_fallback_put(struct sql_tx *tx, struct act *act, const struct id *id,
				 const struct origin_want *want, struct zone_row *out,
				 struct fail *f);

/* Of one account, or of all when account is NULL; in order of name. name: exact, or absent. */
typedef bool zone_each_f(void *arg, const struct zone_row *row);
must_check int zone_each(struct sql_tx *tx, const struct id *account, struct slice name,
			 zone_each_f *each, void *arg, struct fail *f);

/* Pending zones that were not checked since `before`, longest unchecked first. */
must_check int zone_each_pending(struct sql_tx *tx, stamp before, int limit, zone_each_f *each,
				 void *arg, struct fail *f);
must_check int zone_checked(struct sql_tx *tx, const struct id *id, stamp now, struct fail *f);

/* What became larger than one transaction: serves the records of a zone that became active, removes
 * what is left of a deleted one. Does a part of one zone's work; *more tells whether to call again
 * (in another transaction). */
must_check int zone_work(struct sql_tx *tx, struct act *act, bool *more, struct fail *f);

/* ---- for src/model ---- */

/* Writes a changed row, counts its version up and publishes it. */
must_check int zone_save(struct sql_tx *tx, struct act *act, struct zone_row *z, struct fail *f);

/* The origin of a proxied record of the zone (one more use of it), or zero. */
must_check int zone_origin_of_record(struct sql_tx *tx, const struct act *act,
				     const struct zone_row *z, struct slice host, struct id *out,
				     struct fail *f);

/* The record `name` has changed: the fallback origin follows it. */
must_check int zone_fallback_follow(struct sql_tx *tx, struct act *act, const struct id *id,
				    struct slice name, struct fail *f);
