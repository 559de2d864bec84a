#include "proto/http/write.h"

#include "base/text.h"

void http_write_request(struct buf *b, struct slice method, struct slice target)
{
	buf_add(b, method);
	buf_add_byte(b, ' ');
	buf_add(b, target);
	buf_add_str(b, " HTTP/1.1\r\n");
}

void http_write_status(struct buf *b, int status)
{
	must(status >= 100 && status <= 599);
	buf_add_str(b, "HTTP/1.1 ");
	buf_add_u64(b, (uint64_t)status);
	buf_add_byte(b, ' ');
	buf_add_str(b, http_reason(status));
	buf_add_str(b, "\r\n");
}

/* The value without a byte that could end it. */
static void add_value(struct buf *b, struct slice value)
{
	size_t start = b->n;

	buf_add(b, value);
	for (size_t i = start; i < b->n; i++)
		if (b->p[i] == '\r' || b->p[i] == '\n' || b->p[i] == '\0')
			b->p[i] = ' ';
}

void http_write_field(struct buf *b, const char *name, struct slice value)
{
	buf_add_str(b, name);
	buf_add_str(b, ": ");
	add_value(b, value);
	buf_add_str(b, "\r\n");
}

void http_write_length(struct buf *b, uint64_t n)
{
	buf_add_str(b, "Content-Length: ");
	buf_add_u64(b, n);
	buf_add_str(b, "\r\n");
}

void http_write_date(struct buf *b, stamp now)
{
	char date[STAMP_HTTP];

	stamp_http(now, date);
	http_write_field(b, "Date", slice_str(date));
}

void http_write_end(struct buf *b)
{
	buf_add_str(b, "\r\n");
}

void http_write_copy(struct buf *b, const struct http_field *field)
{
	buf_add(b, field->name);
	buf_add_str(b, ": ");
	buf_add(b, field->value);
	buf_add_str(b, "\r\n");
}

static bool is_forwardable(const struct http_field *field)
{
	return !field->hop && field->kind != HTTP_FIELD_HOST &&
	       field->kind != HTTP_FIELD_CONTENT_LENGTH;
}

void http_write_forwardable(struct buf *b, const struct http_head *head, http_drop_f *drop,
			    void *ctx)
{
	for (size_t i = 0; i < head->count; i++) {
		const struct http_field *field = &head->fields[i];

		if (is_forwardable(field) && (drop == NULL || !drop(ctx, field)))
			http_write_copy(b, field);
	}
}

struct reason {
	int status;
	const char *text;
};

/* RFC 9110, 15, and RFC 6585. */
static const struct reason reasons[] = {
	{ 100, "Continue" },
	{ 101, "Switching Protocols" },
	{ 103, "Early Hints" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 203, "Non-Authoritative Information" },
	{ 204, "No Content" },
	{ 205, "Reset Content" },
	{ 206, "Partial Content" },
	{ 300, "Multiple Choices" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 425, "Too Early" },
	{ 426, "Upgrade Required" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 451, "Unavailable For Legal Reasons" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 508, "Loop Detected" },
	{ 511, "Network Authentication Required" },
};

const char *http_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "";
}

static void start_list(struct buf *b, const char *name, struct slice earlier)
{
	buf_add_str(b, name);
	buf_add_str(b, ": ");
	if (earlier.n > 0) {
		add_value(b, earlier);
		buf_add_str(b, ", ");
	}
}

void http_write_forwarded_for(struct buf *b, struct slice earlier, const struct http_hop *hop)
{
	char text[DNS_ADDRESS_TEXT];

	start_list(b, "X-Forwarded-For", earlier);
	buf_add_str(b, dns_address_text(&hop->client, text));
	buf_add_str(b, "\r\n");
}

/* RFC 7239, 4: a value that is no token (it holds ":" or brackets) is quoted. */
static void add_forwarded_host(struct buf *b, const struct http_host *host)
{
	bool quote = host->has_port || host->form == HTTP_HOST_V6;

	buf_add_str(b, quote ? ";host=\"" : ";host=");
	http_host_write(b, host, 0);
	if (quote)
		buf_add_byte(b, '"');
}

void http_write_forwarded(struct buf *b, struct slice earlier, const struct http_hop *hop)
{
	char text[DNS_ADDRESS_TEXT];

	start_list(b, "Forwarded", earlier);
	buf_add_str(b, hop->client.v6 ? "for=\"[" : "for=");
	buf_add_str(b, dns_address_text(&hop->client, text));
	buf_add_str(b, hop->client.v6 ? "]\"" : "");
	if (hop->host != NULL && hop->host->form != HTTP_HOST_NONE)
		add_forwarded_host(b, hop->host);
	buf_add_str(b, hop->https ? ";proto=https\r\n" : ";proto=http\r\n");
}

void http_write_cdn_loop(struct buf *b, struct slice earlier, struct slice id)
{
	start_list(b, "CDN-Loop", earlier);
	buf_add(b, id);
	buf_add_str(b, "\r\n");
}

/* RFC 8586, 2: "cdn-id = ( uri-host [ ":" port ] ) / pseudonym". */
static bool is_cdn_id(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!text_is_alpha(s.p[i]) && !text_is_digit(s.p[i]) &&
		    strchr("!#$%&'*+-.^_`|~:[]", s.p[i]) == NULL)
			return false;
	return s.n > 0;
}

static bool quotes_are_closed(struct slice s)
{
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (quoted && s.p[i] == '\\')
			i++;
	}
	return !quoted;
}

enum http_cdn_loop http_cdn_loop_has(struct slice value, struct slice id)
{
	struct slice element;

	if (!quotes_are_closed(value))
		return HTTP_CDN_LOOP_BROKEN;
	while (http_list_next(&value, &element)) {
		struct slice one = slice_trim(slice_sub(element, 0, slice_find(element, ';')));

		if (!is_cdn_id(one))
			return HTTP_CDN_LOOP_BROKEN;
		if (slice_eq_nocase(one, id))
			return HTTP_CDN_LOOP_FOUND;
	}
	return HTTP_CDN_LOOP_CLEAR;
}
