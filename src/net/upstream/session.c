#include "net/upstream/session.h"

#include "base/must.h"

#include <stdlib.h>

struct kept {
	struct list used;
	struct tls_session *session;
	size_t key_len;
	uint8_t key[];
};

void session_store_init(struct session_store *s, size_t most)
{
	*s = (struct session_store){ .sessions = MAP_INIT, .most = most };
	list_init(&s->used);
}

static void forget(struct session_store *s, struct kept *k)
{
	must(k != NULL);
	map_remove(&s->sessions, slice_of(k->key, k->key_len));
	list_remove(&k->used);
	tls_session_free(k->session);
	free(k);
}

static struct kept *oldest(const struct session_store *s)
{
	return list_empty(&s->used) ? NULL : container_of(s->used.prev, struct kept, used);
}

void session_store_fini(struct session_store *s)
{
	struct kept *k;

	while ((k = oldest(s)) != NULL)
		forget(s, k);
	map_free(&s->sessions);
}

struct tls_session *session_store_take(struct session_store *s, struct slice key)
{
	struct kept *k = map_get(&s->sessions, key);

	if (k == NULL)
		return NULL;
	struct tls_session *session = k->session;
	k->session = NULL;
	forget(s, k);
	return session;
}

void session_store_put(struct session_store *s, struct slice key, struct tls_session *session)
{
	if (session == NULL)
		return;
	if (s->most == 0) {
		tls_session_free(session);
		return;
	}
	struct kept *k = map_get(&s->sessions, key);
	if (k != NULL)
		forget(s, k);
	if (s->sessions.count >= s->most)
		forget(s, oldest(s));
	k = malloc(sizeof(*k) + key.n);
	must(k != NULL);
	*k = (struct kept){ .session = session, .key_len = key.n };
	memcpy(k->key, key.p, key.n);
	list_push(&s->used, &k->used);
	map_put(&s->sessions, slice_of(k->key, k->key_len), k);
}
