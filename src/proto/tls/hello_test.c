#include "proto/tls/hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cursor.h"

/* A ClientHello with one extension block; cut into records of `cut` bytes. */
static void hello_write(struct slice extensions, size_t cut, struct buf *out)
{
	static const uint8_t zeros[32];
	struct buf body = BUF_INIT, message = BUF_INIT;

	write_u16(&body, 0x0303);
	write_bytes(&body, zeros, sizeof(zeros));
	write_vec8(&body, SLICE_NONE);
	write_vec16(&body, slice_lit("\x5a\x5a\x13\x03\x13\x01"));
	write_vec8(&body, slice_of(zeros, 1));
	write_vec16(&body, extensions);
	write_u8(&message, 1);
	write_u8(&message, (uint8_t)(body.n >> 16));
	write_u16(&message, (uint16_t)body.n);
	buf_add(&message, buf_slice(&body));
	for (size_t at = 0; at < message.n; at += cut) {
		write_u8(out, 22);
		write_u16(out, 0x0301);
		write_vec16(out, slice_sub(buf_slice(&message), at, cut));
	}
	buf_free(&body);
	buf_free(&message);
}

static void extension(struct buf *b, uint16_t type, struct slice body)
{
	write_u16(b, type);
	write_vec16(b, body);
}

static void sni(struct buf *b, const char *name)
{
	struct buf entry = BUF_INIT, list = BUF_INIT;

	write_u8(&entry, 0);
	write_vec16(&entry, slice_str(name));
	write_vec16(&list, buf_slice(&entry));
	extension(b, 0, buf_slice(&list));
	buf_free(&entry);
	buf_free(&list);
}

static void usual_extensions(struct buf *b)
{
	sni(b, "Shop.Example.com");
	extension(b, 16, slice_lit("\x00\x0c\x02h2\x08http/1.1"));
	extension(b, 13, slice_lit("\x00\x04\x04\x03\x08\x04"));
	extension(b, 43, slice_lit("\x04\x7a\x7a\x03\x04"));
}

static enum hello_answer read_extensions(const struct buf *extensions, struct tls_hello *hello,
					 struct hello_refusal *why)
{
	struct buf bytes = BUF_INIT;
	enum hello_answer answer;

	hello_write(buf_slice(extensions), 16384, &bytes);
	answer = hello_read(buf_slice(&bytes), hello, why);
	buf_free(&bytes);
	return answer;
}

static void what_a_browser_sends_is_read(void **state)
{
	(void)state;
	struct buf e = BUF_INIT;
	struct tls_hello hello;

	usual_extensions(&e);
	assert_int_equal(read_extensions(&e, &hello, NULL), HELLO_DONE);
	assert_string_equal(hello.sni, "shop.example.com");
	assert_true(hello.tls13 && !hello.tls12);
	assert_true(hello.alpn && hello.h1 && hello.h2);
	assert_true(hello.ecdsa && hello.rsa);
	assert_true(hello.prefers_chacha); /* behind GREASE */
	buf_free(&e);
}

static void nothing_but_suites_is_tls12_without_a_name(void **state)
{
	(void)state;
	struct buf e = BUF_INIT;
	struct tls_hello hello;

	assert_int_equal(read_extensions(&e, &hello, NULL), HELLO_DONE);
	assert_string_equal(hello.sni, "");
	assert_true(hello.tls12 && !hello.tls13 && hello.h1 && !hello.h2 && !hello.alpn);
}

static void every_cut_of_the_bytes_asks_for_more(void **state)
{
	(void)state;
	static const size_t cuts[] = { 16384, 100, 12 };
	struct buf e = BUF_INIT;
	struct tls_hello hello;

	usual_extensions(&e);
	for (size_t i = 0; i < 3; i++) {
		struct buf bytes = BUF_INIT;

		hello_write(buf_slice(&e), cuts[i], &bytes);
		for (size_t n = 0; n < bytes.n; n++)
			assert_int_equal(hello_read(slice_of(bytes.p, n), &hello, NULL),
					 HELLO_MORE);
		memset(&hello, 0, sizeof(hello));
		assert_int_equal(hello_read(buf_slice(&bytes), &hello, NULL), HELLO_DONE);
		assert_string_equal(hello.sni, "shop.example.com");
		buf_free(&bytes);
	}
	buf_free(&e);
}

static void refused(struct slice bytes, const char *why, enum tls_alert alert)
{
	struct hello_refusal refusal = { TLS_ALERT_NONE, "" };
	struct tls_hello hello;

	assert_int_equal(hello_read(bytes, &hello, &refusal), HELLO_REFUSED);
	assert_string_equal(refusal.why, why);
	assert_int_equal(refusal.alert, alert);
}

static void records_out_of_bounds_are_refused(void **state)
{
	(void)state;
	struct buf e = BUF_INIT, bytes = BUF_INIT;

	refused(slice_lit("G"), "plain_http", TLS_ALERT_UNEXPECTED_MESSAGE);
	refused(slice_lit("\x16\x03\x01\x00\x00"), "empty_record", TLS_ALERT_UNEXPECTED_MESSAGE);
	refused(slice_lit("\x16\x03\x01\x40\x01"), "record_too_long", TLS_ALERT_RECORD_OVERFLOW);
	refused(slice_lit("\x16\x03\x01\x00\x04\x02"), "not_a_client_hello",
		TLS_ALERT_UNEXPECTED_MESSAGE);
	refused(slice_lit("\x16\x03\x01\x00\x04\x01\x00\x3f\xfd"), "hello_too_long",
		TLS_ALERT_DECODE_ERROR);
	usual_extensions(&e);
	hello_write(buf_slice(&e), 3, &bytes);
	refused(buf_slice(&bytes), "too_many_records", TLS_ALERT_DECODE_ERROR);
	buf_free(&e);
	buf_free(&bytes);
}

static void refused_extensions(struct buf *e, const char *why, enum tls_alert alert)
{
	struct buf bytes = BUF_INIT;

	hello_write(buf_slice(e), 16384, &bytes);
	refused(buf_slice(&bytes), why, alert);
	buf_free(&bytes);
	buf_free(e);
}

static enum hello_answer read_cut(const struct buf *extensions, size_t cut)
{
	struct hello_refusal why;
	struct tls_hello hello;
	struct buf bytes = BUF_INIT;
	enum hello_answer answer;

	hello_write(buf_slice(extensions), cut, &bytes);
	answer = hello_read(buf_slice(&bytes), &hello, &why);
	buf_free(&bytes);
	return answer;
}

/* The message without extensions, its head counted. */
#define BARE (4 + 2 + 32 + 1 + 2 + 6 + 1 + 1 + 2)

static void limits_are_exact(void **state)
{
	(void)state;
	static const uint8_t zeros[HELLO_MAX];
	struct buf e = BUF_INIT;

	for (uint16_t i = 0; i < 64; i++)
		extension(&e, (uint16_t)(2000 + i), SLICE_NONE);
	assert_int_equal(read_cut(&e, 16384), HELLO_DONE);
	buf_clear(&e);
	extension(&e, 2000, slice_of(zeros, 16 * 20 - BARE - 4)); /* 16 records of 20 bytes */
	assert_int_equal(read_cut(&e, 20), HELLO_DONE);
	buf_clear(&e);
	extension(&e, 2000, slice_of(zeros, 16 * 20 - BARE - 4 + 1));
	assert_int_equal(read_cut(&e, 20), HELLO_REFUSED);
	buf_clear(&e);
	extension(&e, 2000, slice_of(zeros, HELLO_MAX - BARE - 4));
	assert_int_equal(read_cut(&e, 16384), HELLO_DONE);
	buf_clear(&e);
	extension(&e, 2000, slice_of(zeros, HELLO_MAX - BARE - 4 + 1));
	assert_int_equal(read_cut(&e, 16384), HELLO_REFUSED);
	buf_free(&e);
}

static void names_that_are_none_are_refused(void **state)
{
	(void)state;
	static const char *const names[] = { "",       ".",          "a..b",     "-a.b",
					     "a-.b",   "192.0.2.1",  "a b.test", "a_b.test",
					     "*.test", "x\x01.test", "a.123",    ".a" };
	struct buf e = BUF_INIT;
	char label[80], out[HELLO_SNI_MAX + 1];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		sni(&e, names[i]);
		refused_extensions(&e, "sni_invalid", TLS_ALERT_UNRECOGNIZED_NAME);
	}
	memset(label, 'a', sizeof(label));
	label[64] = '\0';
	sni(&e, label);
	refused_extensions(&e, "sni_invalid", TLS_ALERT_UNRECOGNIZED_NAME);
	assert_int_equal(hello_sni_read(slice_lit("\x00\x08\x00\x00\x05"
						  "a.b1."),
					out),
			 HELLO_SNI_GOOD);
	assert_string_equal(out, "a.b1");
}

static void broken_extensions_are_refused(void **state)
{
	(void)state;
	struct buf e = BUF_INIT;

	extension(&e, 0,
		  slice_lit("\x00\x0a\x00\x00\x02"
			    "ab\x00\x00\x02"
			    "cd"));
	refused_extensions(&e, "sni_broken", TLS_ALERT_DECODE_ERROR);
	extension(&e, 16, slice_lit("\x00\x01\x00"));
	refused_extensions(&e, "alpn_broken", TLS_ALERT_DECODE_ERROR);
	extension(&e, 13, slice_lit("\x00\x03\x04\x03\x04"));
	refused_extensions(&e, "signature_algorithms_broken", TLS_ALERT_DECODE_ERROR);
	extension(&e, 43, slice_lit("\x03\x03\x04\x03"));
	refused_extensions(&e, "supported_versions_broken", TLS_ALERT_DECODE_ERROR);
	extension(&e, 43, slice_lit("\x02\x03\x02"));
	refused_extensions(&e, "version_too_old", TLS_ALERT_PROTOCOL_VERSION);
	write_u16(&e, 5);
	refused_extensions(&e, "extensions_broken", TLS_ALERT_DECODE_ERROR);
	extension(&e, 1000, SLICE_NONE);
	extension(&e, 1000, SLICE_NONE);
	refused_extensions(&e, "extension_twice", TLS_ALERT_ILLEGAL_PARAMETER);
	for (uint16_t i = 0; i < 65; i++)
		extension(&e, (uint16_t)(2000 + i), SLICE_NONE);
	refused_extensions(&e, "too_many_extensions", TLS_ALERT_DECODE_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_browser_sends_is_read),
		cmocka_unit_test(nothing_but_suites_is_tls12_without_a_name),
		cmocka_unit_test(every_cut_of_the_bytes_asks_for_more),
		cmocka_unit_test(records_out_of_bounds_are_refused),
		cmocka_unit_test(limits_are_exact),
		cmocka_unit_test(names_that_are_none_are_refused),
		cmocka_unit_test(broken_extensions_are_refused),
	};

	return cmocka_run_group_tests_name("proto/tls_hello", tests, NULL, NULL);
}
