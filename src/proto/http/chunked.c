/* One table: state and class of byte give the next state; what it does not name is refused. Bad
 * whitespace around extensions is in the grammar (RFC 9112, 7.1.1) and so in the table; a blank
 * between size and CRLF is not. */
#include "proto/http/chunked.h"

#include <stdio.h>

#include "base/text.h"
#include "proto/http/message_priv.h"

#define DIGITS_MAX     15
#define EXTENSIONS_ALL 16

enum state {
	BROKEN,
	SIZE_FIRST,
	SIZE,
	EXT_BLANK, /* only ";" may follow */
	EXT_NAME_FIRST,
	EXT_NAME,
	EXT_NAME_BLANK,
	EXT_VALUE_FIRST,
	EXT_VALUE,
	EXT_QUOTED,
	EXT_ESCAPE,
	EXT_QUOTED_END,
	SIZE_LF,
	DATA, /* c->left bytes are payload */
	DATA_CR,
	DATA_LF,
	TRAILER_FIRST,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	OVER,
	STATES,
};

enum class {
	CONTROL,
	HEX,
	TOKEN,
	BLANK,
	SEMICOLON,
	EQUALS,
	QUOTE,
	BACKSLASH,
	COLON,
	CR,
	LF,
	OTHER,
	CLASSES
};

static const uint8_t next_state[STATES][CLASSES] = {
	[SIZE_FIRST] = { [HEX] = SIZE },
	[SIZE] = { [HEX] = SIZE,
		   [BLANK] = EXT_BLANK,
		   [SEMICOLON] = EXT_NAME_FIRST,
		   [CR] = SIZE_LF },
	[EXT_BLANK] = { [BLANK] = EXT_BLANK, [SEMICOLON] = EXT_NAME_FIRST },
	[EXT_NAME_FIRST] = { [BLANK] = EXT_NAME_FIRST, [HEX] = EXT_NAME, [TOKEN] = EXT_NAME },
	[EXT_NAME] = { [HEX] = EXT_NAME,
		       [TOKEN] = EXT_NAME,
		       [BLANK] = EXT_NAME_BLANK,
		       [EQUALS] = EXT_VALUE_FIRST,
		       [SEMICOLON] = EXT_NAME_FIRST,
		       [CR] = SIZE_LF },
	[EXT_NAME_BLANK] = { [BLANK] = EXT_NAME_BLANK,
			     [EQUALS] = EXT_VALUE_FIRST,
			     [SEMICOLON] = EXT_NAME_FIRST },
	[EXT_VALUE_FIRST] = { [BLANK] = EXT_VALUE_FIRST,
			      [HEX] = EXT_VALUE,
			      [TOKEN] = EXT_VALUE,
			      [QUOTE] = EXT_QUOTED },
	[EXT_VALUE] = { [HEX] = EXT_VALUE,
			[TOKEN] = EXT_VALUE,
			[BLANK] = EXT_BLANK,
			[SEMICOLON] = EXT_NAME_FIRST,
			[CR] = SIZE_LF },
	[EXT_QUOTED] = { [HEX] = EXT_QUOTED,
			 [TOKEN] = EXT_QUOTED,
			 [BLANK] = EXT_QUOTED,
			 [SEMICOLON] = EXT_QUOTED,
			 [EQUALS] = EXT_QUOTED,
			 [COLON] = EXT_QUOTED,
			 [OTHER] = EXT_QUOTED,
			 [BACKSLASH] = EXT_ESCAPE,
			 [QUOTE] = EXT_QUOTED_END },
	[EXT_ESCAPE] = { [HEX] = EXT_QUOTED,
			 [TOKEN] = EXT_QUOTED,
			 [BLANK] = EXT_QUOTED,
			 [SEMICOLON] = EXT_QUOTED,
			 [EQUALS] = EXT_QUOTED,
			 [COLON] = EXT_QUOTED,
			 [OTHER] = EXT_QUOTED,
			 [BACKSLASH] = EXT_QUOTED,
			 [QUOTE] = EXT_QUOTED },
	[EXT_QUOTED_END] = { [BLANK] = EXT_BLANK, [SEMICOLON] = EXT_NAME_FIRST, [CR] = SIZE_LF },
	[SIZE_LF] = { [LF] = DATA },
	[DATA_CR] = { [CR] = DATA_LF },
	[DATA_LF] = { [LF] = SIZE_FIRST },
	[TRAILER_FIRST] = { [HEX] = TRAILER_NAME, [TOKEN] = TRAILER_NAME, [CR] = END_LF },
	[TRAILER_NAME] = { [HEX] = TRAILER_NAME, [TOKEN] = TRAILER_NAME, [COLON] = TRAILER_VALUE },
	[TRAILER_VALUE] = { [HEX] = TRAILER_VALUE,
			    [TOKEN] = TRAILER_VALUE,
			    [BLANK] = TRAILER_VALUE,
			    [SEMICOLON] = TRAILER_VALUE,
			    [EQUALS] = TRAILER_VALUE,
			    [QUOTE] = TRAILER_VALUE,
			    [BACKSLASH] = TRAILER_VALUE,
			    [COLON] = TRAILER_VALUE,
			    [OTHER] = TRAILER_VALUE,
			    [CR] = TRAILER_LF },
	[TRAILER_LF] = { [LF] = TRAILER_FIRST },
	[END_LF] = { [LF] = OVER },
};

static enum class class_of(uint8_t b) {
	switch (b){
		case ' ' : case '\t' : return BLANK; case ';' : return SEMICOLON;
		case '=' : return EQUALS;
		case '"' : return QUOTE;
		case '\\' : return BACKSLASH;
		case ':' : return COLON;
		case '\r' : return CR;
		case '\n' : return LF;
	}
if (text_hex_digit(b) >= 0) return HEX;
if (http_tchar[b])
	return TOKEN;
return b < 0x20 || b == 0x7f ? CONTROL : OTHER;
}

void http_chunked_init(struct http_chunked *c, const struct http_chunked_limits *limits)
{
	*c = (struct http_chunked){ .limits = *limits, .state = SIZE_FIRST };
}

static enum http_chunked_answer refuse(struct http_chunked *c, struct http_refusal *refusal,
				       int status, const char *why)
{
	c->state = BROKEN;
	refusal->status = status;
	refusal->why = why;
	return HTTP_CHUNKED_REFUSED;
}

/* Bytes of extensions and trailers are counted as they come: nothing waits for their end. */
static bool is_within_limits(struct http_chunked *c)
{
	if (c->state >= EXT_BLANK && c->state <= EXT_QUOTED_END) {
		c->extensions++;
		c->extensions_all++;
	}
	if (c->state >= TRAILER_NAME && c->state <= TRAILER_LF)
		c->trailers++;
	return c->extensions <= c->limits.max_extensions &&
	       c->extensions_all <= EXTENSIONS_ALL * c->limits.max_extensions &&
	       c->trailers <= c->limits.max_trailers;
}

static bool take_digit(struct http_chunked *c, uint8_t b)
{
	c->left = c->left << 4 | (uint64_t)text_hex_digit(b);
	return ++c->digits <= DIGITS_MAX;
}

static void start_chunk(struct http_chunked *c)
{
	c->digits = 0;
	c->extensions = 0;
	if (c->left == 0)
		c->state = TRAILER_FIRST;
}

/* One byte of anything but payload. */
static enum http_chunked_answer step(struct http_chunked *c, uint8_t b,
				     struct http_refusal *refusal)
{
	c->state = next_state[c->state][class_of(b)];
	if (c->state == BROKEN)
		return refuse(c, refusal, 400, "the chunked body is malformed");
	if (c->state == SIZE && !take_digit(c, b))
		return refuse(c, refusal, 400, "a chunk size has more than 15 digits");
	if (!is_within_limits(c))
		return refuse(c, refusal, c->trailers > c->limits.max_trailers ? 431 : 400,
			      "chunk extensions or trailer fields are longer than allowed");
	if (c->state == DATA)
		start_chunk(c);
	return c->state == OVER ? HTTP_CHUNKED_DONE : HTTP_CHUNKED_MORE;
}

static void take_data(struct http_chunked *c, struct slice *rest, struct slice *data)
{
	*data = slice_sub(*rest, 0, c->left < SIZE_MAX ? (size_t)c->left : SIZE_MAX);
	*rest = slice_from(*rest, data->n);
	c->left -= data->n;
	if (c->left == 0)
		c->state = DATA_CR;
}

enum http_chunked_answer http_chunked_next(struct http_chunked *c, struct slice *rest,
					   struct slice *data, struct http_refusal *refusal)
{
	enum http_chunked_answer answer = HTTP_CHUNKED_MORE;

	must(c->state != OVER);
	if (c->state == BROKEN)
		return refuse(c, refusal, 400, "the chunked body is malformed");
	while (rest->n > 0 && answer == HTTP_CHUNKED_MORE) {
		if (c->state == DATA) {
			take_data(c, rest, data);
			return HTTP_CHUNKED_DATA;
		}
		answer = step(c, rest->p[0], refusal);
		*rest = slice_from(*rest, 1);
	}
	return answer;
}

size_t http_chunk_head(uint64_t n, char out[HTTP_CHUNK_HEAD])
{
	must(n > 0);
	return (size_t)snprintf(out, HTTP_CHUNK_HEAD, "%llx\r\n", (unsigned long long)n);
}
