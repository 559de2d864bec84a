/* proto/tls/conn_priv.h: a connection's inside, for the two ends (server.c, client.c). */
#pragma once

#include <openssl/ssl.h>

#include "base/buf.h"
#include "proto/tls/conn.h"

#define PLACE_SIZE (64 * 1024)

/* Where a worker receives: one connection at a time holds unread bytes in it. */
struct tls_place {
	uint8_t *p; /* PLACE_SIZE */
	struct tls_conn *holder;
};

void tls_place_init(struct tls_place *p);
void tls_place_fini(struct tls_place *p);

enum tls_phase { PHASE_COLLECT, PHASE_ASK, PHASE_SHAKE, PHASE_OPEN, PHASE_FAILED };

struct tls_conn {
	enum tls_phase phase;
	bool eof;    /* the peer's end of stream arrived */
	bool closed; /* our close_notify is queued */
	bool h2;     /* servers: may be chosen */
	bool strict; /* clients: the origin must have been verified */
	SSL *ssl;    /* NULL before a ClientHello was answered */
	struct tls_place *place;
	struct slice unread; /* in the place or in `in` */
	struct buf in;
	struct buf out;
	size_t sent; /* bytes of out */
	char *error; /* NULL: none; owned */

	/* servers */
	struct tls_server *server;
	struct tls_hello hello;
	uint8_t group[TLS_GROUP];

	/* clients */
	char *name;
	char *words;
	SSL_SESSION *session; /* the newest from the peer */
};

struct tls_conn *tls_conn_new(struct tls_place *place);

/* Makes the SSL over this connection's buffers. */
void tls_conn_attach(struct tls_conn *c, SSL_CTX *ctx);

static inline struct tls_conn *tls_conn_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* Records why (the first reason wins) and ends the connection. */
void tls_conn_fail(struct tls_conn *c, const char *why);

/* What both ends' contexts have in common. */
void tls_ctx_common(SSL_CTX *ctx);
