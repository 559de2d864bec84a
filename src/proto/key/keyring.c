/* All keys of a ring lie in one locked page; beside it are only ids and times, which are public.
 * Index 0 is the current key. */
#include "proto/key/keyring.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "proto/crypto/crypto.h"
#include "proto/key/keyring_priv.h"

#define HEAD "everseal-kek 1"

struct entry {
	struct id id;
	stamp created;
};

struct keyring {
	struct secret keys; /* KEYRING_KEY bytes each */
	struct entry entries[KEYRING_KEYS_MAX];
	size_t count;
};

static struct id id_of(const uint8_t key[KEYRING_KEY])
{
	uint8_t mac[CRYPTO_SHA256];
	struct id id;

	crypto_hmac_sha256(slice_of(key, KEYRING_KEY), slice_lit("everseal-kek-id"), mac);
	memcpy(id.b, mac, ID_LEN);
	return id;
}

static uint8_t *key_at(const struct keyring *k, size_t i)
{
	return k->keys.p + i * KEYRING_KEY;
}

static struct keyring *ring_empty(void)
{
	struct keyring *k = calloc(1, sizeof(*k));

	must(k != NULL);
	secret_new(&k->keys, (size_t)KEYRING_KEYS_MAX * KEYRING_KEY);
	return k;
}

/* At the front: it is the current one. */
static void ring_push(struct keyring *k, const uint8_t key[KEYRING_KEY], stamp created)
{
	must(k->count < KEYRING_KEYS_MAX);
	memmove(key_at(k, 1), key_at(k, 0), k->count * KEYRING_KEY);
	memmove(k->entries + 1, k->entries, k->count * sizeof(struct entry));
	memcpy(key_at(k, 0), key, KEYRING_KEY);
	k->entries[0] = (struct entry){ id_of(key), created };
	k->count++;
}

static void ring_append(struct keyring *k, const uint8_t key[KEYRING_KEY], stamp created)
{
	must(k->count < KEYRING_KEYS_MAX);
	memcpy(key_at(k, k->count), key, KEYRING_KEY);
	k->entries[k->count++] = (struct entry){ id_of(key), created };
}

struct keyring *keyring_new(const uint8_t random[KEYRING_KEY], stamp created)
{
	struct keyring *k = ring_empty();

	ring_push(k, random, created);
	return k;
}

void keyring_free(struct keyring *k)
{
	if (k == NULL)
		return;
	secret_drop(&k->keys);
	free(k);
}

/* One line as read. */
struct line {
	int number;
	struct id id;
	uint8_t key[KEYRING_KEY];
	stamp created;
	bool current;
};

static bool key_read(struct slice text, uint8_t key[KEYRING_KEY])
{
	struct buf b = BUF_INIT;
	bool good;

	buf_reserve(&b, text.n + 4);
	good = text.n <= 64 && text_unbase64(text, &b) && b.n == KEYRING_KEY;
	if (good)
		memcpy(key, b.p, KEYRING_KEY);
	buf_free_wiped(&b);
	return good;
}

static int line_read(struct slice text, struct line *out, struct fail *f)
{
	struct slice field[4], extra;
	struct id expected;

	for (size_t i = 0; i < 4; i++)
		if (!slice_split(&text, ' ', &field[i]))
			return fail(f, FAIL_INPUT,
				    "keyring line %d: wants four fields: id, key, time, "
				    "\"current\" or \"old\"",
				    out->number);
	if (slice_split(&text, ' ', &extra))
		return fail(f, FAIL_INPUT, "keyring line %d: more than four fields", out->number);
	if (field[0].n != ID_HEX || !id_parse(field[0], &out->id))
		return fail(f, FAIL_INPUT, "keyring line %d: the id is not 32 hex digits",
			    out->number);
	if (!key_read(field[1], out->key))
		return fail(f, FAIL_INPUT, "keyring line %d: the key is not base64 of 32 bytes",
			    out->number);
	if (!stamp_parse(field[2], &out->created) || out->created < 0)
		return fail(f, FAIL_INPUT,
			    "keyring line %d: the time is not as in "
			    "2026-01-31T12:00:00Z",
			    out->number);
	out->current = slice_eq_str(field[3], "current");
	if (!out->current && !slice_eq_str(field[3], "old"))
		return fail(f, FAIL_INPUT, "keyring line %d: says neither \"current\" nor \"old\"",
			    out->number);
	expected = id_of(out->key);
	if (!id_eq(&expected, &out->id))
		return fail(f, FAIL_INPUT,
			    "keyring line %d: the key does not belong to its id: the line was "
			    "copied with a mistake",
			    out->number);
	return 0;
}

static int line_take(struct keyring *k, const struct line *line, bool *seen, struct fail *f)
{
	if (keyring_has(k, &line->id))
		return fail(f, FAIL_INPUT, "keyring line %d: this key stands in it twice",
			    line->number);
	if (k->count == KEYRING_KEYS_MAX)
		return fail(f, FAIL_INPUT, "keyring line %d: more than %d keys", line->number,
			    KEYRING_KEYS_MAX);
	if (line->current && *seen)
		return fail(f, FAIL_INPUT, "keyring line %d: a second current key: only one wraps",
			    line->number);
	*seen = *seen || line->current;
	if (line->current)
		ring_push(k, line->key, line->created);
	else
		ring_append(k, line->key, line->created);
	return 0;
}

static int lines_read(struct keyring *k, struct slice text, struct fail *f)
{
	bool current = false, head = false;
	struct line line = { 0 };
	struct slice s;
	int r = 0;

	while (r == 0 && slice_split(&text, '\n', &s)) {
		line.number++;
		if (slice_ends(s, slice_lit("\r")))
			s.n--;
		if (s.n == 0 || s.p[0] == '#')
			continue;
		if (!head && !slice_eq_str(s, HEAD))
			r = fail(f, FAIL_INPUT, "keyring line %d: a keyring begins with \"%s\"",
				 line.number, HEAD);
		else if (head && (r = line_read(s, &line, f)) == 0)
			r = line_take(k, &line, &current, f);
		head = true;
	}
	explicit_bzero(&line, sizeof(line));
	if (r == 0 && !current)
		r = fail(f, FAIL_INPUT, "the keyring has no current key");
	return r;
}

int keyring_parse(struct slice text, struct keyring **out, struct fail *f)
{
	struct keyring *k;

	if (text.n > KEYRING_TEXT_MAX)
		return fail(f, FAIL_INPUT, "the keyring is longer than %d bytes", KEYRING_TEXT_MAX);
	k = ring_empty();
	if (lines_read(k, text, f) < 0) {
		keyring_free(k);
		return -1;
	}
	*out = k;
	return 0;
}

static void line_write(const struct keyring *k, size_t i, struct buf *b)
{
	char id[ID_HEX + 1], at[STAMP_TEXT];

	id_hex(&k->entries[i].id, id);
	stamp_text(k->entries[i].created, at);
	buf_addf(b, "%s ", id);
	text_base64(slice_of(key_at(k, i), KEYRING_KEY), b);
	buf_addf(b, " %s %s\n", at, i == 0 ? "current" : "old");
}

void keyring_text(const struct keyring *k, struct secret *out)
{
	struct buf b = BUF_INIT;

	buf_reserve(&b, KEYRING_TEXT_MAX);
	buf_add_str(&b, HEAD "\n");
	for (size_t i = 0; i < k->count; i++)
		line_write(k, i, &b);
	secret_drop(out);
	secret_new(out, b.n);
	memcpy(out->p, b.p, b.n);
	buf_free_wiped(&b);
}

int keyring_rotate(struct keyring *k, const uint8_t random[KEYRING_KEY], stamp created,
		   struct fail *f)
{
	struct id id = id_of(random);

	if (k->count == KEYRING_KEYS_MAX)
		return fail(f, FAIL_LIMIT, "the keyring holds %d keys already: forget old ones",
			    KEYRING_KEYS_MAX);
	if (keyring_has(k, &id))
		return fail(f, FAIL_CONFLICT, "the keyring has this key already");
	ring_push(k, random, created);
	return 0;
}

static size_t index_of(const struct keyring *k, const struct id *id)
{
	size_t i = 0;

	while (i < k->count && !id_eq(&k->entries[i].id, id))
		i++;
	return i;
}

int keyring_forget(struct keyring *k, const struct id *id, struct fail *f)
{
	size_t i = index_of(k, id), after;

	if (i == k->count)
		return fail(f, FAIL_ABSENT, "the keyring has no such key");
	if (i == 0)
		return fail(f, FAIL_CONFLICT, "the current key cannot be forgotten: rotate first");
	after = k->count - i - 1;
	memmove(key_at(k, i), key_at(k, i + 1), after * KEYRING_KEY);
	memmove(k->entries + i, k->entries + i + 1, after * sizeof(struct entry));
	k->count--;
	explicit_bzero(key_at(k, k->count), KEYRING_KEY);
	return 0;
}

size_t keyring_count(const struct keyring *k)
{
	return k->count;
}

struct id keyring_current(const struct keyring *k)
{
	return k->entries[0].id;
}

bool keyring_has(const struct keyring *k, const struct id *id)
{
	return index_of(k, id) < k->count;
}

struct id keyring_id(const struct keyring *k, size_t i)
{
	must(i < k->count);
	return k->entries[i].id;
}

stamp keyring_created(const struct keyring *k, size_t i)
{
	must(i < k->count);
	return k->entries[i].created;
}

const uint8_t *keyring_secret_find(const struct keyring *k, const struct id *id)
{
	size_t i = index_of(k, id);

	return i == k->count ? NULL : key_at(k, i);
}
