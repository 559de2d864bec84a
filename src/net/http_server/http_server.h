/* net/http_server/http_server.h: a small HTTP/1.1 server for the control API: whole requests in, whole
 * replies out, on one loop. Not for the edge: that streams.
 *
 * Life of a request: on_request(owner, x) is called when head and body are there. The handler
 * replies exactly once, at once or later from the same loop, with http_exchange_reply(); then x is
 * gone. Requests of one connection are handled one after the other, also when pipelined; nothing is
 * read meanwhile. When the peer goes away before the reply, the reply goes nowhere.
 *
 * What is refused (bad syntax, too long, too slow, too many connections) is answered here, through
 * on_refused when the owner wants to choose the body.
 *
 * Beyond RFC 9112 it is tolerant in one thing: zero bytes behind a bodiless HTTP/1.0 request are
 * ignored and the connection closed after the reply. Bodies are taken with any method.
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/must.h"
#include "proto/dns/address.h"
#include "proto/http/message.h"

struct loop;
struct http_server;
struct http_exchange;

struct http_server_limits {
	size_t max_line;
	size_t max_head;
	size_t max_body;        /* 413 */
	size_t max_connections; /* the next one is answered 503 and closed */
	int64_t idle_ms;        /* between requests */
	int64_t head_ms;        /* first byte to end of head: 408 */
	int64_t body_ms;        /* end of head to end of body: 408 */
	int64_t write_ms;       /* a reply that nobody reads */
};

/* Who is at the other end. */
struct http_peer {
	bool local; /* came over a Unix socket: uid, gid, pid are the kernel's word (SO_PEERCRED) */
	uid_t uid;
	gid_t gid;
	pid_t pid;
	struct dns_address address; /* otherwise */
	uint16_t port;
};

typedef void http_server_request_f(void *owner, struct http_exchange *x);

/* Writes the body of a refusal into *body and its media type into *type (a literal). */
typedef void http_server_refused_f(void *owner, const struct http_refusal *why, struct buf *body,
				   const char **type);

struct http_server_events {
	http_server_request_f *on_request;
	http_server_refused_f *on_refused; /* may be NULL: text/plain */
};

/* A request to be answered. Read-only for the handler, but for `user`. */
struct http_exchange {
	const struct http_request *request; /* slices valid until the reply */
	struct slice body;                  /* valid until the reply */
	const struct http_peer *peer;
	struct arena arena; /* for the handler; freed after the reply */
	void *user;         /* the handler's */
};

struct http_header {
	const char *name;
	struct slice value;
};

struct http_server *http_server_new(struct loop *loop, const struct http_server_limits *limits,
				    const struct http_server_events *events, void *owner);

/* Accepts from a listening socket (Unix or TCP), which then belongs to the server. */
must_check int http_server_listen(struct http_server *s, int fd, struct fail *f);

/* Serves one connected socket, which then belongs to the server. */
must_check int http_server_adopt(struct http_server *s, int fd, struct fail *f);

/* Status line, Date, Content-Length and Connection are written here; `headers` are the rest. All
 * is copied before it returns. x is gone afterwards. */
void http_exchange_reply(struct http_exchange *x, int status, const struct http_header *headers,
			 size_t count, struct slice body);

/* The request carried or the reply carries secrets: buffers are wiped when done. */
void http_exchange_wipe(struct http_exchange *x);

/* No more connections and requests; what is under way is answered with "Connection: close", then
 * on_drained(owner) is called once, from the loop. */
void http_server_drain(struct http_server *s, void (*on_drained)(void *owner));

size_t http_server_connections(const struct http_server *s);

/* Closes what is open at once. No exchange may be unanswered. The memory goes when the loop has
 * run the close callbacks. */
void http_server_free(struct http_server *s);
