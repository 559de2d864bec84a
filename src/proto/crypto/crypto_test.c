#include "proto/crypto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"

static void assert_hex(const uint8_t *bytes, size_t n, const char *expected)
{
	char hex[257];

	text_hex(slice_of(bytes, n), hex);
	assert_string_equal(hex, expected);
}

static void sha256_is_the_standards(void **state)
{
	(void)state;
	uint8_t out[CRYPTO_SHA256];

	crypto_sha256(slice_lit("abc"), out);
	assert_hex(out, sizeof(out),
		   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	crypto_sha256(SLICE_NONE, out);
	assert_hex(out, sizeof(out),
		   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void hmac_agrees_with_rfc_4231(void **state)
{
	(void)state;
	uint8_t out[CRYPTO_SHA256];

	crypto_hmac_sha256(slice_lit("Jefe"), slice_lit("what do ya want for nothing?"), out);
	assert_hex(out, sizeof(out),
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hkdf_agrees_with_rfc_5869(void **state)
{
	(void)state;
	uint8_t key[22], salt[13], info[10], out[42];

	memset(key, 0x0b, sizeof(key));
	for (uint8_t i = 0; i < sizeof(salt); i++)
		salt[i] = i;
	for (uint8_t i = 0; i < sizeof(info); i++)
		info[i] = (uint8_t)(0xf0 + i);
	crypto_hkdf_sha256(slice_of(key, sizeof(key)), slice_of(salt, sizeof(salt)),
			   slice_of(info, sizeof(info)), out, sizeof(out));
	assert_hex(out, sizeof(out),
		   "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf3400720"
		   "8d5b887185865");
	crypto_hkdf_sha256(slice_of(key, sizeof(key)), SLICE_NONE, SLICE_NONE, out, sizeof(out));
	assert_hex(out, sizeof(out),
		   "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395"
		   "faa4b61a96c8");
}

/* Test case 14 of the GCM specification: all zeros. */
static void aead_agrees_with_the_gcm_specification(void **state)
{
	(void)state;
	uint8_t key[CRYPTO_AEAD_KEY] = { 0 }, nonce[CRYPTO_AEAD_NONCE] = { 0 }, plain[16] = { 0 };
	struct buf b = BUF_INIT;

	crypto_aead_seal(key, nonce, SLICE_NONE, slice_of(plain, sizeof(plain)), &b);
	assert_int_equal(b.n, 32);
	assert_hex(b.p, b.n, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
	buf_free(&b);
}

static void aead_opens_only_what_was_sealed(void **state)
{
	(void)state;
	uint8_t key[CRYPTO_AEAD_KEY] = { 1 }, nonce[CRYPTO_AEAD_NONCE] = { 2 }, out[6] = "xxxxx";
	struct buf b = BUF_INIT;

	crypto_aead_seal(key, nonce, slice_lit("aad"), slice_lit("secret"), &b);
	assert_true(crypto_aead_open(key, nonce, slice_lit("aad"), buf_slice(&b), out));
	assert_memory_equal(out, "secret", 6);
	assert_false(crypto_aead_open(key, nonce, slice_lit("aaD"), buf_slice(&b), out));
	assert_memory_equal(out, "\0\0\0\0\0\0", 6);
	for (size_t i = 0; i < b.n; i++) {
		b.p[i] ^= 1;
		assert_false(crypto_aead_open(key, nonce, slice_lit("aad"), buf_slice(&b), out));
		b.p[i] ^= 1;
	}
	assert_false(crypto_aead_open(key, nonce, slice_lit("aad"), slice_of(b.p, 15), out));
	buf_free(&b);
}

static void random_bytes_differ(void **state)
{
	(void)state;
	uint8_t a[16], b[16];

	crypto_init();
	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_is_the_standards),
		cmocka_unit_test(hmac_agrees_with_rfc_4231),
		cmocka_unit_test(hkdf_agrees_with_rfc_5869),
		cmocka_unit_test(aead_agrees_with_the_gcm_specification),
		cmocka_unit_test(aead_opens_only_what_was_sealed),
		cmocka_unit_test(random_bytes_differ),
	};

	return cmocka_run_group_tests_name("proto/crypto", tests, NULL, NULL);
}
