/* role/control/api/rate.h: how often a token may ask: a number of requests per window, counted
 * from the token's first request in it.
 *
 * Only tokens that were found in the truth are counted, so that made-up ones cost no memory.
 */
#pragma once

#include "base/map.h"
#include "model/token.h"

struct rate {
	int64_t most;   /* requests in a window; 0: as many as they like */
	int64_t window; /* ms */
	struct map tokens;
};

struct rate_answer {
	bool refused;
	int64_t left;  /* requests */
	int64_t reset; /* seconds until the window ends */
};

void rate_init(struct rate *r, int64_t most, int64_t window);
void rate_fini(struct rate *r);

/* One request with this token at monotonic time now. */
struct rate_answer rate_ask(struct rate *r, const uint8_t hash[TOKEN_HASH], int64_t now);

/* The token turned out to be real: counted from now on. */
void rate_known(struct rate *r, const uint8_t hash[TOKEN_HASH], int64_t now);
