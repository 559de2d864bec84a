/* model/name.h: the names that are served: the truth's side of the replica's table `name`. One
 * row per name, so one holder; made and unmade with the record or hostname it comes from. */
#pragma once

#include "model/act.h"
#include "model/name_record.h"

enum name_source { NAME_FROM_RECORD, NAME_FROM_HOSTNAME };

struct name_row {
	struct slice name;
	struct id zone;
	struct id account;
	enum name_source source;
	struct id source_id;       /* the hostname; zero for records (there may be several) */
	struct id origin;          /* zero: the zone's fallback */
	bool plain;                /* no certificate is wanted */
	struct name_record record; /* as last published */
	uint64_t seq;              /* of the change record that published it */
};

/* FAIL_ABSENT when the name is not served. */
must_check int name_find(struct sql_tx *tx, struct arena *a, struct slice name,
			 struct name_row *out, struct fail *f);

/* Serves the name from now on (or changes its origin), with the certificates there are; makes an
 * order when none is valid. want: name, zone, account, source, source_id, origin; one use of the
 * origin passes to the row. Refused while another zone, or another thing of this one, serves it. */
must_check int name_serve(struct sql_tx *tx, struct act *act, const struct name_row *want,
			  struct fail *f);

/* No longer: the row goes, and its open order; its certificates are swept later. A name that is not
 * served is fine. */
must_check int name_unserve(struct sql_tx *tx, struct act *act, struct slice name, struct fail *f);

/* Chooses the certificates anew and publishes the name when they differ; makes an order when no
 * valid one is left. A name that is not served is fine. */
must_check int name_refresh(struct sql_tx *tx, struct act *act, struct slice name, struct fail *f);

typedef bool name_each_f(void *arg, const struct name_row *row);
must_check int name_each(struct sql_tx *tx, const struct id *zone, name_each_f *each, void *arg,
			 struct fail *f);
