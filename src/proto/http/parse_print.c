/* http_parse_print: what this parser makes of requests, for comparing it with another's
 * (tests/http_h11_test.py). Input: a length in four bytes (big-endian), so many bytes of a request
 * with its body, and again until the end. Output: a line of JSON for each; all bytes in hex. */
#include <stdio.h>

#include "base/buf.h"
#include "base/text.h"
#include "proto/http/chunked.h"
#include "proto/http/message.h"

#define REQUEST_MAX (1 << 20)

static const struct http_limits limits = { 8192, 16384, 100 };
static const struct http_chunked_limits chunked_limits = { 1024, 8192 };

static void add_hex(struct buf *out, struct slice bytes)
{
	char *at = (char *)buf_reserve(out, 2 * bytes.n + 1);

	text_hex(bytes, at);
	out->n += 2 * bytes.n;
}

static void add_member(struct buf *out, const char *name, struct slice bytes)
{
	buf_addf(out, ",\"%s\":\"", name);
	add_hex(out, bytes);
	buf_add_byte(out, '"');
}

static void add_fields(struct buf *out, const struct http_head *head)
{
	buf_add_str(out, ",\"fields\":[");
	for (size_t i = 0; i < head->count; i++) {
		buf_add_str(out, i == 0 ? "[\"" : ",[\"");
		add_hex(out, head->fields[i].name);
		buf_add_str(out, "\",\"");
		add_hex(out, head->fields[i].value);
		buf_add_str(out, "\"]");
	}
	buf_add_byte(out, ']');
}

static enum http_answer take_chunked(struct slice *rest, struct buf *body,
				     struct http_refusal *refusal)
{
	struct http_chunked c;
	enum http_chunked_answer answer;
	struct slice data;

	http_chunked_init(&c, &chunked_limits);
	while ((answer = http_chunked_next(&c, rest, &data, refusal)) == HTTP_CHUNKED_DATA)
		buf_add(body, data);
	if (answer == HTTP_CHUNKED_REFUSED)
		return HTTP_REFUSED;
	return answer == HTTP_CHUNKED_DONE ? HTTP_DONE : HTTP_MORE;
}

static enum http_answer take_body(const struct http_head *head, struct slice *rest,
				  struct buf *body, struct http_refusal *refusal)
{
	if (head->body == HTTP_BODY_CHUNKED)
		return take_chunked(rest, body, refusal);
	if (rest->n < head->length)
		return HTTP_MORE;
	buf_add(body, slice_sub(*rest, 0, (size_t)head->length));
	*rest = slice_from(*rest, (size_t)head->length);
	return HTTP_DONE;
}

static void print_request(struct slice bytes)
{
	static struct http_request req;
	static const char *const answers[] = {
		[HTTP_MORE] = "more", [HTTP_DONE] = "done", [HTTP_REFUSED] = "refused"
	};
	struct http_refusal refusal = { 0, "" };
	struct buf body = BUF_INIT;
	struct buf out = BUF_INIT;
	struct slice rest = SLICE_NONE;
	size_t seen = 0;
	enum http_answer answer = http_request_parse(bytes, &seen, &limits, &req, &refusal);

	if (answer == HTTP_DONE) {
		rest = slice_from(bytes, req.head.len);
		answer = take_body(&req.head, &rest, &body, &refusal);
	}
	buf_addf(&out, "{\"answer\":\"%s\",\"status\":%d", answers[answer], refusal.status);
	if (answer == HTTP_DONE) {
		add_member(&out, "method", req.method_text);
		add_member(&out, "target", req.target);
		add_fields(&out, &req.head);
		add_member(&out, "body", buf_slice(&body));
		buf_addf(&out, ",\"rest\":%zu", rest.n);
	}
	(void)printf("%s}\n", buf_str(&out));
	buf_free(&body);
	buf_free(&out);
}

int main(void)
{
	uint8_t length[4];
	static uint8_t bytes[REQUEST_MAX];

	while (fread(length, 1, sizeof(length), stdin) == sizeof(length)) {
		size_t n = (size_t)length[0] << 24 | (size_t)length[1] << 16 |
			   (size_t)length[2] << 8 | length[3];

		if (n > sizeof(bytes) || fread(bytes, 1, n, stdin) != n)
			return 1;
		print_request(slice_of(bytes, n));
	}
	return 0;
}
