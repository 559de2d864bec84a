/* proto/http/write.h: writes heads of HTTP/1.1 messages into a struct buf.
 *
 *	http_write_status(b, 404);
 *	http_write_field(b, "Content-Type", slice_lit("text/plain"));
 *	http_write_length(b, body.n);
 *	http_write_end(b);
 *
 * A value can't end its field: CR, LF and NUL are written as blanks (RFC 9110, 5.5: "replace each
 * of those characters with SP").
 */
#pragma once

#include "base/buf.h"
#include "base/stamp.h"
#include "proto/dns/address.h"
#include "proto/http/message.h"

/* "GET /path HTTP/1.1". Both come from a parsed request or are ours. */
void http_write_request(struct buf *b, struct slice method, struct slice target);

/* "HTTP/1.1 404 Not Found". */
void http_write_status(struct buf *b, int status);

void http_write_field(struct buf *b, const char *name, struct slice value);
void http_write_length(struct buf *b, uint64_t n);
void http_write_date(struct buf *b, stamp now);
void http_write_end(struct buf *b);

/* A field as it came. */
void http_write_copy(struct buf *b, const struct http_field *field);

/* All fields that may be sent on: neither hop-by-hop nor of a kind for which drop(ctx, field) is
 * true. drop may be NULL. Framing fields (Content-Length, Transfer-Encoding) and Host are never
 * copied: the sender writes its own. */
typedef bool http_drop_f(void *ctx, const struct http_field *field);
void http_write_forwardable(struct buf *b, const struct http_head *head, http_drop_f *drop,
			    void *ctx);

/* "Not Found"; "" for codes without a name. */
const char *http_reason(int status);

/* Forwarding fields for the next hop. */
struct http_hop {
	struct dns_address client;    /* who sent the request to us */
	bool https;                   /* how it came */
	const struct http_host *host; /* what it asked for */
};

/* "X-Forwarded-For: EARLIER, CLIENT"; earlier (values that a trusted proxy sent) may be absent. */
void http_write_forwarded_for(struct buf *b, struct slice earlier, const struct http_hop *hop);

/* RFC 7239: "Forwarded: EARLIER, for="[2001:db8::1]";host="a.example:8080";proto=https". */
void http_write_forwarded(struct buf *b, struct slice earlier, const struct http_hop *hop);

/* RFC 8586: "CDN-Loop: EARLIER, id". */
void http_write_cdn_loop(struct buf *b, struct slice earlier, struct slice id);

enum http_cdn_loop { HTTP_CDN_LOOP_CLEAR, HTTP_CDN_LOOP_FOUND, HTTP_CDN_LOOP_BROKEN };

/* Does a CDN-Loop value name us? A value that can't be read is BROKEN: take it for a loop. */
must_check enum http_cdn_loop http_cdn_loop_has(struct slice value, struct slice id);
