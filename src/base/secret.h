/* base/secret.h: bytes that must not leak: locked in memory, left out of core dumps, wiped when
 * dropped, never printed. Each secret has pages of its own, so hold few; many small secrets go
 * into one (the keyring does that). */
#pragma once

#include "base/slice.h"

struct secret {
	uint8_t *p; /* NULL: nothing held */
	size_t n;
	size_t mapped; /* private */
};

#define SECRET_INIT                                                                                \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

/* n zero bytes in locked pages. Locking may be refused by a limit; pages are then unlocked but
 * still out of dumps (secret_locked() tells). */
void secret_new(struct secret *s, size_t n);

bool secret_locked(const struct secret *s);

/* Wipes and unmaps; a secret with nothing held may be dropped. */
void secret_drop(struct secret *s);

static inline struct slice secret_slice(const struct secret *s)
{
	return slice_of(s->p, s->n);
}
