/* Lines and fields of a head.
 *
 * Each call reads the head from its beginning: what is kept between calls is only how far the
 * bytes have been looked at, so a head that trickles in is read again when a line was completed and
 * not for each byte. Refusals follow the order of the bytes: a line is judged when it is complete
 * or when a byte that no line can hold has come, and limits are judged by position. So the answer
 * cannot depend on the pieces in which the head came.
 *
 * Lines end with CRLF and with nothing else. RFC 9112, 2.2: "Although the line terminator for the
 * start-line and fields is the sequence CRLF, a recipient MAY recognize a single LF as a line
 * terminator and ignore any preceding CR." We do not: a neighbour that does reads another message.
 */
#include "proto/http/message.h"
#include "proto/http/message_priv.h"

#include "base/text.h"

#define EMPTY_LINES_MAX 4
#define OPTIONS_MAX     32

#define BYTES(c) (0x0101010101010101u * (c))

/* Eight bytes at a time: the mask is not zero when one of them is below 0x20 or is 0x7f. */
static bool has_control(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	uint64_t below = (w - BYTES(0x20u)) & ~w;
	uint64_t del = w ^ BYTES(0x7fu);

	del = (del - BYTES(1u)) & ~del;
	return ((below | del) & BYTES(0x80u)) != 0;
}

static bool is_control(uint8_t c)
{
	return (c < 0x20 && c != '\t') || c == 0x7f;
}

size_t http_scan(struct slice s, size_t from)
{
	size_t i = from;

	while (i < s.n) {
		size_t end = i + 8 <= s.n ? i + 8 : s.n;

		if (end == i + 8 && !has_control(s.p + i)) {
			i = end;
			continue;
		}
		for (; i < end; i++)
			if (is_control(s.p[i]))
				return i;
	}
	return s.n;
}

enum http_answer http_refuse(struct http_parse *p, int status, const char *why)
{
	p->refusal->status = p->response ? 502 : status;
	p->refusal->why = why;
	return HTTP_REFUSED;
}

bool http_parse_is_waiting(struct slice bytes, size_t seen, const struct http_limits *limits)
{
	return seen > 0 && bytes.n <= limits->max_line && bytes.n < limits->max_head &&
	       http_scan(bytes, seen) == bytes.n;
}

enum http_answer http_parse_finish(struct http_parse *p, enum http_answer answer, size_t have,
				   size_t *seen)
{
	if (answer == HTTP_MORE && have >= p->end)
		return http_refuse(p, 431, "the fields are longer than allowed");
	/* a CR at the end is looked at again when the byte behind it is there */
	*seen = have > 0 && p->bytes.p[have - 1] == '\r' ? have - 1 : have;
	return answer;
}

/* The next line without its CRLF; `max` bytes at the most. */
static enum http_answer next_line(struct http_parse *p, size_t max, struct slice *line)
{
	struct slice rest = slice_from(p->bytes, p->at);
	struct slice allowed = max < SIZE_MAX ? slice_sub(rest, 0, max + 1) : rest;
	size_t end = http_scan(allowed, 0);

	if (end > max)
		return http_refuse(p, 414, "the start line is longer than allowed");
	if (end == rest.n)
		return HTTP_MORE;
	if (rest.p[end] == '\n')
		return http_refuse(p, 400, "a line ends with LF alone");
	if (rest.p[end] != '\r')
		return http_refuse(p, 400, "there is a control character in the head");
	if (end + 1 == rest.n)
		return HTTP_MORE;
	if (rest.p[end + 1] != '\n')
		return http_refuse(p, 400, "there is a CR without LF in the head");
	*line = slice_sub(rest, 0, end);
	p->at += end + 2;
	return HTTP_DONE;
}

enum http_answer http_start_line(struct http_parse *p, struct slice *line)
{
	struct slice all = p->bytes;
	enum http_answer answer;

	/* RFC 9112, 2.2: "a server that is expecting to receive and parse a request-line SHOULD
	 * ignore at least one empty line (CRLF) received prior to the request-line." */
	for (int empty = 0;; empty++) {
		p->end = p->at + p->limits->max_head;
		p->bytes = slice_sub(all, 0, p->end);
		answer = next_line(p, p->limits->max_line, line);
		if (answer != HTTP_DONE || line->n > 0)
			return answer;
		if (empty == EMPTY_LINES_MAX || p->response)
			return http_refuse(p, 400, "there are empty lines before the start line");
	}
}

enum http_answer http_version(struct http_parse *p, struct slice text)
{
	if (text.n != 8 || !slice_starts(text, slice_lit("HTTP/")) || !text_is_digit(text.p[5]) ||
	    text.p[6] != '.' || !text_is_digit(text.p[7]))
		return http_refuse(p, 400, "the start line is not one of HTTP/1.1");
	if (text.p[5] != '1' || text.p[7] > '1')
		return http_refuse(p, 505, "the HTTP version is neither 1.1 nor 1.0");
	p->head->minor = text.p[7] - '0';
	return HTTP_DONE;
}

/* Remembers the fields that decide about framing and routing. */
static void note_field(struct http_parse *p, const struct http_field *field)
{
	if (field->kind == HTTP_FIELD_HOST) {
		p->hosts++;
		p->host = field->value;
	} else if (field->kind == HTTP_FIELD_CONTENT_LENGTH) {
		p->lengths++;
		p->length = field->value;
	} else if (field->kind == HTTP_FIELD_TRANSFER_ENCODING) {
		p->codings++;
		p->coding = field->value;
	} else if (field->kind == HTTP_FIELD_EXPECT && !p->odd_expect) {
		p->expects++;
		p->odd_expect = !slice_eq_nocase(field->value, slice_lit("100-continue"));
	}
}

static enum http_answer take_field(struct http_parse *p, struct slice line)
{
	size_t name = 0;

	/* RFC 9112, 5.2: "A server that receives an obs-fold in a request message [...] MUST
	 * either reject the message by sending a 400 (Bad Request) [...]"; also 2.2 for
	 * "whitespace between the start-line and the first header field". */
	if (line.p[0] == ' ' || line.p[0] == '\t')
		return http_refuse(p, 400, "a field line is folded or begins with a blank");
	while (name < line.n && http_tchar[line.p[name]])
		name++;
	if (name == line.n)
		return http_refuse(p, 400, "a field line has no colon");
	/* RFC 9112, 5.1: "A server MUST reject, with a response status code of 400 (Bad Request),
	 * any received request message that contains whitespace between a header field name and
	 * colon." */
	if (line.p[name] == ' ' || line.p[name] == '\t')
		return http_refuse(p, 400, "there is a blank between a field name and its colon");
	if (line.p[name] != ':' || name == 0)
		return http_refuse(p, 400, "a field name holds a byte that none may hold");
	if (p->head->count == p->limits->max_fields)
		return http_refuse(p, 431, "there are more fields than allowed");
	struct http_field *field = &p->head->fields[p->head->count++];

	field->name = slice_sub(line, 0, name);
	field->value = slice_trim(slice_from(line, name + 1));
	field->kind = http_field_kind(field->name);
	field->hop = http_field_is_hop[field->kind];
	note_field(p, field);
	return HTTP_DONE;
}

/* A field that Connection names goes no further, unless it is one that we look at ourselves: RFC
 * 9110, 7.6.1: "A sender MUST NOT send a connection option corresponding to a field that is
 * intended for all recipients of the content." */
static void mark_hop(struct http_head *head, struct slice name)
{
	for (size_t i = 0; i < head->count; i++)
		if (head->fields[i].kind == HTTP_FIELD_OTHER &&
		    slice_eq_nocase(head->fields[i].name, name))
			head->fields[i].hop = true;
}

struct options {
	size_t count;
	bool close;
	bool keep_alive;
	bool upgrade;
};

static bool take_option(struct http_head *head, struct slice option, struct options *seen)
{
	if (!http_is_token(option) || seen->count++ == OPTIONS_MAX)
		return false;
	if (slice_eq_nocase(option, slice_lit("close")))
		seen->close = true;
	else if (slice_eq_nocase(option, slice_lit("keep-alive")))
		seen->keep_alive = true;
	else if (slice_eq_nocase(option, slice_lit("upgrade")))
		seen->upgrade = true;
	else
		mark_hop(head, option);
	return true;
}

/* RFC 9110, 7.8: "A server MUST ignore an Upgrade header field that is received in an HTTP/1.0
 * request." */
static void settle_connection(struct http_head *head, const struct options *seen)
{
	const struct http_field *upgrade = http_field_find(head, HTTP_FIELD_UPGRADE);

	head->keep_alive = !seen->close && (head->minor == 1 || seen->keep_alive);
	head->upgrade = SLICE_NONE;
	if (seen->upgrade && upgrade != NULL && head->minor == 1)
		head->upgrade = upgrade->value;
}

static enum http_answer read_connection(struct http_parse *p)
{
	struct options seen = { 0 };

	for (size_t i = 0; i < p->head->count; i++) {
		struct slice rest = p->head->fields[i].value;
		struct slice option;

		if (p->head->fields[i].kind != HTTP_FIELD_CONNECTION)
			continue;
		while (http_list_next(&rest, &option))
			if (!take_option(p->head, option, &seen))
				return http_refuse(p, 400, "the Connection field can't be read");
	}
	settle_connection(p->head, &seen);
	return HTTP_DONE;
}

enum http_answer http_fields(struct http_parse *p)
{
	struct slice line;
	enum http_answer answer;

	must(p->limits->max_fields <= HTTP_FIELDS_MAX);
	p->head->count = 0;
	while ((answer = next_line(p, SIZE_MAX, &line)) == HTTP_DONE && line.n > 0) {
		answer = take_field(p, line);
		if (answer != HTTP_DONE)
			return answer;
	}
	if (answer != HTTP_DONE)
		return answer;
	p->head->len = p->at;
	return read_connection(p);
}

/* RFC 9110, 8.6: a list of equal numbers may be rejected as well as repaired; repairing needs all
 * neighbours to agree. */
enum http_answer http_length(struct http_parse *p)
{
	if (p->lengths > 1)
		return http_refuse(p, 400, "there is more than one Content-Length");
	if (!text_u64(p->length, INT64_MAX, &p->head->length))
		return http_refuse(p, 400, "Content-Length is not a number that can be");
	p->head->has_length = true;
	return HTTP_DONE;
}

/* What a Transfer-Encoding other than exactly "chunked" is worth. */
static enum http_answer refuse_coding(struct http_parse *p)
{
	struct slice rest = p->coding;
	struct slice coding = SLICE_NONE;
	size_t count = 0;
	size_t chunked = 0;
	bool last = false;

	for (; http_list_next(&rest, &coding); count++) {
		if (!http_is_token(coding))
			return http_refuse(p, 400, "Transfer-Encoding can't be read");
		last = slice_eq_nocase(coding, slice_lit("chunked"));
		chunked += last;
	}
	/* RFC 9112, 6.3: "If a Transfer-Encoding header field is present in a request and the
	 * chunked transfer coding is not the final encoding [...] the server MUST respond with
	 * the 400 (Bad Request) status code and then close the connection." */
	if (p->codings > 1 || !last || chunked > 1 || count == 1)
		return http_refuse(p, 400, "Transfer-Encoding does not end with one \"chunked\"");
	/* RFC 9112, 6.1: "A server that receives a request message with a transfer coding it does
	 * not understand SHOULD respond with 501 (Not Implemented)." */
	return http_refuse(p, 501, "a transfer coding other than \"chunked\" is not implemented");
}

static enum http_answer read_coding(struct http_parse *p)
{
	/* RFC 9112, 6.1: "A server or client that receives an HTTP/1.0 message containing a
	 * Transfer-Encoding header field MUST treat the message as if the framing is faulty" */
	if (p->head->minor == 0)
		return http_refuse(p, 400, "HTTP/1.0 has no Transfer-Encoding");
	/* RFC 9112, 6.1: "A server MAY reject a request that contains both Content-Length and
	 * Transfer-Encoding" */
	if (p->lengths > 0)
		return http_refuse(p, 400, "there are both Content-Length and Transfer-Encoding");
	if (p->codings != 1 || !slice_eq_nocase(p->coding, slice_lit("chunked")))
		return refuse_coding(p);
	p->head->body = HTTP_BODY_CHUNKED;
	return HTTP_DONE;
}

enum http_answer http_framing(struct http_parse *p)
{
	if (p->codings > 0)
		return read_coding(p);
	if (p->lengths == 0)
		return HTTP_DONE;
	p->head->body = HTTP_BODY_LENGTH;
	return http_length(p);
}
