/* proto/http/message.h: heads of HTTP/1.1 requests and responses (RFC 9112, RFC 9110), strictly.
 *
 * The caller holds what has come in one contiguous buffer and asks again with the whole of it when
 * more came:
 *
 *	size_t seen = 0;
 *	switch (http_request_parse(bytes, &seen, &limits, &req, &refusal)) {
 *	case HTTP_MORE: read more, keep `seen`, call again with all bytes
 *	case HTTP_DONE: the head is the first req.head.len bytes; the body begins there
 *	case HTTP_REFUSED: answer refusal.status, say refusal.why, close
 *	}
 *
 * The answer depends on the bytes alone, never on the pieces in which they came. Slices in *out
 * are borrowed from the bytes and are valid only after HTTP_DONE; nothing is allocated.
 *
 * After HTTP_REFUSED the connection must be closed: where the next message would begin is unknown.
 * What two readers could understand differently is refused rather than repaired; each refusal in
 * message.c stands beside the sentence of the RFC that allows or asks for it.
 */
#pragma once

#include "base/must.h"
#include "base/slice.h"
#include "proto/http/host.h"

#define HTTP_FIELDS_MAX 128

enum http_answer { HTTP_MORE, HTTP_DONE, HTTP_REFUSED };

struct http_limits {
	size_t max_line;   /* start line, without its CRLF: 414 */
	size_t max_head;   /* start line, fields and empty line together: 431 */
	size_t max_fields; /* field lines, at most HTTP_FIELDS_MAX: 431 */
};

/* Why a message is refused. For responses the status is always 502. */
struct http_refusal {
	int status;
	const char *why; /* a sentence without capital and period, for logs and error pages */
};

enum http_method {
	HTTP_OTHER, /* a token we have no name for */
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_TRACE,
};

/* Fields that the server itself looks at; all others are HTTP_FIELD_OTHER. */
enum http_field_kind {
	HTTP_FIELD_OTHER,
	HTTP_FIELD_ACCEPT,
	HTTP_FIELD_AUTHORIZATION,
	HTTP_FIELD_CDN_LOOP,
	HTTP_FIELD_CONNECTION,
	HTTP_FIELD_CONTENT_LENGTH,
	HTTP_FIELD_CONTENT_TYPE,
	HTTP_FIELD_COOKIE,
	HTTP_FIELD_DATE,
	HTTP_FIELD_EXPECT,
	HTTP_FIELD_FORWARDED,
	HTTP_FIELD_HOST,
	HTTP_FIELD_HTTP2_SETTINGS,
	HTTP_FIELD_KEEP_ALIVE,
	HTTP_FIELD_LOCATION,
	HTTP_FIELD_PROXY_AUTHENTICATE,
	HTTP_FIELD_PROXY_AUTHORIZATION,
	HTTP_FIELD_PROXY_CONNECTION,
	HTTP_FIELD_SERVER,
	HTTP_FIELD_STRICT_TRANSPORT_SECURITY,
	HTTP_FIELD_TE,
	HTTP_FIELD_TRAILER,
	HTTP_FIELD_TRANSFER_ENCODING,
	HTTP_FIELD_UPGRADE,
	HTTP_FIELD_USER_AGENT,
	HTTP_FIELD_VIA,
	HTTP_FIELD_X_FORWARDED_FOR,
	HTTP_FIELD_X_FORWARDED_HOST,
	HTTP_FIELD_X_FORWARDED_PORT,
	HTTP_FIELD_X_FORWARDED_PROTO,
	HTTP_FIELD_X_REAL_IP,
	HTTP_FIELD_X_REQUEST_ID,
	HTTP_FIELD_KINDS,
};

struct http_field {
	struct slice name;  /* as sent */
	struct slice value; /* without blanks around it; may be empty */
	enum http_field_kind kind;
	bool hop; /* belongs to this connection only (RFC 9110, 7.6.1): never sent on */
};

enum http_body {
	HTTP_BODY_NONE,
	HTTP_BODY_LENGTH,      /* head.length bytes, may be 0 */
	HTTP_BODY_CHUNKED,     /* see chunked.h */
	HTTP_BODY_UNTIL_CLOSE, /* responses only */
};

/* What requests and responses share. */
struct http_head {
	size_t len; /* bytes of the head, with the empty line and any empty lines before it */
	int minor;  /* HTTP/1.minor: 0 or 1 */
	enum http_body body;
	uint64_t length;      /* HTTP_BODY_LENGTH, and what a bodiless response declares */
	bool has_length;      /* a Content-Length field was there; never with 1xx and 204 */
	bool keep_alive;      /* the connection may be used again after this message */
	struct slice upgrade; /* Upgrade's value when Connection lists it, else absent */
	size_t count;
	struct http_field fields[HTTP_FIELDS_MAX];
};

enum http_target_form { HTTP_TARGET_ORIGIN, HTTP_TARGET_ABSOLUTE, HTTP_TARGET_ASTERISK };

struct http_request {
	enum http_method method;
	struct slice method_text;
	enum http_target_form form;
	struct slice target; /* as sent */
	struct slice path;   /* starts with "/"; "*" in asterisk-form; "/" for "http://name" */
	struct slice query;  /* without "?"; absent when there is no "?" */
	bool https;          /* absolute-form said https: */
	/* From an absolute-form target, else from Host: RFC 9112, 3.2.2: "the origin server MUST
	 * ignore the received Host header field (if any) and instead use the host information of
	 * the request-target." Form HTTP_HOST_NONE: HTTP/1.0 without Host. */
	struct http_host host;
	bool expect_continue;
	struct http_head head;
};

struct http_response {
	int status; /* 100 to 599. 1xx other than 101: interim, another head follows */
	struct slice reason;
	struct http_head head;
};

/* CONNECT is refused with 501: nothing here tunnels. */
must_check enum http_answer http_request_parse(struct slice bytes, size_t *seen,
					       const struct http_limits *limits,
					       struct http_request *out,
					       struct http_refusal *refusal);

/* `asked` is the method of the request answered: a response to HEAD has no body. 101 leaves
 * body NONE: what follows is another protocol. */
must_check enum http_answer http_response_parse(struct slice bytes, size_t *seen,
						const struct http_limits *limits,
						enum http_method asked, struct http_response *out,
						struct http_refusal *refusal);

/* The first field of a kind, or NULL. */
const struct http_field *http_field_find(const struct http_head *head, enum http_field_kind kind);

/* The first field of a name (any case), or NULL: for names without a kind. */
const struct http_field *http_field_named(const struct http_head *head, const char *name);

enum http_field_kind http_field_kind(struct slice name);

/* RFC 9110, 5.6.2 token and 5.5 field-value: what may stand in a field. */
bool http_is_token(struct slice s);
bool http_is_field_value(struct slice s);

/* Takes the next element of a comma-separated list (RFC 9110, 5.6.1), blanks trimmed, empty ones
 * skipped, commas inside quotes kept; false when nothing is left. */
bool http_list_next(struct slice *rest, struct slice *element);

const char *http_method_name(enum http_method method);
