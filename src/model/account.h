/* model/account.h: accounts: who owns zones and tokens. */
#pragma once

#include "model/act.h"

#define ACCOUNT_NAME_MAX 160

struct account_row {
	struct id id;
	struct slice name;
	struct slice type; /* "standard", "enterprise" */
	stamp created_at;
	stamp modified_at;
};

/* want: name, type (empty: standard). */
must_check int account_create(struct sql_tx *tx, struct act *act, const struct account_row *want,
			      struct account_row *out, struct fail *f);

/* FAIL_ABSENT when there is none. */
must_check int account_find(struct sql_tx *tx, struct arena *a, const struct id *id,
			    struct account_row *out, struct fail *f);

must_check int account_replace(struct sql_tx *tx, struct act *act, const struct account_row *want,
			       struct account_row *out, struct fail *f);

/* Refused while it has zones, or when it is the last one. */
must_check int account_delete(struct sql_tx *tx, struct act *act, const struct id *id,
			      struct fail *f);

/* In order of name. The row is borrowed for the call; false ends the walk. */
typedef bool account_each_f(void *arg, const struct account_row *row);
must_check int account_each(struct sql_tx *tx, account_each_f *each, void *arg, struct fail *f);
