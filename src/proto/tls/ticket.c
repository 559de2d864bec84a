/* Each slot is a sequence lock: the writer makes `turn` odd, writes, makes it even; a reader that
 * saw it odd or changed reads again. A writer that died in the middle leaves an odd turn: that
 * hour counts as missing and is written anew by the next. */
#include "proto/tls/ticket.h"

#define WORDS (TICKET_KEY / 8)
#define TRIES 8

static void slot_write(struct ticket_slot *s, uint64_t hour, const uint64_t key[WORDS])
{
	uint64_t turn = atomic_load_explicit(&s->turn, memory_order_relaxed) | 1;

	atomic_store_explicit(&s->turn, turn, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&s->hour, hour, memory_order_relaxed);
	for (size_t i = 0; i < WORDS; i++)
		atomic_store_explicit(&s->key[i], key[i], memory_order_relaxed);
	atomic_store_explicit(&s->turn, turn + 1, memory_order_release);
}

/* False: it was being written. */
static bool slot_read(const struct ticket_slot *s, uint64_t *hour, uint64_t key[WORDS])
{
	uint64_t turn = atomic_load_explicit(&s->turn, memory_order_acquire);

	*hour = atomic_load_explicit(&s->hour, memory_order_relaxed);
	for (size_t i = 0; i < WORDS; i++)
		key[i] = atomic_load_explicit(&s->key[i], memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	return turn % 2 == 0 && turn == atomic_load_explicit(&s->turn, memory_order_relaxed);
}

void ticket_page_put(struct ticket_page *page, uint64_t hour, const uint8_t key[TICKET_KEY])
{
	uint64_t words[WORDS];

	memcpy(words, key, sizeof(words));
	slot_write(&page->slots[hour % TICKET_SLOTS], hour, words);
	explicit_bzero(words, sizeof(words));
}

bool ticket_page_get(const struct ticket_page *page, uint64_t hour, uint8_t key[TICKET_KEY])
{
	const struct ticket_slot *s = &page->slots[hour % TICKET_SLOTS];
	uint64_t words[WORDS], at = 0, any = 0;
	bool read = false;

	for (int i = 0; i < TRIES && !read; i++)
		read = slot_read(s, &at, words);
	for (size_t i = 0; i < WORDS; i++)
		any |= words[i];
	read = read && at == hour && any != 0;
	if (read)
		memcpy(key, words, TICKET_KEY);
	explicit_bzero(words, sizeof(words));
	return read;
}

static int key_ensure(struct ticket_page *page, uint64_t hour, void (*random)(void *p, size_t n))
{
	uint8_t key[TICKET_KEY];
	int made = 0;

	if (!ticket_page_get(page, hour, key)) {
		random(key, sizeof(key));
		ticket_page_put(page, hour, key);
		made = 1;
	}
	explicit_bzero(key, sizeof(key));
	return made;
}

int ticket_page_turn(struct ticket_page *page, stamp now, void (*random)(void *p, size_t n))
{
	static const uint64_t none[WORDS];
	uint64_t hour = ticket_hour(now);

	for (size_t i = 0; i < TICKET_SLOTS; i++) {
		struct ticket_slot *s = &page->slots[i];
		uint64_t at = atomic_load_explicit(&s->hour, memory_order_relaxed);

		if (at + TICKET_KEPT < hour || at > hour + 1)
			slot_write(s, 0, none);
	}
	return key_ensure(page, hour, random) + key_ensure(page, hour + 1, random);
}
