/* net/upstream/session.h: TLS sessions of origins, one per pool key, the least recently used
 * leaving first. A session stays under the key under which it was made, so that none crosses to
 * another name or to stricter rules. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "proto/tls/client.h"

struct session_store {
	struct map sessions; /* private */
	struct list used;
	size_t most;
};

void session_store_init(struct session_store *s, size_t most);
void session_store_fini(struct session_store *s);

/* Takes the session out (a ticket is best used once); NULL: none. The caller frees it. */
struct tls_session *session_store_take(struct session_store *s, struct slice key);

/* The store owns the session from now on; NULL does nothing. */
void session_store_put(struct session_store *s, struct slice key, struct tls_session *session);
