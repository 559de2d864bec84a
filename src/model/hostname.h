/* model/hostname.h: custom hostnames: names outside a zone whose visitors it serves (SSL for
 * SaaS). An active one is served like a proxied record, by its own origin or the zone's fallback. */
#pragma once

#include "model/act.h"
#include "model/origin.h"

struct zone_row;

enum hostname_status {
	HOSTNAME_PENDING, /* must be proven, see owner.h */
	HOSTNAME_ACTIVE,
	HOSTNAME_MOVED, /* another account proved it since */
};

const char *hostname_status_name(enum hostname_status s); /* "pending", "active", "moved" */

struct hostname_row {
	struct id id; /* shown as a UUID */
	struct id zone;
	struct id account;
	struct slice name;
	enum hostname_status status;
	struct id ownership_token; /* shown as a UUID: value of the TXT and body of the URL */
	struct slice metadata;     /* JSON object, or absent */

	bool has_ssl;
	struct id ssl_id;
	struct slice ssl_method;        /* http, txt, email */
	struct slice ssl_type;          /* dv */
	struct slice ssl_bundle_method; /* ubiquitous, optimal, force */
	struct slice ssl_authority;     /* as asked for, or absent */
	bool ssl_wildcard;
	struct slice ssl_settings; /* JSON object */

	struct slice origin_server; /* custom_origin_server, or absent */
	struct slice origin_sni;    /* custom_origin_sni, or absent */
	struct origin_want origin;  /* our extension; host absent: origin_server or the fallback */
	struct id origin_id;        /* what the name record says; zero: the fallback */
	stamp created_at;
	stamp modified_at;
};

/* want: zone, name and all that a caller may choose. Fails with the API's codes 1406 to 1449. */
must_check int hostname_create(struct sql_tx *tx, struct act *act, const struct hostname_row *want,
			       struct hostname_row *out, struct fail *f);

/* Takes all that a caller may change (not the name) from want, found by id and zone. */
must_check int hostname_replace(struct sql_tx *tx, struct act *act, const struct hostname_row *want,
				struct hostname_row *out, struct fail *f);
must_check int hostname_delete(struct sql_tx *tx, struct act *act, const struct id *zone,
			       const struct id *id, struct fail *f);

/* The proof was seen: the hostname becomes active and its order is made. */
must_check int hostname_activate(struct sql_tx *tx, struct act *act, const struct id *id,
				 struct hostname_row *out, struct fail *f);

/* FAIL_ABSENT (1436) when the zone has none of that id. */
must_check int hostname_find(struct sql_tx *tx, struct arena *a, const struct id *zone,
			     const struct id *id, struct hostname_row *out, struct fail *f);

/* In order of name. name: exact, or absent. */
typedef bool hostname_each_f(void *arg, const struct hostname_row *row);
must_check int hostname_each(struct sql_tx *tx, const struct id *zone, struct slice name,
			     hostname_each_f *each, void *arg, struct fail *f);

/* Pending hostnames that were not checked since `before`, longest unchecked first. */
must_check int hostname_each_pending(struct sql_tx *tx, stamp before, int limit,
				     hostname_each_f *each, void *arg, struct fail *f);
must_check int hostname_checked(struct sql_tx *tx, const struct id *id, stamp now, struct fail *f);

/* ---- for src/model ---- */

/* The record `name` of the zone has changed: what uses it as an origin follows, the first ones at
 * once, the others by hostname_work(). */
must_check int hostname_server_changed(struct sql_tx *tx, struct act *act,
				       const struct zone_row *zone, struct slice name,
				       struct fail *f);
must_check int hostname_work(struct sql_tx *tx, struct act *act, bool *more, struct fail *f);
