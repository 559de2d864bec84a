/* model/audit.h: the audit: who changed what, from where, what was before and what is after. Written
 * in the transaction of the change itself. No secret is ever in it.
 */
#pragma once

#include "model/act.h"

#include <jansson.h>

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

/* Writers of before and after; absent slices and zero ids are null. audit_json() takes the object
 * and answers its compact text from the arena. */
void audit_set(json_t *object, const char *key, struct slice text);
void audit_set_id(json_t *object, const char *key, const struct id *id);
void audit_set_int(json_t *object, const char *key, int64_t n);
void audit_set_bool(json_t *object, const char *key, bool b);
struct slice audit_json(struct arena *a, json_t *object);

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

/* Forgets rows older than `before`. Returns how many went in *n. */
must_check int audit_forget(struct sql_tx *tx, stamp before, int64_t *n, struct fail *f);
