/* role/ca/issue.h: an order becomes a certificate. What is asked is judged here again, whatever
 * control has judged before: names, validity, and that the asker holds the key. */
#pragma once

#include "role/ca/authority.h"

#define CA_LIFE_MAX (398 * STAMP_DAY)

/* Why it may not be issued, or 0. */
must_check int ca_issue_check(const struct authorities *as, const struct ca_issue_ask *ask,
			      stamp now, struct fail *f);

/* The same order gets the same certificate; other names or another key under it are a conflict.
 * *out borrows from the arena and from the authorities. */
must_check int ca_issue(const struct authorities *as, struct sql_tx *tx,
			const struct ca_issue_ask *ask, stamp now, struct arena *a,
			struct ca_issued *out, struct fail *f);
