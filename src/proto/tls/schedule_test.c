#include "proto/tls/schedule.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/slice.h"
#include "base/text.h"
#include "proto/crypto/crypto.h"

struct ask {
	int mode;
	const char *digest;
	struct slice key, salt, label, data; /* p == NULL: the parameter is left out */
};

static OSSL_PARAM octets(const char *name, struct slice s)
{
	OSSL_PARAM p = OSSL_PARAM_construct_octet_string(name, NULL, s.n);

	p.data = (void *)(uintptr_t)s.p;
	return p;
}

/* provider: the property query. */
static int derive(const char *provider, const struct ask *ask, uint8_t *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_3_KDF, provider);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	int mode = ask->mode, r;
	char digest[16];
	OSSL_PARAM params[8], *p = params;

	assert_non_null(ctx);
	(void)strcpy(digest, ask->digest);
	*p++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	if (ask->key.p != NULL)
		*p++ = octets(OSSL_KDF_PARAM_KEY, ask->key);
	if (ask->salt.p != NULL)
		*p++ = octets(OSSL_KDF_PARAM_SALT, ask->salt);
	*p++ = octets(OSSL_KDF_PARAM_PREFIX, slice_lit("tls13 "));
	*p++ = octets(OSSL_KDF_PARAM_LABEL, ask->label);
	if (ask->data.p != NULL)
		*p++ = octets(OSSL_KDF_PARAM_DATA, ask->data);
	*p = OSSL_PARAM_construct_end();
	r = EVP_KDF_derive(ctx, out, n, params);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return r;
}

static void the_provider_is_used(void **state)
{
	(void)state;
	EVP_KDF *kdf;

	assert_string_equal(schedule_query(), "?provider=everseal");
	kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_3_KDF, schedule_query());
	assert_non_null(kdf);
	assert_string_equal(OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(kdf)), "everseal");
	EVP_KDF_free(kdf);
}

/* RFC 8448, 3: "extract secret early", "derive secret for handshake", "extract secret handshake". */
static void the_trace_of_rfc_8448_is_followed(void **state)
{
	(void)state;
	struct ask early = { .mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY,
			     .digest = "SHA256",
			     .label = slice_lit("derived") };
	struct ask handshake = early;
	uint8_t secret[32], shared[32], next[32];
	char hex[65];

	assert_int_equal(derive("provider=everseal", &early, secret, 32), 1);
	text_hex(slice_of(secret, 32), hex);
	assert_string_equal(hex,
			    "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a");
	assert_true(text_unhex(
		slice_lit("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"),
		shared, 32));
	handshake.salt = slice_of(secret, 32);
	handshake.key = slice_of(shared, 32);
	assert_int_equal(derive("provider=everseal", &handshake, next, 32), 1);
	text_hex(slice_of(next, 32), hex);
	assert_string_equal(hex,
			    "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac");
}

static void compare(const struct ask *ask, size_t n)
{
	uint8_t ours[64] = { 0 }, theirs[64] = { 0 };
	int r = derive("provider=everseal", ask, ours, n);

	assert_int_equal(r > 0, derive("provider=default", ask, theirs, n) > 0);
	if (r > 0)
		assert_memory_equal(ours, theirs, sizeof(ours));
}

/* With every shape of input, usual or not, ours answers what OpenSSL's own does. */
static void it_agrees_with_openssl(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 12, 16, 31, 32, 33, 48, 64 };
	static const char *const digests[] = { "SHA256", "SHA2-256", "SHA384" };
	uint8_t bytes[192];
	char label[40];

	for (unsigned i = 0; i < 4000; i++) {
		struct ask ask = { .digest = digests[i % 3] };
		size_t hash = i % 3 == 2 ? 48 : 32, n = sizes[i / 3 % 9];

		crypto_random(bytes, sizeof(bytes));
		memset(label, 'a' + bytes[0] % 20, sizeof(label));
		ask.mode = bytes[1] % 2 == 0 ? EVP_KDF_HKDF_MODE_EXTRACT_ONLY
					     : EVP_KDF_HKDF_MODE_EXPAND_ONLY;
		ask.label = slice_of(label, 1 + bytes[2] % 30);
		ask.key = slice_of(bytes + 8, bytes[3] % 4 == 0 ? sizes[bytes[4] % 9] : hash);
		if (bytes[5] % 3 != 0)
			ask.salt = slice_of(bytes + 72, bytes[3] % 8 == 0 ? 20 : hash);
		if (bytes[6] % 3 != 0)
			ask.data = slice_of(bytes + 120, bytes[7] % 65);
		compare(&ask, n == 0 ? hash : n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_provider_is_used),
		cmocka_unit_test(the_trace_of_rfc_8448_is_followed),
		cmocka_unit_test(it_agrees_with_openssl),
	};

	return cmocka_run_group_tests_name("proto/tls_schedule", tests, NULL, NULL);
}
