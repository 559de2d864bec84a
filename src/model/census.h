/* model/census.h: how many there are of each thing. */
#pragma once

#include "model/act.h"

struct census {
	int64_t zones;
	int64_t hostnames;
	int64_t names; /* that are served */
	int64_t certificates;
	int64_t orders;  /* open ones */
	int64_t failing; /* of these, tried before in vain */
};

must_check int census_take(struct sql_tx *tx, struct census *out, struct fail *f);

/* How many keys each key-encryption key wraps, and when it first did. */
typedef void census_kek_f(void *arg, const struct id *kek, int64_t keys, stamp since);
must_check int census_keks(struct sql_tx *tx, census_kek_f *each, void *arg, struct fail *f);
