/* Bodies, whole and in pieces of every size: payload, what is left over, or a refusal. */
#include "proto/http/chunked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct http_chunked_limits limits = { 20, 40 };

struct row {
	const char *text;
	const char *result; /* "payload|rest", "more payload" or a status */
	size_t n;
};

static enum http_chunked_answer feed(struct http_chunked *c, struct slice *rest,
				     struct buf *payload, struct http_refusal *refusal)
{
	enum http_chunked_answer answer;
	struct slice data;

	while ((answer = http_chunked_next(c, rest, &data, refusal)) == HTTP_CHUNKED_DATA) {
		assert_true(data.n > 0);
		buf_add(payload, data);
	}
	return answer;
}

/* Feeds `piece` bytes at a time. */
static void decode(struct slice bytes, size_t piece, struct buf *out)
{
	struct http_chunked c;
	struct http_refusal refusal = { 0, NULL };
	struct buf payload = BUF_INIT;
	enum http_chunked_answer answer = HTTP_CHUNKED_MORE;

	http_chunked_init(&c, &limits);
	while (bytes.n > 0 && answer == HTTP_CHUNKED_MORE) {
		struct slice part = slice_sub(bytes, 0, piece);
		uint8_t *copy = malloc(part.n);
		struct slice rest = slice_of(copy, part.n);

		assert_non_null(copy);
		memcpy(copy, part.p, part.n);
		answer = feed(&c, &rest, &payload, &refusal);
		bytes = slice_from(bytes, part.n - rest.n);
		free(copy);
	}
	if (answer == HTTP_CHUNKED_REFUSED)
		buf_addf(out, "%d", refusal.status);
	else if (answer == HTTP_CHUNKED_DONE)
		buf_addf(out, "%s|%.*s", buf_str(&payload), SLICE_ARG(bytes));
	else
		buf_addf(out, "more %s", buf_str(&payload));
	buf_free(&payload);
}

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = rows[i].n > 0 ? rows[i].n : strlen(rows[i].text);

		for (size_t piece = 1; piece <= n; piece++) {
			struct buf out = BUF_INIT;

			decode(slice_of(rows[i].text, n), piece, &out);
			if (strcmp(buf_str(&out), rows[i].result) != 0)
				fail_msg("%s\nby %zu is: %s, not: %s", rows[i].text, piece,
					 buf_str(&out), rows[i].result);
			buf_free(&out);
		}
	}
}

static void bodies(void **state)
{
	static const struct row rows[] = {
		{ "0\r\n\r\n", "|", 0 },
		{ "0\r\n\r\nGET /", "|GET /", 0 },
		{ "5\r\nhello\r\n0\r\n\r\n", "hello|", 0 },
		{ "5\r\nhel\r\n\r\n0\r\n\r\n", "hel\r\n|", 0 },
		{ "1\r\na\r\n2\r\nbc\r\n0\r\n\r\nx", "abc|x", 0 },
		{ "A\r\n0123456789\r\n0\r\n\r\n", "0123456789|", 0 },
		{ "a\r\n0123456789\r\n000\r\n\r\n", "0123456789|", 0 },
		{ "000000000000001\r\na\r\n0\r\n\r\n", "a|", 0 },
		{ "0000000000000001\r\na\r\n0\r\n\r\n", "400", 0 },
		{ "10000000000000000\r\n", "400", 0 },
		{ "fffffffffffffff\r\nab", "more ab", 0 },
		{ "5\r\nhel", "more hel", 0 },
		{ "5", "more ", 0 },
		{ "0\r\n", "more ", 0 },
		{ "0\r\n\r", "more ", 0 },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void broken_sizes(void **state)
{
	static const struct row rows[] = {
		{ "\r\n", "400", 0 },
		{ "g\r\n", "400", 0 },
		{ "-1\r\n", "400", 0 },
		{ "+1\r\n", "400", 0 },
		{ "0x1\r\n", "400", 0 },
		{ "1_0\r\n", "400", 0 },
		{ " 1\r\n", "400", 0 },
		{ "\t1\r\n", "400", 0 },
		{ "1 \r\na\r\n", "400", 0 },
		{ "1\t\r\na\r\n", "400", 0 },
		{ "1\na\r\n", "400", 0 },
		{ "1\ra\r\n", "400", 0 },
		{ "1\r\r\na\r\n", "400", 0 },
		{ "1\0\r\na\r\n", "400", 7 },
		{ "1\r\nab\r\n", "400", 0 },
		{ "1\r\na\n0\r\n\r\n", "400", 0 },
		{ "1\r\na0\r\n\r\n", "400", 0 },
		{ "1\r\na\r0\r\n\r\n", "400", 0 },
		{ "1\r\na\r\n\r\n0\r\n\r\n", "400", 0 },
		{ "0\n\n", "400", 0 },
		{ "0\r\n\n", "400", 0 },
		{ "0\r\n\rx", "400", 0 },
		{ "\xb2\r\n", "400", 0 },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void extensions(void **state)
{
	static const struct row rows[] = {
		{ "1;a\r\nx\r\n0\r\n\r\n", "x|", 0 },
		{ "1;a=b\r\nx\r\n0;c\r\n\r\n", "x|", 0 },
		{ "1;a=b;c=d\r\nx\r\n0\r\n\r\n", "x|", 0 },
		{ "1;a=\"b\\\"; c\"\r\nx\r\n0\r\n\r\n", "x|", 0 },
		{ "1 ; a = b ;c\r\nx\r\n0\r\n\r\n", "x|", 0 },
		{ "1\t;\ta\r\nx\r\n0\r\n\r\n", "x|", 0 },
		{ "1;0=f\r\nx\r\n0\r\n\r\n", "x|", 0 },
		{ "1;a=\"\"\r\nx\r\n0\r\n\r\n", "x|", 0 },
		{ "1;\r\nx\r\n", "400", 0 },
		{ "1;;a\r\nx\r\n", "400", 0 },
		{ "1;a=\r\nx\r\n", "400", 0 },
		{ "1;=a\r\nx\r\n", "400", 0 },
		{ "1;a=b=c\r\nx\r\n", "400", 0 },
		{ "1;a b\r\nx\r\n", "400", 0 },
		{ "1;a \r\nx\r\n", "400", 0 },
		{ "1;a=b \r\nx\r\n", "400", 0 },
		{ "1;a=\"b\r\nx\r\n", "400", 0 },
		{ "1;a=\"b\"c\r\nx\r\n", "400", 0 },
		{ "1;a=\"b\\\r\nx\r\n", "400", 0 },
		{ "1;a\nx\r\n", "400", 0 },
		{ "1;a=b\nc\r\nx\r\n", "400", 0 },
		{ "1;a=\"b\nc\"\r\nx\r\n", "400", 0 },
		{ "1;a\rb\r\nx\r\n", "400", 0 },
		{ "1;a\0b\r\nx\r\n", "400", 10 },
		{ "1;a(b)\r\nx\r\n", "400", 0 },
		{ "1;\xe4\r\nx\r\n", "400", 0 },
		{ "1;aaaaaaaaaaaaaaaaaaa\r\nx\r\n0\r\n\r\n", "x|", 0 },
		{ "1;aaaaaaaaaaaaaaaaaaaa\r\nx\r\n0\r\n\r\n", "400", 0 },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void trailers(void **state)
{
	static const struct row rows[] = {
		{ "0\r\nA: b\r\n\r\nrest", "|rest", 0 },
		{ "0\r\nA:\r\nB: c\xff\r\n\r\n", "|", 0 },
		{ "0\r\nContent-Length: 5\r\nHost: x\r\n\r\n", "|", 0 },
		{ "0\r\n: b\r\n\r\n", "400", 0 },
		{ "0\r\nA\r\n\r\n", "400", 0 },
		{ "0\r\nA : b\r\n\r\n", "400", 0 },
		{ "0\r\nA: b\r\n c\r\n\r\n", "400", 0 },
		{ "0\r\n A: b\r\n\r\n", "400", 0 },
		{ "0\r\nA: b\n\r\n", "400", 0 },
		{ "0\r\nA: b\rC: d\r\n\r\n", "400", 0 },
		{ "0\r\nA: \x01\r\n\r\n", "400", 0 },
		{ "0\r\nA: \x7f\r\n\r\n", "400", 0 },
		{ "0\r\nGET / HTTP/1.1\r\n\r\n", "400", 0 },
		{ "0\r\nA: 01234567890123456789012345678901234\r\n\r\n", "|", 0 },
		{ "0\r\nA: 012345678901234567890123456789012345678\r\n\r\n", "431", 0 },
		{ "0\r\nA: 01234567890123\r\nA: 0123456789012345678\r\n\r\n", "431", 0 },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void many_small_extensions_are_too_much(void **state)
{
	struct buf bytes = BUF_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 17; i++)
		buf_add_str(&bytes, "1;aaaaaaaaaaaaaaaaaaa\r\nx\r\n");
	decode(buf_slice(&bytes), bytes.n, &out);
	assert_string_equal(buf_str(&out), "400");
	buf_free(&bytes);
	buf_free(&out);
}

static void what_is_refused_stays_refused(void **state)
{
	struct http_chunked c;
	struct http_refusal refusal = { 0, NULL };
	struct slice rest = slice_lit("x");
	struct slice data;

	(void)state;
	http_chunked_init(&c, &limits);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(http_chunked_next(&c, &rest, &data, &refusal),
				 HTTP_CHUNKED_REFUSED);
		assert_int_equal(refusal.status, 400);
		refusal.status = 0;
		rest = slice_lit("0\r\n\r\n");
	}
}

static void heads_are_written(void **state)
{
	char out[HTTP_CHUNK_HEAD];

	(void)state;
	assert_int_equal(http_chunk_head(1, out), 3);
	assert_memory_equal(out, "1\r\n", 3);
	assert_int_equal(http_chunk_head(0x1f00, out), 6);
	assert_memory_equal(out, "1f00\r\n", 6);
	assert_int_equal(http_chunk_head(UINT64_MAX, out), 18);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(broken_sizes),
		cmocka_unit_test(extensions),
		cmocka_unit_test(trailers),
		cmocka_unit_test(many_small_extensions_are_too_much),
		cmocka_unit_test(what_is_refused_stays_refused),
		cmocka_unit_test(heads_are_written),
	};

	return cmocka_run_group_tests_name("http/chunked", tests, NULL, NULL);
}
