#include "role/control/api/rate.h"

#include "base/must.h"

#include <stdlib.h>

/* Tokens counted at a time; beyond it the windows that have ended are forgotten. */
#define RATE_TOKENS 4096

struct bucket {
	uint8_t hash[TOKEN_HASH];
	int64_t began;
	int64_t used;
};

void rate_init(struct rate *r, int64_t most, int64_t window)
{
	*r = (struct rate){ .most = most, .window = window, .tokens = MAP_INIT };
}

void rate_fini(struct rate *r)
{
	map_for_each (slot, &r->tokens)
		free(slot->value);
	map_free(&r->tokens);
}

static struct bucket *find(const struct rate *r, const uint8_t *hash)
{
	return map_get(&r->tokens, slice_of(hash, TOKEN_HASH));
}

struct rate_answer rate_ask(struct rate *r, const uint8_t hash[TOKEN_HASH], int64_t now)
{
	struct bucket *b = find(r, hash);

	if (r->most == 0 || b == NULL)
		return (struct rate_answer){ .left = r->most, .reset = r->window / 1000 };
	if (now - b->began >= r->window) {
		b->began = now;
		b->used = 0;
	}
	int64_t reset = (b->began + r->window - now + 999) / 1000;
	if (b->used >= r->most)
		return (struct rate_answer){ .refused = true, .reset = reset };
	b->used++;
	return (struct rate_answer){ .left = r->most - b->used, .reset = reset };
}

/* Makes a new map of the windows that still run, half of the places at most: to forget one errs on the
 * side of the caller. */
static void sweep(struct rate *r, int64_t now)
{
	struct map kept = MAP_INIT;

	map_for_each (slot, &r->tokens) {
		struct bucket *b = slot->value;
		if (now - b->began < r->window && kept.count < RATE_TOKENS / 2)
			(void)map_put(&kept, slice_of(b->hash, TOKEN_HASH), b);
		else
			free(b);
	}
	map_free(&r->tokens);
	r->tokens = kept;
}

void rate_known(struct rate *r, const uint8_t hash[TOKEN_HASH], int64_t now)
{
	if (r->most == 0 || find(r, hash) != NULL)
		return;
	if (r->tokens.count >= RATE_TOKENS)
		sweep(r, now);
	struct bucket *b = calloc(1, sizeof(*b));
	must(b != NULL);
	memcpy(b->hash, hash, TOKEN_HASH);
	b->began = now;
	b->used = 1;
	(void)map_put(&r->tokens, slice_of(b->hash, TOKEN_HASH), b);
}
