/* base/map.h: bytes to pointer, open addressing, keyed hash (SipHash with a key drawn at start,
 * so that a peer who chooses keys cannot make them collide).
 *
 * Keys are borrowed: they live in the value's object, which outlives its place in the map.
 */
#pragma once

#include "base/slice.h"

struct map_slot {
	struct slice key;
	void *value; /* NULL: empty */
	uint64_t hash;
};

struct map {
	struct map_slot *slots;
	size_t cap;
	size_t count;
};

#define MAP_INIT                                                                                   \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

/* Once per process, before the first map: 16 random bytes. Tests may leave zeros. */
void map_seed(const uint8_t key[16]);

void map_free(struct map *m);

void *map_get(const struct map *m, struct slice key);

/* Returns the value that was there before, or NULL. value must not be NULL. */
void *map_put(struct map *m, struct slice key, void *value);

/* Returns the value that was there, or NULL. */
void *map_remove(struct map *m, struct slice key);

/* Behind the last slot. */
static inline struct map_slot *map_end(const struct map *m)
{
	return m->cap == 0 ? m->slots : m->slots + m->cap;
}

/* The map must not change inside. */
#define map_for_each(slot, m)                                                                      \
	for (struct map_slot *slot = (m)->slots; slot != map_end(m); slot++)                       \
		if (slot->value != NULL)

/* SipHash-1-3 under the process's key. */
uint64_t map_hash(struct slice key);
