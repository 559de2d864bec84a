/* proto/tls/client.h: the client's end, for connections to origins.
 *
 * TLS 1.2 and 1.3. Whether the origin must prove itself is said per connection: TLS_VERIFY_NONE
 * (encrypt to whoever answers) or TLS_VERIFY_STRICT (a chain to one of the trusted roots, valid
 * now, for this name or address). Sessions are kept by the caller beside its pool: a session
 * made under one trust must not be offered under another, so keep them by the pool's key.
 */
#pragma once

#include "base/fail.h"
#include "proto/tls/conn.h"

struct tls_client;

enum tls_verify { TLS_VERIFY_NONE, TLS_VERIFY_STRICT };

/* roots: PEM texts, read by the caller (the system's bundle, one of the operator's); an absent slice
 * adds nothing. A broken certificate of the system's bundle is skipped when the other is NULL;
 * in `extra` it is a failure. */
must_check int tls_client_new(struct slice system_roots, struct slice extra_roots,
			      struct tls_client **out, struct fail *f);
void tls_client_free(struct tls_client *t);
size_t tls_client_root_count(const struct tls_client *t);

struct tls_target {
	const char *name; /* host name or address literal: SNI (names only) and what is verified */
	enum tls_verify verify;
	bool h2;                     /* offer h2 before http/1.1 */
	struct tls_session *session; /* to resume; NULL: none. Stays the caller's. */
};

/* The first step makes the ClientHello. */
struct tls_conn *tls_client_conn(struct tls_client *t, const struct tls_target *to);

/* The newest session the peer gave, or NULL; it is the caller's now (TLS 1.3: ask when the
 * connection ends or after reading; each ticket is best used once). */
struct tls_session *tls_conn_session_take(struct tls_conn *c);
void tls_session_free(struct tls_session *s); /* NULL is legal */
