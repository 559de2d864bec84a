/* role/edge/relay.h: the body of a message on its way from one stream to another, in the framing of
 * the one and in that of the other, never more of it held than the two streams hold.
 *
 * The sender's framing is taken off and ours put on, so that the receiver meets exactly one reading of
 * where the body ends, whatever the sender wrote. Chunks are joined as they come; extensions and
 * trailers are dropped (proto/http/chunked.h says why that is right).
 */
#pragma once

#include "net/stream/stream.h"
#include "proto/http/chunked.h"

enum relay_answer {
	RELAY_WAITS,   /* for input */
	RELAY_FULL,    /* for room at the receiver */
	RELAY_DONE,    /* the body is over */
	RELAY_REFUSED, /* the framing is broken: *why */
	RELAY_CUT,     /* the sender ended inside the body */
	RELAY_OVER,    /* more than `most` bytes */
};

struct relay {
	enum http_body in;
	enum http_body out; /* NONE: bytes are dropped; otherwise as in http_body */
	uint64_t left;
	uint64_t most;
	uint64_t moved; /* public: bytes of payload */
	struct http_chunked chunked;
	bool done;   /* public */
	bool broken; /* the framing is: nothing more is read of it */
};

/* length: with HTTP_BODY_LENGTH. most: bytes allowed. */
void relay_init(struct relay *r, enum http_body in, uint64_t length, enum http_body out,
		uint64_t most);

/* Moves what is there. first: bytes that go before it in the same send (a head); sent in any
 * case. to: NULL drops everything. */
must_check enum relay_answer relay_move(struct relay *r, struct stream *from, struct stream *to,
					struct slice first, struct http_refusal *why);
