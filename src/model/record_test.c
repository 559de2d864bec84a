#include "base/buf.h"
#include "model/cert_record.h"
#include "model/chain_record.h"
#include "model/challenge_record.h"
#include "model/key_record.h"
#include "model/name_record.h"
#include "model/origin_record.h"
#include "model/zone_record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct id id_of(uint8_t c)
{
	struct id id;

	memset(id.b, c, ID_LEN);
	return id;
}

static void assert_slice(struct slice got, struct slice want)
{
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
}

static void name_goes_round(void **state)
{
	(void)state;
	struct name_record in = { .zone = id_of(1), .origin = id_of(2), .flags = 1, .count = 2 };
	struct name_record out;
	struct buf b = BUF_INIT;

	in.candidates[0] = (struct name_candidate){ id_of(3), id_of(4), 1, -5, 1800000000000 };
	in.candidates[1] = (struct name_candidate){ id_of(5), id_of(6), 2, 7, 8 };
	name_record_encode(&in, &b);
	assert_true(name_record_decode(buf_slice(&b), &out));
	assert_true(id_eq(&out.zone, &in.zone) && id_eq(&out.origin, &in.origin));
	assert_int_equal(out.count, 2);
	assert_true(id_eq(&out.candidates[1].key, &in.candidates[1].key));
	assert_int_equal(out.candidates[0].not_before, -5);
	assert_int_equal(out.candidates[0].not_after, 1800000000000);
	assert_int_equal(out.candidates[1].key_type, 2);
	buf_free(&b);
}

static void zone_goes_round(void **state)
{
	(void)state;
	struct zone_record in = { .account = id_of(1),
				  .name = slice_lit("example.com"),
				  .ssl = SSL_STRICT,
				  .flags = ZONE_ACTIVE,
				  .fallback_origin = id_of(9),
				  .version = 77 };
	struct zone_record out;
	struct buf b = BUF_INIT;

	zone_record_encode(&in, &b);
	assert_true(zone_record_decode(buf_slice(&b), &out));
	assert_slice(out.name, in.name);
	assert_int_equal(out.ssl, SSL_STRICT);
	assert_int_equal(out.flags, ZONE_ACTIVE);
	assert_int_equal(out.version, 77);
	assert_true(id_eq(&out.fallback_origin, &in.fallback_origin));
	buf_free(&b);
}

static void origin_goes_round(void **state)
{
	(void)state;
	struct origin_record in = { .scheme = ORIGIN_HTTPS,
				    .http_port = 80,
				    .https_port = 8443,
				    .sni_rule = ORIGIN_SNI_FIXED,
				    .host = slice_lit("o.example"),
				    .sni = slice_lit("inner.example"),
				    .count = 2 };
	struct origin_record out;
	struct buf b = BUF_INIT;

	in.addresses[0] = (struct origin_address){ 4, { 127, 0, 0, 1 } };
	in.addresses[1] = (struct origin_address){ 16, { 0x20, 1 } };
	origin_record_encode(&in, &b);
	assert_true(origin_record_decode(buf_slice(&b), &out));
	assert_int_equal(out.scheme, ORIGIN_HTTPS);
	assert_int_equal(out.https_port, 8443);
	assert_slice(out.host, in.host);
	assert_slice(out.sni, in.sni);
	assert_int_equal(out.count, 2);
	assert_memory_equal(&out.addresses[1], &in.addresses[1], sizeof(in.addresses[1]));
	buf_free(&b);
}

static void cert_and_chain_go_round(void **state)
{
	(void)state;
	struct cert_record in = { .chain = id_of(1), .not_after = 12, .leaf = slice_lit("leaf") };
	struct chain_record chain = { 2, { slice_lit("one"), slice_lit("two") } }, chain_out;
	struct cert_record out;
	struct buf b = BUF_INIT;

	memset(in.spki, 8, sizeof(in.spki));
	cert_record_encode(&in, &b);
	assert_true(cert_record_decode(buf_slice(&b), &out));
	assert_slice(out.leaf, in.leaf);
	assert_memory_equal(out.spki, in.spki, sizeof(in.spki));
	assert_int_equal(out.not_after, 12);
	buf_clear(&b);
	chain_record_encode(&chain, &b);
	assert_true(chain_record_decode(buf_slice(&b), &chain_out));
	assert_int_equal(chain_out.count, 2);
	assert_slice(chain_out.certs[1], chain.certs[1]);
	buf_free(&b);
}

static void key_and_challenge_go_round(void **state)
{
	(void)state;
	struct key_record in = { slice_lit("sealed") }, out;
	struct challenge_record c = { 99, slice_lit("token.thumb") }, c_out;
	struct buf b = BUF_INIT;

	key_record_encode(&in, &b);
	assert_true(key_record_decode(buf_slice(&b), &out));
	assert_slice(out.wrapped, in.wrapped);
	buf_clear(&b);
	challenge_record_encode(&c, &b);
	assert_true(challenge_record_decode(buf_slice(&b), &c_out));
	assert_slice(c_out.answer, c.answer);
	assert_int_equal(c_out.expires, 99);
	buf_free(&b);
}

/* A record cut anywhere, or with a byte behind it, is no record. */
static void broken_is_refused(void **state)
{
	(void)state;
	struct name_record name = { .count = 1 };
	struct origin_record origin = { .host = slice_lit("h"), .count = 1 };
	struct buf a = BUF_INIT, b = BUF_INIT;

	origin.addresses[0].n = 4;
	name_record_encode(&name, &a);
	origin_record_encode(&origin, &b);
	for (size_t n = 0; n < a.n; n++)
		assert_false(name_record_decode(slice_of(a.p, n), &name));
	for (size_t n = 0; n < b.n; n++)
		assert_false(origin_record_decode(slice_of(b.p, n), &origin));
	buf_add_byte(&a, 0);
	buf_add_byte(&b, 0);
	assert_false(name_record_decode(buf_slice(&a), &name));
	assert_false(origin_record_decode(buf_slice(&b), &origin));
	buf_free(&a);
	buf_free(&b);
}

static void modes_have_names(void **state)
{
	(void)state;
	static const char *const names[SSL_MODES] = { "off", "flexible", "full", "strict" };
	enum ssl_mode mode;

	for (unsigned i = 0; i < SSL_MODES; i++) {
		assert_true(ssl_mode_parse(slice_str(names[i]), &mode));
		assert_int_equal(mode, i);
	}
	assert_false(ssl_mode_parse(slice_lit("origin_pull"), &mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_goes_round),
		cmocka_unit_test(zone_goes_round),
		cmocka_unit_test(origin_goes_round),
		cmocka_unit_test(cert_and_chain_go_round),
		cmocka_unit_test(key_and_challenge_go_round),
		cmocka_unit_test(broken_is_refused),
		cmocka_unit_test(modes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
