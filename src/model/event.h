/* model/event.h: what happened to a zone's names by itself: certificates issued, renewed, failed.
 * For people to read; nothing is decided by it. */
#pragma once

#include "model/act.h"

struct event_row {
	stamp at;
	struct id zone;
	struct slice kind; /* "certificate.issued" */
	struct slice name;
	struct slice words;
};

must_check int event_append(struct sql_tx *tx, const struct event_row *row, struct fail *f);

/* Of one zone, newest first. The row is borrowed for the call; false ends the walk. */
typedef bool event_each_f(void *arg, const struct event_row *row);
must_check int event_each(struct sql_tx *tx, const struct id *zone, event_each_f *each, void *arg,
			  struct fail *f);

/* Forgets rows older than `before`. Returns how many went in *n. */
must_check int event_forget(struct sql_tx *tx, stamp before, int64_t *n, struct fail *f);
