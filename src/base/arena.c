#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_BLOCK 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_BLOCK 0
#endif
#endif
#ifndef ARENA_BLOCK
#define ARENA_BLOCK 4000
#endif

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	max_align_t bytes[];
};

static struct arena_block *block_new(struct arena *a, size_t size)
{
	struct arena_block *b = malloc(sizeof(*b) + size);

	must(b != NULL);
	b->next = a->blocks;
	b->used = 0;
	b->size = size;
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;

	must(n < SIZE_MAX / 2);
	a->held += n;
	if (ARENA_BLOCK > 0)
		n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (b == NULL || b->size - b->used < n || ARENA_BLOCK == 0)
		b = block_new(a, n > ARENA_BLOCK ? n : ARENA_BLOCK);
	uint8_t *p = (uint8_t *)b->bytes + b->used;

	b->used += n;
	return memset(p, 0, n);
}

struct slice arena_copy(struct arena *a, struct slice s)
{
	uint8_t *p = arena_alloc(a, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return slice_of(p, s.n);
}

char *arena_str(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	must(n >= 0);
	char *p = arena_alloc(a, (size_t)n + 1);

	va_start(args, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, args);
	va_end(args);
	return p;
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->blocks;

	a->held = 0;
	if (keep == NULL || keep->size != ARENA_BLOCK || ARENA_BLOCK == 0) {
		arena_free(a);
		return;
	}
	a->blocks = keep->next;
	arena_free(a);
	keep->next = NULL;
	keep->used = 0;
	a->blocks = keep;
}

void arena_free(struct arena *a)
{
	struct arena_block *b = a->blocks;

	while (b != NULL) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
	*a = (struct arena)ARENA_INIT;
}
