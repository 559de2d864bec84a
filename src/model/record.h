/* model/record.h: DNS records of a zone (A, AAAA, CNAME now). A proxied record makes its name
 * served: a row `name`, an origin of its contents, and an order when it has no certificate. */
#pragma once

#include "model/act.h"
#include "model/origin_record.h"

struct zone_row;

enum record_type { RECORD_A, RECORD_AAAA, RECORD_CNAME };

#define RECORD_TYPES       3
#define RECORD_CONTENT_MAX 4096
#define RECORD_COMMENT_MAX 500

const char *record_type_name(enum record_type t);
must_check bool record_type_parse(struct slice text, enum record_type *out);

struct record_row {
	struct id id;
	struct id zone;
	enum record_type type;
	struct slice name;    /* FQDN, A-labels, lower case, no trailing dot */
	struct slice content; /* as submitted */
	uint32_t ttl;         /* 1: automatic */
	bool proxied;
	struct slice comment; /* absent: none */
	struct slice tags;    /* JSON array of strings */
	/* Our extension: how the origin named by a proxied record is spoken to. */
	enum origin_scheme origin_scheme;
	uint16_t origin_http_port;  /* 80 unless told otherwise */
	uint16_t origin_https_port; /* 443 unless told otherwise */
	stamp created_at;
	stamp modified_at;
};

/* want: zone, type, name (FQDN, relative or @; U-labels are converted), content, ttl (0: refused,
 * 1: automatic), proxied, comment, tags (absent: []), origin_* (ports 0: the usual ones). */
must_check int record_create(struct sql_tx *tx, struct act *act, const struct record_row *want,
			     struct record_row *out, struct fail *f);

/* The whole row anew, found by id and zone. */
must_check int record_replace(struct sql_tx *tx, struct act *act, const struct record_row *want,
			      struct record_row *out, struct fail *f);
must_check int record_delete(struct sql_tx *tx, struct act *act, const struct id *zone,
			     const struct id *id, struct fail *f);

/* FAIL_ABSENT (81044) when the zone has none of that id. */
must_check int record_find(struct sql_tx *tx, struct arena *a, const struct id *zone,
			   const struct id *id, struct record_row *out, struct fail *f);

/* In order of name, type, content. name: exact (normalised), or absent. */
typedef bool record_each_f(void *arg, const struct record_row *row);
must_check int record_each(struct sql_tx *tx, const struct id *zone, struct slice name,
			   record_each_f *each, void *arg, struct fail *f);

/* Serves the name as its proxied records say now, or no longer. For src/model. */
must_check int record_sync_name(struct sql_tx *tx, struct act *act, const struct zone_row *zone,
				struct slice name, struct fail *f);

/* Names behind `after` that have proxied records, in order; at most `limit`. */
must_check int record_proxied_after(struct sql_tx *tx, struct arena *a, const struct id *zone,
				    struct slice after, struct slice *names, int limit, int *count,
				    struct fail *f);
