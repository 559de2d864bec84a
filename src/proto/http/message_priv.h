/* proto/http/message_priv.h: what the parsers of requests and responses share (siblings only). */
#pragma once

#include "proto/http/message.h"

/* One parse of one head, from its first byte. */
struct http_parse {
	struct slice bytes; /* cut where the head must have ended */
	size_t end;         /* where: the head may not be longer */
	size_t at;          /* the line to be read next */
	const struct http_limits *limits;
	struct http_refusal *refusal;
	bool response; /* every refusal is a 502 */
	struct http_head *head;
	/* fields that are looked at when the head is complete */
	size_t hosts;
	size_t lengths;
	size_t codings;
	size_t expects;
	bool odd_expect; /* something other than 100-continue */
	struct slice host;
	struct slice length;
	struct slice coding;
};

extern const bool http_tchar[256];
extern const bool http_field_is_hop[HTTP_FIELD_KINDS];

/* Index of the first byte from `from` on that can't be part of a line: a control character other
 * than a tab; or s.n. */
size_t http_scan(struct slice s, size_t from);

/* The start of every line of refusal. Returns HTTP_REFUSED. */
enum http_answer http_refuse(struct http_parse *p, int status, const char *why);

/* Nothing came that could change the answer HTTP_MORE given before. */
bool http_parse_is_waiting(struct slice bytes, size_t seen, const struct http_limits *limits);

/* Called with the answer of the whole parse: remembers how far the bytes were looked at, and turns
 * HTTP_MORE into a refusal when no more may come. */
enum http_answer http_parse_finish(struct http_parse *p, enum http_answer answer, size_t have,
				   size_t *seen);

/* Skips empty lines, cuts the bytes at max_head, takes the start line. */
enum http_answer http_start_line(struct http_parse *p, struct slice *line);

/* Takes all field lines and the empty line; reads Connection. */
enum http_answer http_fields(struct http_parse *p);

/* HTTP/1.0 and HTTP/1.1; anything else is refused. */
enum http_answer http_version(struct http_parse *p, struct slice text);

/* Content-Length and Transfer-Encoding, for messages that may have a body (RFC 9112, 6.3). DONE with
 * head->body NONE when there is neither. */
enum http_answer http_framing(struct http_parse *p);

/* The value of the only Content-Length. */
enum http_answer http_length(struct http_parse *p);
