/* role/edge/forward.h: heads on their way through: what the origin is sent for a request, what the
 * client is sent for an answer. Bytes out of parsed messages; no socket, no clock.
 *
 * Towards the origin: framing and Host are written anew; fields of the connection
 * (RFC 9110, 7.6.1) go; fields by which a hop tells of the client go unless a trusted proxy sent
 * them, and ours are added: X-Forwarded-For, X-Forwarded-Proto, Forwarded (RFC 7239), X-Request-Id,
 * Via (RFC 9110, 7.6.3), CDN-Loop (RFC 8586). Towards the client: Via, X-Request-Id, Date where it is
 * missing.
 */
#pragma once

#include "proto/http/message.h"
#include "proto/http/write.h"

#define FORWARD_NAME "everseal" /* in Via */

struct forward {
	struct dns_address client;
	bool secure;      /* the client came by TLS */
	bool trusted;     /* it is one of trusted_proxies: what it says of others is continued */
	const char *id;   /* of the request */
	struct slice cdn; /* our name in CDN-Loop */
	stamp now;
};

/* The whole head of the request to the origin. */
void forward_request(struct buf *out, const struct http_request *r, const struct forward *f);

/* The head of the answer to the client: body says how it is framed there, close that the
 * connection ends after it. */
void forward_answer(struct buf *out, const struct http_response *r, const struct forward *f,
		    enum http_body body, bool close);

/* An interim answer (1xx). */
void forward_interim(struct buf *out, const struct http_response *r);

/* All values of the fields of one kind, joined by commas, appended to out. */
struct slice forward_join(const struct http_head *head, enum http_field_kind kind, struct buf *out);
