/* proto/tls/conn.h: one TLS connection, either end, as an engine: ciphertext in and out on one
 * side, plaintext in and out on the other. It opens no socket and reads no clock.
 *
 * The caller's way, at each event of its socket:
 *
 *	in    p = tls_conn_in(c, &room); n = recv(p, room); tls_conn_fed(c, n);   (or tls_conn_feed)
 *	step  switch (tls_conn_step(c)):
 *	        TLS_MORE    bytes of the peer are wanted
 *	        TLS_HELLO   (servers) a ClientHello is there: tls_conn_hello() shows it; answer with
 *	                    tls_conn_serve() or tls_conn_refuse(), now or later, then step again
 *	        TLS_OPEN    handshake done: tls_conn_read() and tls_conn_write()
 *	        TLS_FAILED  send what tls_conn_out() has, then close; tls_conn_facts() says why
 *	out   s = tls_conn_out(c); n = send(s); tls_conn_sent(c, n);
 *
 * One receive takes all records that are there; what a step or several writes produce is one
 * send. Backpressure: tls_conn_in() gives no room while too much is unread, tls_conn_write()
 * takes nothing while too much is unsent; neither makes memory grow.
 */
#pragma once

#include <sys/types.h>

#include "base/fail.h"
#include "base/slice.h"
#include "proto/tls/hello.h"
#include "proto/tls/identity.h"

struct tls_conn;
struct tls_session;

#define TLS_GROUP 32 /* length of a resumption group */

#define TLS_OUT_HIGH (64 * 1024) /* unsent bytes at which writing pauses */
#define TLS_IN_HIGH  (64 * 1024) /* unread bytes at which receiving pauses */

enum tls_state { TLS_MORE, TLS_HELLO, TLS_OPEN, TLS_FAILED };

enum tls_alpn { TLS_ALPN_NONE, TLS_ALPN_HTTP11, TLS_ALPN_H2 };

/* Wipes and frees; NULL is legal. */
void tls_conn_free(struct tls_conn *c);

/* Where received bytes go. The place may be the worker's shared one: hand the bytes in with
 * tls_conn_fed() before another connection's event is looked at. *room == 0: do not receive,
 * read plaintext first. */
uint8_t *tls_conn_in(struct tls_conn *c, size_t *room);
void tls_conn_fed(struct tls_conn *c, size_t n);

/* The same for bytes that lie elsewhere; takes all (must be within the room). */
void tls_conn_feed(struct tls_conn *c, struct slice bytes);

/* The peer's end of stream arrived. Without a close_notify before it, reading says
 * TLS_READ_CUT. */
void tls_conn_eof(struct tls_conn *c);

enum tls_state tls_conn_step(struct tls_conn *c);

/* Servers, in TLS_HELLO. */
const struct tls_hello *tls_conn_hello(const struct tls_conn *c);

struct tls_serve {
	const struct tls_identity *identity; /* used during the call only */
	uint8_t group[TLS_GROUP];            /* resumption group: sessions stay inside */
	bool h2;                             /* may be chosen when offered */
};
void tls_conn_serve(struct tls_conn *c, const struct tls_serve *s);

/* Queues the alert; the next step says TLS_FAILED. why: one word for the log. */
void tls_conn_refuse(struct tls_conn *c, enum tls_alert alert, const char *why);

enum tls_read {
	TLS_READ_MORE = 0,    /* nothing now */
	TLS_READ_END = -1,    /* close_notify: the peer sends no more */
	TLS_READ_CUT = -2,    /* the stream ended without one: what came may be truncated */
	TLS_READ_FAILED = -3, /* a broken record or an alert: facts say which */
};

/* > 0: bytes written to p; else an enum tls_read. */
ssize_t tls_conn_read(struct tls_conn *c, void *p, size_t n);

/* How many bytes were taken: fewer than given, 0 even, while TLS_OUT_HIGH bytes are unsent;
 * -1 after a failure or a close. One call makes as few records as it can: join small pieces. */
ssize_t tls_conn_write(struct tls_conn *c, struct slice plain);

/* Queues close_notify (once): no more writes. Reading goes on until the peer's. */
void tls_conn_close(struct tls_conn *c);

/* Ciphertext to be sent; borrowed until the next call on this connection. */
struct slice tls_conn_out(const struct tls_conn *c);
void tls_conn_sent(struct tls_conn *c, size_t n);

#define TLS_SIGALG 32

/* What a log line tells. Texts are static or live as long as the connection; "" when unknown. */
struct tls_facts {
	const char *version;     /* "TLSv1.3" */
	const char *cipher;      /* "TLS_AES_128_GCM_SHA256" */
	const char *group;       /* "x25519" */
	char sigalg[TLS_SIGALG]; /* "ecdsa_sha256"; "" when resumed */
	const char *sni;
	enum tls_alpn alpn;
	bool resumed;
	const char
		*error; /* one word: "unrecognized_name", "peer_certificate_unknown", "cut", ... */
	const char *words; /* clients: a sentence about the origin's certificate */
};
void tls_conn_facts(const struct tls_conn *c, struct tls_facts *out);
