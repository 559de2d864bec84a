#include "proto/http/message.h"
#include "proto/http/message_priv.h"

#include "base/text.h"

/* RFC 9112, 4: "status-line = HTTP-version SP status-code SP [ reason-phrase ]". The second SP is
 * missing in what many servers send when there is no reason; nothing hangs on it. */
static enum http_answer status_line(struct http_parse *p, struct http_response *out)
{
	struct slice line;
	enum http_answer answer = http_start_line(p, &line);
	uint64_t status;

	if (answer != HTTP_DONE)
		return answer;
	size_t blank = slice_find(line, ' ');

	answer = http_version(p, slice_sub(line, 0, blank));
	if (answer != HTTP_DONE)
		return answer;
	struct slice rest = slice_from(line, blank + 1);

	if (!text_u64(slice_sub(rest, 0, 3), 599, &status) || status < 100 ||
	    (rest.n > 3 && rest.p[3] != ' '))
		return http_refuse(p, 502, "the status line of the origin has no status");
	out->status = (int)status;
	out->reason = slice_from(rest, 4);
	return HTTP_DONE;
}

static bool is_bodiless(int status)
{
	return status < 200 || status == 204;
}

/* RFC 9112, 6.3, 1: "any response with a 1xx (Informational), 204 (No Content), or 304 (Not
 * Modified) status code is always terminated by the first empty line after the header fields".
 * Where 1xx and 204 announce a body all the same, somebody may believe it (RFC 9110, 8.6: "A server
 * MUST NOT send a Content-Length header field in any response with a status code of 1xx
 * (Informational) or 204 (No Content)"); only a zero does no harm. */
static enum http_answer without_body(struct http_parse *p, struct http_response *out)
{
	enum http_answer answer = HTTP_DONE;

	if (is_bodiless(out->status) && p->codings > 0)
		return http_refuse(p, 502, "the origin announced a body that cannot be there");
	if (p->codings > 0 && p->lengths > 0)
		return http_refuse(p, 502, "there are both Content-Length and Transfer-Encoding");
	if (p->lengths > 0)
		answer = http_length(p);
	if (answer == HTTP_DONE && is_bodiless(out->status)) {
		if (out->head.length > 0)
			return http_refuse(p, 502,
					   "the origin announced a body that cannot be there");
		out->head.has_length = false; /* so that nobody sends it on */
	}
	return answer;
}

static enum http_answer with_body(struct http_parse *p, struct http_response *out)
{
	enum http_answer answer = http_framing(p);

	if (answer == HTTP_DONE && out->head.body == HTTP_BODY_NONE) {
		out->head.body = HTTP_BODY_UNTIL_CLOSE;
		out->head.keep_alive = false;
	}
	return answer;
}

static enum http_answer response_parse(struct http_parse *p, enum http_method asked,
				       struct http_response *out)
{
	enum http_answer answer = status_line(p, out);

	if (answer == HTTP_DONE)
		answer = http_fields(p);
	if (answer != HTTP_DONE)
		return answer;
	if (is_bodiless(out->status) || out->status == 304 || asked == HTTP_HEAD)
		return without_body(p, out);
	return with_body(p, out);
}

enum http_answer http_response_parse(struct slice bytes, size_t *seen,
				     const struct http_limits *limits, enum http_method asked,
				     struct http_response *out, struct http_refusal *refusal)
{
	struct http_parse p = { .bytes = bytes,
				.limits = limits,
				.refusal = refusal,
				.response = true,
				.head = &out->head };

	if (http_parse_is_waiting(bytes, *seen, limits))
		return HTTP_MORE;
	out->head.body = HTTP_BODY_NONE;
	out->head.length = 0;
	out->head.has_length = false;
	return http_parse_finish(&p, response_parse(&p, asked, out), bytes.n, seen);
}
