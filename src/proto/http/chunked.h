/* proto/http/chunked.h: the chunked transfer coding (RFC 9112, 7.1), strictly, in place.
 *
 * The decoder takes bytes in any pieces, stores none and allocates nothing:
 *
 *	struct http_chunked c;
 *	http_chunked_init(&c, &limits);
 *	while ((answer = http_chunked_next(&c, &rest, &data, &refusal)) == HTTP_CHUNKED_DATA)
 *		use data (borrowed from the input)
 *
 * HTTP_CHUNKED_MORE: all of `rest` is taken. HTTP_CHUNKED_DONE: the body is over and `rest` is what
 * follows it (the next message). HTTP_CHUNKED_REFUSED: 400 to a client, 502 for an origin; close.
 * What is refused stays refused; what is over must not be asked again.
 *
 * Chunk extensions are checked and dropped (RFC 9112, 7.1.1: "A recipient MUST ignore unrecognized
 * chunk extensions"); trailer fields are checked and dropped (RFC 9110, 6.5.1 lets a recipient
 * discard them, and a field that framed or routed a message must not arrive behind it).
 */
#pragma once

#include "base/must.h"
#include "base/slice.h"
#include "proto/http/message.h"

enum http_chunked_answer {
	HTTP_CHUNKED_MORE,
	HTTP_CHUNKED_DATA,
	HTTP_CHUNKED_DONE,
	HTTP_CHUNKED_REFUSED,
};

struct http_chunked_limits {
	size_t max_extensions; /* bytes of extensions of one chunk, and 16 times that in all */
	size_t max_trailers;   /* bytes of the trailer section */
};

/* All members are private. */
struct http_chunked {
	struct http_chunked_limits limits;
	uint64_t left;     /* of the chunk under way */
	size_t extensions; /* bytes of this chunk's */
	size_t extensions_all;
	size_t trailers;
	uint8_t digits;
	uint8_t state;
};

void http_chunked_init(struct http_chunked *c, const struct http_chunked_limits *limits);

must_check enum http_chunked_answer http_chunked_next(struct http_chunked *c, struct slice *rest,
						      struct slice *data,
						      struct http_refusal *refusal);

/* Writes "1f\r\n" before n > 0 bytes of payload; returns its length. Payload is followed by "\r\n",
 * the last chunk by HTTP_CHUNK_END. */
#define HTTP_CHUNK_HEAD 19
#define HTTP_CHUNK_END  "0\r\n\r\n"
size_t http_chunk_head(uint64_t n, char out[HTTP_CHUNK_HEAD]);
