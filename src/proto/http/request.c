#include "proto/http/message.h"
#include "proto/http/message_priv.h"

#include "base/text.h"

/* Longer than any method that anybody registered. */
#define METHOD_MAX 32

static const char *const methods[] = {
	[HTTP_OTHER] = "",        [HTTP_GET] = "GET",         [HTTP_HEAD] = "HEAD",
	[HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",         [HTTP_PATCH] = "PATCH",
	[HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS", [HTTP_TRACE] = "TRACE",
};

const char *http_method_name(enum http_method method)
{
	must(method < sizeof(methods) / sizeof(methods[0]));
	return methods[method];
}

/* RFC 9110, 9.1: "The method token is case-sensitive". */
static enum http_method method_find(struct slice text)
{
	for (enum http_method m = HTTP_GET; m <= HTTP_TRACE; m++)
		if (slice_eq_str(text, methods[m]))
			return m;
	return HTTP_OTHER;
}

static enum http_answer take_method(struct http_parse *p, struct slice text,
				    struct http_request *out)
{
	if (!http_is_token(text))
		return http_refuse(p, 400, "the request line does not begin with a method");
	/* RFC 9112, 3: "A server that receives a method longer than any that it implements SHOULD
	 * respond with a 501 (Not Implemented) status code." */
	if (text.n > METHOD_MAX)
		return http_refuse(p, 501, "the method is longer than any that is implemented");
	if (slice_eq_str(text, "CONNECT"))
		return http_refuse(p, 501, "CONNECT is not implemented");
	out->method = method_find(text);
	out->method_text = text;
	return HTTP_DONE;
}

/* Visible ASCII without "#": RFC 9112, 3.2: no fragment is part of a request target. */
static bool is_target(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '#')
			return false;
	return s.n > 0;
}

static void split_path(struct slice text, struct http_request *out)
{
	size_t mark = slice_find(text, '?');

	out->path = slice_sub(text, 0, mark);
	out->query = mark < text.n ? slice_from(text, mark + 1) : SLICE_NONE;
}

static bool take_prefix_nocase(struct slice *s, struct slice prefix)
{
	if (!slice_eq_nocase(slice_sub(*s, 0, prefix.n), prefix))
		return false;
	*s = slice_from(*s, prefix.n);
	return true;
}

static enum http_answer take_absolute(struct http_parse *p, struct http_request *out)
{
	struct slice rest = out->target;
	size_t end = 0;

	out->form = HTTP_TARGET_ABSOLUTE;
	out->https = take_prefix_nocase(&rest, slice_lit("https://"));
	if (!out->https && !take_prefix_nocase(&rest, slice_lit("http://")))
		return http_refuse(p, 400, "the request target is neither a path nor an http URL");
	while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?')
		end++;
	/* RFC 9110, 4.2.4: "a recipient SHOULD parse for userinfo and treat its presence as an
	 * error": http_host_parse() refuses it */
	if (!http_host_parse(slice_sub(rest, 0, end), &out->host))
		return http_refuse(p, 400, "the request target names no host that can be");
	rest = slice_from(rest, end);
	split_path(rest, out);
	/* RFC 9112, 3.2.4: an OPTIONS with "an empty path and no query component" asks for "*" */
	if (out->path.n == 0)
		out->path = rest.n == 0 && out->method == HTTP_OPTIONS ? slice_lit("*")
								       : slice_lit("/");
	return HTTP_DONE;
}

static enum http_answer take_target(struct http_parse *p, struct slice target,
				    struct http_request *out)
{
	out->target = target;
	out->https = false;
	out->host.form = HTTP_HOST_NONE;
	out->host.len = 0;
	out->host.has_port = false;
	out->host.port = 0;
	if (!is_target(target))
		return http_refuse(p, 400, "the request target holds a byte that none may hold");
	if (target.p[0] == '/') {
		out->form = HTTP_TARGET_ORIGIN;
		split_path(target, out);
		return HTTP_DONE;
	}
	if (!slice_eq_str(target, "*"))
		return take_absolute(p, out);
	if (out->method != HTTP_OPTIONS)
		return http_refuse(p, 400, "the request target \"*\" is for OPTIONS only");
	out->form = HTTP_TARGET_ASTERISK;
	split_path(target, out);
	return HTTP_DONE;
}

/* RFC 9112, 3: "request-line = method SP request-target SP HTTP-version": one blank each. */
static enum http_answer request_line(struct http_parse *p, struct http_request *out)
{
	struct slice line;
	enum http_answer answer = http_start_line(p, &line);

	if (answer != HTTP_DONE)
		return answer;
	size_t one = slice_find(line, ' ');
	struct slice rest = slice_from(line, one + 1);
	size_t two = slice_find(rest, ' ');

	answer = http_version(p, slice_from(rest, two + 1));
	if (answer == HTTP_DONE)
		answer = take_method(p, slice_sub(line, 0, one), out);
	if (answer == HTTP_DONE)
		answer = take_target(p, slice_sub(rest, 0, two), out);
	return answer;
}

/* RFC 9112, 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1
 * request message that lacks a Host header field and to any request message that contains more
 * than one Host header field line or a Host header field with an invalid field value." */
static enum http_answer read_host(struct http_parse *p, struct http_request *out)
{
	struct http_host host;

	if (p->hosts > 1)
		return http_refuse(p, 400, "there is more than one Host");
	if (p->hosts == 0)
		return out->head.minor == 0 ? HTTP_DONE : http_refuse(p, 400, "there is no Host");
	if (!http_host_parse(p->host, &host))
		return http_refuse(p, 400, "Host names no host that can be");
	if (out->form != HTTP_TARGET_ABSOLUTE)
		out->host = host;
	return HTTP_DONE;
}

/* RFC 9110, 10.1.1: "A server that receives an Expect field value containing a member other than
 * 100-continue MAY respond with a 417"; "A server that receives a 100-continue expectation in an
 * HTTP/1.0 request MUST ignore that expectation." */
static enum http_answer read_expect(struct http_parse *p, struct http_request *out)
{
	if (p->odd_expect)
		return http_refuse(p, 417, "Expect asks for something other than 100-continue");
	out->expect_continue = p->expects > 0 && out->head.minor == 1;
	return HTTP_DONE;
}

static enum http_answer request_parse(struct http_parse *p, struct http_request *out)
{
	enum http_answer answer = request_line(p, out);

	if (answer == HTTP_DONE)
		answer = http_fields(p);
	if (answer == HTTP_DONE)
		answer = read_host(p, out);
	if (answer == HTTP_DONE)
		answer = http_framing(p);
	if (answer == HTTP_DONE)
		answer = read_expect(p, out);
	return answer;
}

enum http_answer http_request_parse(struct slice bytes, size_t *seen,
				    const struct http_limits *limits, struct http_request *out,
				    struct http_refusal *refusal)
{
	struct http_parse p = {
		.bytes = bytes, .limits = limits, .refusal = refusal, .head = &out->head
	};

	if (http_parse_is_waiting(bytes, *seen, limits))
		return HTTP_MORE;
	out->head.body = HTTP_BODY_NONE;
	out->head.length = 0;
	out->head.has_length = false;
	return http_parse_finish(&p, request_parse(&p, out), bytes.n, seen);
}
