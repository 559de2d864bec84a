/* Heads. The first byte chooses request or response and the size of the pieces. The answer does
 * not depend on the pieces, what is borrowed lies in the bytes, and a request that is written anew
 * for the next hop is read there as the same request. */
#include "proto/http/message.h"

#include "base/buf.h"
#include "proto/http/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_limits limits = { 256, 1024, 16 };

static void check_borrowed(struct slice bytes, struct slice s)
{
	must(s.p == NULL || (s.p >= bytes.p && s.n <= (size_t)(bytes.p + bytes.n - s.p)));
}

static void check_head(struct slice bytes, const struct http_head *head)
{
	must(head->len <= bytes.n && head->count <= limits.max_fields);
	for (size_t i = 0; i < head->count; i++) {
		check_borrowed(bytes, head->fields[i].name);
		check_borrowed(bytes, head->fields[i].value);
		must(http_is_token(head->fields[i].name));
		must(http_is_field_value(head->fields[i].value));
	}
}

static void write_anew(struct buf *b, const struct http_request *req)
{
	http_write_request(b, req->method_text,
			   req->form == HTTP_TARGET_ABSOLUTE ? req->path : req->target);
	buf_add_str(b, "Host: ");
	http_host_write(b, &req->host, 0);
	buf_add_str(b, "\r\n");
	http_write_forwardable(b, &req->head, NULL, NULL);
	if (req->head.body == HTTP_BODY_LENGTH)
		http_write_length(b, req->head.length);
	if (req->head.body == HTTP_BODY_CHUNKED)
		http_write_field(b, "Transfer-Encoding", slice_lit("chunked"));
	http_write_end(b);
}

static void check_next_hop(const struct http_request *req)
{
	static const struct http_limits wide = { 4096, 8192, 20 };
	static struct http_request again;
	struct http_refusal why;
	struct buf b = BUF_INIT;
	size_t seen = 0;

	if (req->host.form == HTTP_HOST_NONE)
		return;
	write_anew(&b, req);
	must(http_request_parse(buf_slice(&b), &seen, &wide, &again, &why) == HTTP_DONE);
	must(again.head.len == b.n);
	must(again.head.body == req->head.body && again.head.length == req->head.length);
	must(slice_eq(http_host_name(&again.host), http_host_name(&req->host)));
	must(slice_eq(again.path, req->path) && slice_eq(again.method_text, req->method_text));
	buf_free(&b);
}

static struct http_request request;
static struct http_response response;

static enum http_answer parse(struct slice bytes, size_t *seen, uint8_t mode,
			      struct http_refusal *why)
{
	if ((mode & 1) == 0)
		return http_request_parse(bytes, seen, &limits, &request, why);
	return http_response_parse(bytes, seen, &limits, (mode & 2) == 0 ? HTTP_GET : HTTP_HEAD,
				   &response, why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_from(slice_of(data, size), 1);
	uint8_t mode = size > 0 ? data[0] : 0;
	const struct http_head *head = (mode & 1) == 0 ? &request.head : &response.head;
	struct http_refusal why = { 0, NULL };
	struct http_refusal why_parts = { 0, NULL };
	enum http_answer parts = HTTP_MORE;
	size_t seen = 0;

	for (size_t n = 0; n < bytes.n && parts == HTTP_MORE;) {
		n += slice_sub(bytes, n, mode / 4 % 16 + 1u).n;
		parts = parse(slice_sub(bytes, 0, n), &seen, mode, &why_parts);
	}
	size_t len = head->len;

	seen = 0;
	enum http_answer whole = parse(bytes, &seen, mode, &why);

	must(whole == parts && why.status == why_parts.status && why.why == why_parts.why);
	if (whole != HTTP_DONE)
		return 0;
	must(head->len == len);
	check_head(bytes, head);
	if ((mode & 1) == 0)
		check_next_hop(&request);
	return 0;
}
