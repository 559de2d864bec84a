/* model/choice.h: which certificates a name lists, and in which order (DESIGN 7):
 *
 * 1. a name exactly listed beats a wildcard;
 * 2. the name's own zone beats another zone;
 * 3. uploaded, custom hostname, advanced, dedicated, total, universal, standby;
 * 4. the newest live one.
 *
 * An expired certificate is listed only when there is nothing else, and then the one that ended
 * last: the least bad is served. Pure functions.
 */
#pragma once

#include "base/stamp.h"
#include "model/certificate.h"
#include "model/name_record.h"

struct choice_input {
	struct slice name;
	struct id zone;
	stamp now;
	const struct certificate_row *certs; /* any that may cover the name */
	size_t count;
};

/* Why a certificate stands where it stands. */
struct choice_reason {
	const struct certificate_row *cert;
	bool covers; /* else it is not listed at all */
	bool exact;
	bool own_zone;
	bool live; /* valid at `now` */
};

/* Fills at most NAME_CANDIDATES_MAX candidates, best first; returns how many. reasons may be NULL,
 * else has in->count places and is sorted the same way, those that do not cover last. */
size_t choice_make(const struct choice_input *in, struct name_candidate *out,
		   struct choice_reason *reasons);

/* Why a stands before b, in words: "listed exactly, the other only by its wildcard". */
const char *choice_words(const struct choice_reason *a, const struct choice_reason *b);
