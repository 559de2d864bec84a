/* role/edge/exchange.h: one request and its answer.
 *
 * The filters look at the request in the order of their table; each passes it on or answers it. What
 * passes all goes to the origin. Bodies then move both ways at once as far as the receivers have
 * room. It ends in exactly one of: answered, refused with a page, broken off.
 *
 * A request that a kept connection swallowed without a byte in return is sent once more, on a fresh
 * connection, if sending it twice does no harm: its method is idempotent (RFC 9110, 9.2.2: "A proxy
 * MUST NOT automatically retry non-idempotent requests") and it has no body, of which a part may
 * be gone. Others go on a connection that was in use just now, or on a new one.
 */
#pragma once

#include "base/arena.h"
#include "role/edge/conn.h"
#include "role/edge/relay.h"
#include "role/edge/site.h"

#define EXCHANGE_ID 32

struct exchange {
	struct edge *edge;
	struct conn *conn;
	struct list spare;
	struct arena arena; /* what outlives the request's bytes in the input */
	char id[65];
	enum http_method method;
	int minor;
	struct slice method_text, path, host;
	struct site site;
	bool has_site;
	bool keep;    /* the client connection may go on after this */
	bool expects; /* the client waits for 100 (Continue) */
	bool retryable;
	bool retried;
	bool heard;      /* the origin has sent something */
	size_t head_len; /* of the request's head while it is in the input */
	bool answered;   /* a head has gone to the client */
	int interims;
	struct buf head; /* of the request to the origin */
	size_t seen;     /* by the parser of the origin's head */
	struct relay up, down;
	struct upstream_wait wait;
	struct upstream_conn *origin;
	bool origin_keep;
	bool origin_reused;
	/* for the access line */
	stamp at;
	uint64_t began, asked, origin_micros;
	int status;
	enum side side;
	const char *why;
	/* stalls */
	int64_t progress_at;
	uint64_t measure;
};

/* A head has been read: r's slices are borrowed from the connection's input, of which the head
 * is still the first r->head.len bytes. The exchange takes them off and lives until it calls
 * conn_exchange_over() or conn_exchange_broke(). */
void exchange_begin(struct conn *c, const struct http_request *r);

/* The head could not be read. */
void exchange_begin_refused(struct conn *c, const struct http_refusal *why);

void exchange_on_input(struct exchange *x); /* from the client */
void exchange_on_room(struct exchange *x);  /* towards the client */
void exchange_on_gone(struct exchange *x);  /* the client is */
void exchange_on_timer(struct exchange *x);

/* ---- for filters ---- */

/* A page, and the connection goes on if it can. why: a literal, or of the arena. */
void exchange_refuse(struct exchange *x, int status, enum side side, const char *why);

/* The page says less than the access line. */
void exchange_refuse_with(struct exchange *x, int status, enum side side, const char *why,
			  const char *said);

/* An answer of ours: fields ("Name: value\r\n" lines, or NULL), type and body. */
void exchange_reply(struct exchange *x, int status, const char *fields, const char *type,
		    struct slice body);

/* The worker's spare exchanges. */
void exchange_free_spares(struct edge *e);
