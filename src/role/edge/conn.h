/* role/edge/conn.h: one client connection: handshake, heads of requests one after the other, and
 * its end. The body of a request and its answer are the exchange's (exchange.h).
 *
 * A connection ends so that the client can read its answer: our side is finished first, then what
 * the client still sends is taken and dropped for a while (RFC 9112, 9.6), then it is closed.
 */
#pragma once

#include "net/stream/stream.h"
#include "role/edge/edge.h"

struct exchange;

enum conn_phase {
	CONN_SHAKING,   /* TLS handshake */
	CONN_IDLE,      /* between requests */
	CONN_HEAD,      /* inside the fields of a request */
	CONN_BUSY,      /* an exchange is under way */
	CONN_LINGERING, /* we have finished; the client may not have */
	CONN_CLOSED,
};

struct conn {
	struct stream stream;
	struct edge *edge;
	struct list link; /* of edge->conns */
	struct crowd_seat *seat;
	struct timer timer;
	struct deferred next; /* look at what has come already */
	struct exchange *exchange;
	int64_t due, armed;
	uint64_t began; /* clock_micros() of the connection, then of the request */
	size_t seen;    /* by the parser of heads */
	uint64_t requests;
	uint64_t lingered;
	uint64_t moved; /* stream_moved() when it was last asked */
	enum conn_phase phase;
	bool secure;
	bool trusted; /* a peer of trusted_proxies */
	bool has_certificate;
	bool counted;             /* its handshake, as failed */
	uint8_t group[TLS_GROUP]; /* resumption group of the handshake */
	struct id certificate;
	struct tls_facts tls; /* of the handshake, once it is done */
	struct dns_address peer;
	char sni[HELLO_SNI_MAX + 1];
};

/* Takes over an accepted socket. */
void conn_new(struct edge *e, int fd, const struct dns_address *peer, struct crowd_seat *seat,
	      bool secure);

/* ---- for the exchange ---- */

/* It is over: go on with the next request, or end the connection in peace. */
void conn_exchange_over(struct conn *c, bool keep);

/* It is over and the client must see that its answer is not whole. */
void conn_exchange_broke(struct conn *c);

/* conn_due() is asked again in so many ms at the latest. */
void conn_watch(struct conn *c, int64_t ms);

/* Ends it if nothing is under way, else after that (drain). */
void conn_drain(struct conn *c);
