/* Open addressing with linear probing and backward-shift deletion: no tombstones, so a map under
 * churn stays as fast as a fresh one. Filled to three quarters at the most. */
#include "base/map.h"

#include <stdlib.h>

#include "base/must.h"

static uint64_t seed[2];

void map_seed(const uint8_t key[16])
{
	memcpy(seed, key, sizeof(seed));
}

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* Aumasson, Bernstein: "SipHash: a fast short-input PRF", with 1 and 3 rounds. */
uint64_t map_hash(struct slice key)
{
	uint64_t v[4] = { seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d,
			  seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573 };
	uint64_t last = (uint64_t)key.n << 56;
	size_t i = 0;

	for (; i + 8 <= key.n; i += 8) {
		uint64_t word;

		memcpy(&word, key.p + i, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	for (int shift = 0; i < key.n; i++, shift += 8)
		last |= (uint64_t)key.p[i] << shift;
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int round = 0; round < 3; round++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map)MAP_INIT;
}

/* The slot that holds the key, or the empty one where it would go. */
static struct map_slot *find(const struct map *m, struct slice key, uint64_t hash)
{
	size_t at = hash & (m->cap - 1);

	while (m->slots[at].value != NULL &&
	       (m->slots[at].hash != hash || !slice_eq(m->slots[at].key, key)))
		at = (at + 1) & (m->cap - 1);
	return &m->slots[at];
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap == 0 ? 16 : old.cap * 2;
	m->slots = calloc(m->cap, sizeof(*m->slots));
	must(m->slots != NULL);
	map_for_each (slot, &old)
		*find(m, slot->key, slot->hash) = *slot;
	free(old.slots);
}

void *map_get(const struct map *m, struct slice key)
{
	return m->count == 0 ? NULL : find(m, key, map_hash(key))->value;
}

void *map_put(struct map *m, struct slice key, void *value)
{
	must(value != NULL);
	if (m->count + 1 > m->cap / 4 * 3)
		grow(m);
	uint64_t hash = map_hash(key);
	struct map_slot *slot = find(m, key, hash);
	void *before = slot->value;

	*slot = (struct map_slot){ key, value, hash };
	m->count += before == NULL;
	return before;
}

static void close_gap(struct map *m, size_t gap)
{
	size_t mask = m->cap - 1;

	for (size_t at = (gap + 1) & mask; m->slots[at].value != NULL; at = (at + 1) & mask) {
		size_t home = m->slots[at].hash & mask;

		/* stays when its home lies behind the gap (cyclically) */
		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		m->slots[gap] = m->slots[at];
		gap = at;
	}
	m->slots[gap] = (struct map_slot){ SLICE_NONE, NULL, 0 };
}

void *map_remove(struct map *m, struct slice key)
{
	if (m->count == 0)
		return NULL;
	struct map_slot *slot = find(m, key, map_hash(key));
	void *value = slot->value;

	if (value == NULL)
		return NULL;
	m->count--;
	close_gap(m, (size_t)(slot - m->slots));
	return value;
}
