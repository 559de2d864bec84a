/* role/control/upkeep.h: what control does by itself: orders renewals, removes what has expired,
 * looks up TXT proofs of pending zones and hostnames, and cuts the change log, the audit and the
 * events to what the retention settings say.
 */
#pragma once

#include "base/fail.h"
#include "base/id.h"

struct truth;
struct upkeep;

must_check int upkeep_open(struct upkeep **out, struct truth *truth, struct fail *f);
void upkeep_close(struct upkeep *u); /* NULL is fine */

/* Look for this zone's or hostname's proof now instead of at its next turn. */
void upkeep_check_zone(struct upkeep *u, const struct id *zone);
void upkeep_check_hostname(struct upkeep *u, const struct id *hostname);
