#include "role/edge/forward.h"

#include "base/text.h"

/* Fields in which proxies tell of the client, beyond those that http_field_kind() knows. Names are
 * compared with '_' taken for '-': many origins cannot tell them apart (CGI). */
static const char *const told_by_proxies[] = {
	"cdn-loop",
	"cf-connecting-ip",
	"cf-connecting-ipv6",
	"cf-ipcountry",
	"cf-ray",
	"cf-visitor",
	"client-ip",
	"fastly-client-ip",
	"forwarded",
	"forwarded-for",
	"front-end-https",
	"true-client-ip",
	"x-client-ip",
	"x-cluster-client-ip",
	"x-forwarded",
	"x-forwarded-by",
	"x-forwarded-for",
	"x-forwarded-host",
	"x-forwarded-port",
	"x-forwarded-proto",
	"x-forwarded-protocol",
	"x-forwarded-scheme",
	"x-forwarded-server",
	"x-forwarded-ssl",
	"x-original-forwarded-for",
	"x-originating-ip",
	"x-real-ip",
	"x-remote-addr",
	"x-remote-ip",
	"x-request-id",
	"x-url-scheme",
};

static bool same_name(struct slice name, const char *known)
{
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i] == '_' ? '-' : text_lower(name.p[i]);
		if (known[i] == '\0' || c != (uint8_t)known[i])
			return false;
	}
	return known[name.n] == '\0';
}

static bool tells_of_client(struct slice name)
{
	const char *all = "cfhtx"; /* first letters that occur above */

	if (name.n == 0 || strchr(all, text_lower(name.p[0])) == NULL)
		return false;
	for (size_t i = 0; i < sizeof(told_by_proxies) / sizeof(told_by_proxies[0]); i++)
		if (same_name(name, told_by_proxies[i]))
			return true;
	return false;
}

static bool drop_from_request(void *ctx, const struct http_field *field)
{
	(void)ctx;
	return field->kind == HTTP_FIELD_EXPECT || field->kind == HTTP_FIELD_UPGRADE ||
	       slice_eq_nocase(field->name, slice_lit("Max-Forwards")) ||
	       tells_of_client(field->name);
}

static bool drop_from_answer(void *ctx, const struct http_field *field)
{
	(void)ctx;
	return field->kind == HTTP_FIELD_X_REQUEST_ID || field->kind == HTTP_FIELD_UPGRADE;
}

struct slice forward_join(const struct http_head *head, enum http_field_kind kind, struct buf *out)
{
	size_t from = out->n;

	for (size_t i = 0; i < head->count; i++) {
		if (head->fields[i].kind != kind)
			continue;
		if (out->n > from)
			buf_add_str(out, ", ");
		buf_add(out, head->fields[i].value);
	}
	return slice_from(buf_slice(out), from);
}

static struct slice earlier(const struct http_request *r, const struct forward *f,
			    enum http_field_kind kind, struct buf *space)
{
	buf_clear(space);
	return f->trusted ? forward_join(&r->head, kind, space) : SLICE_NONE;
}

static void write_forwarding(struct buf *out, const struct http_request *r, const struct forward *f)
{
	struct buf space = BUF_INIT;
	struct http_hop hop = { f->client, f->secure, &r->host };
	struct slice proto = earlier(r, f, HTTP_FIELD_X_FORWARDED_PROTO, &space);

	if (proto.n == 0)
		proto = slice_str(f->secure ? "https" : "http");
	http_write_field(out, "X-Forwarded-Proto", proto);
	http_write_forwarded_for(out, earlier(r, f, HTTP_FIELD_X_FORWARDED_FOR, &space), &hop);
	http_write_forwarded(out, earlier(r, f, HTTP_FIELD_FORWARDED, &space), &hop);
	buf_clear(&space);
	http_write_cdn_loop(out, forward_join(&r->head, HTTP_FIELD_CDN_LOOP, &space), f->cdn);
	buf_free(&space);
}

static void write_target(struct buf *out, const struct http_request *r)
{
	buf_add(out, r->method_text);
	buf_add_byte(out, ' ');
	buf_add(out, r->path);
	if (r->query.p != NULL) {
		buf_add_byte(out, '?');
		buf_add(out, r->query);
	}
	buf_add_str(out, " HTTP/1.1\r\nHost: ");
	http_host_write(out, &r->host, 0);
	buf_add_str(out, "\r\n");
}

static void write_framing(struct buf *out, enum http_body body, uint64_t length)
{
	switch (body) {
	case HTTP_BODY_NONE:
	case HTTP_BODY_UNTIL_CLOSE: break;
	case HTTP_BODY_LENGTH: http_write_length(out, length); break;
	case HTTP_BODY_CHUNKED: buf_add_str(out, "Transfer-Encoding: chunked\r\n"); break;
	}
}

static void write_via(struct buf *out, int minor)
{
	buf_add_str(out,
		    minor == 0 ? "Via: 1.0 " FORWARD_NAME "\r\n" : "Via: 1.1 " FORWARD_NAME "\r\n");
}

/* RFC 9110, 7.6.2: with OPTIONS the number of forwards that are left is "decremented by one (1)"; with
 * other methods it means nothing. */
static void write_max_forwards(struct buf *out, const struct http_request *r)
{
	uint64_t left;

	if (r->method != HTTP_OPTIONS)
		return;
	const struct http_field *hops = http_field_named(&r->head, "Max-Forwards");
	if (hops == NULL || !text_u64(hops->value, INT32_MAX, &left) || left == 0)
		return;
	buf_addf(out, "Max-Forwards: %u\r\n", (unsigned)left - 1);
}

void forward_request(struct buf *out, const struct http_request *r, const struct forward *f)
{
	buf_reserve(out, r->head.len + 512);
	write_target(out, r);
	http_write_forwardable(out, &r->head, drop_from_request, NULL);
	write_via(out, r->head.minor);
	write_max_forwards(out, r);
	write_forwarding(out, r, f);
	http_write_field(out, "X-Request-Id", slice_str(f->id));
	if (r->expect_continue && r->head.minor == 1)
		buf_add_str(out, "Expect: 100-continue\r\n");
	write_framing(out, r->head.body, r->head.length);
	http_write_end(out);
}

void forward_answer(struct buf *out, const struct http_response *r, const struct forward *f,
		    enum http_body body, bool close)
{
	buf_reserve(out, r->head.len + 256);
	http_write_status(out, r->status);
	http_write_forwardable(out, &r->head, drop_from_answer, NULL);
	if (http_field_find(&r->head, HTTP_FIELD_DATE) == NULL)
		http_write_date(out, f->now);
	write_via(out, r->head.minor);
	http_write_field(out, "X-Request-Id", slice_str(f->id));
	if (body == HTTP_BODY_NONE && r->head.has_length)
		http_write_length(out, r->head.length); /* of HEAD and 304: what GET would have */
	write_framing(out, body, r->head.length);
	if (close)
		buf_add_str(out, "Connection: close\r\n");
	http_write_end(out);
}

void forward_interim(struct buf *out, const struct http_response *r)
{
	http_write_status(out, r->status);
	http_write_forwardable(out, &r->head, drop_from_answer, NULL);
	http_write_end(out);
}
