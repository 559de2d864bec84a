/* Fetching an algorithm by name costs more than hashing a name does, so everything is fetched
 * once. HMAC contexts are duplicated from one that has its digest already: setting the digest is a
 * fetch of its own. */
#include "proto/crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <pthread.h>

#include "proto/crypto/crypto_priv.h"

static struct crypto_algorithms algorithms;

static EVP_MAC_CTX *hmac_template(void)
{
	char digest[] = "SHA256";
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	must(ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) == 1);
	EVP_MAC_free(mac);
	return ctx;
}

static void load(void)
{
	/* Nobody's openssl.cnf changes what we do, and handlers at exit would only run late. */
	must(OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1);
	algorithms.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	algorithms.aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	algorithms.aes_cbc = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	algorithms.hmac = hmac_template();
	must(algorithms.sha256 != NULL && algorithms.aes_gcm != NULL && algorithms.aes_cbc != NULL);
}

const struct crypto_algorithms *crypto_algorithms(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	must(pthread_once(&once, load) == 0);
	return &algorithms;
}

const char *crypto_error(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *words = code == 0 ? NULL : ERR_reason_error_string(code);

	ERR_clear_error();
	return words == NULL ? "no reason given" : words;
}

void crypto_init(void)
{
	uint8_t byte;

	(void)crypto_algorithms();
	crypto_random(&byte, 1); /* seeds the generator */
}

void crypto_sha256(struct slice in, uint8_t out[CRYPTO_SHA256])
{
	must(EVP_Digest(in.p, in.n, out, NULL, crypto_algorithms()->sha256, NULL) == 1);
}

static void hmac_parts(struct slice key, struct slice a, struct slice b, struct slice c,
		       uint8_t out[CRYPTO_SHA256])
{
	static const uint8_t none[1];
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(crypto_algorithms()->hmac);

	must(ctx != NULL && EVP_MAC_init(ctx, key.n == 0 ? none : key.p, key.n, NULL) == 1);
	must(EVP_MAC_update(ctx, a.p, a.n) == 1 && EVP_MAC_update(ctx, b.p, b.n) == 1 &&
	     EVP_MAC_update(ctx, c.p, c.n) == 1);
	must(EVP_MAC_final(ctx, out, NULL, CRYPTO_SHA256) == 1);
	EVP_MAC_CTX_free(ctx);
}

void crypto_hmac_sha256(struct slice key, struct slice in, uint8_t out[CRYPTO_SHA256])
{
	hmac_parts(key, in, SLICE_NONE, SLICE_NONE, out);
}

void crypto_hkdf_expand_sha256(struct slice key, struct slice info, uint8_t *out, size_t n)
{
	uint8_t block[CRYPTO_SHA256];
	struct slice last = SLICE_NONE;

	must(n <= (size_t)255 * CRYPTO_SHA256);
	for (uint8_t i = 1; n > 0; i++) {
		size_t take = n < sizeof(block) ? n : sizeof(block);

		hmac_parts(key, last, info, slice_of(&i, 1), block);
		last = slice_of(block, sizeof(block));
		memcpy(out, block, take);
		out += take;
		n -= take;
	}
	OPENSSL_cleanse(block, sizeof(block));
}

void crypto_hkdf_sha256(struct slice key, struct slice salt, struct slice info, uint8_t *out,
			size_t n)
{
	uint8_t extracted[CRYPTO_SHA256];

	crypto_hmac_sha256(salt, key, extracted);
	crypto_hkdf_expand_sha256(slice_of(extracted, sizeof(extracted)), info, out, n);
	OPENSSL_cleanse(extracted, sizeof(extracted));
}

void crypto_aead_seal(const uint8_t key[CRYPTO_AEAD_KEY], const uint8_t nonce[CRYPTO_AEAD_NONCE],
		      struct slice aad, struct slice plain, struct buf *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *to = buf_reserve(out, plain.n + CRYPTO_AEAD_TAG);
	int n;

	must(aad.n <= INT32_MAX && plain.n <= INT32_MAX);
	must(ctx != NULL &&
	     EVP_EncryptInit_ex2(ctx, crypto_algorithms()->aes_gcm, key, nonce, NULL) == 1);
	must(EVP_EncryptUpdate(ctx, NULL, &n, aad.p, (int)aad.n) == 1);
	must(EVP_EncryptUpdate(ctx, to, &n, plain.p, (int)plain.n) == 1);
	must(EVP_EncryptFinal_ex(ctx, to + plain.n, &n) == 1);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, CRYPTO_AEAD_TAG, to + plain.n) == 1);
	out->n += plain.n + CRYPTO_AEAD_TAG;
	EVP_CIPHER_CTX_free(ctx);
}

bool crypto_aead_open(const uint8_t key[CRYPTO_AEAD_KEY], const uint8_t nonce[CRYPTO_AEAD_NONCE],
		      struct slice aad, struct slice sealed, uint8_t *out)
{
	uint8_t tag[CRYPTO_AEAD_TAG];
	EVP_CIPHER_CTX *ctx;
	size_t size;
	bool good;
	int n;

	if (sealed.n < CRYPTO_AEAD_TAG || sealed.n > INT32_MAX || aad.n > INT32_MAX)
		return false;
	size = sealed.n - CRYPTO_AEAD_TAG;
	memcpy(tag, sealed.p + size, sizeof(tag));
	ctx = EVP_CIPHER_CTX_new();
	must(ctx != NULL &&
	     EVP_DecryptInit_ex2(ctx, crypto_algorithms()->aes_gcm, key, nonce, NULL) == 1);
	must(EVP_DecryptUpdate(ctx, NULL, &n, aad.p, (int)aad.n) == 1);
	must(EVP_DecryptUpdate(ctx, out, &n, sealed.p, (int)size) == 1);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, CRYPTO_AEAD_TAG, tag) == 1);
	good = EVP_DecryptFinal_ex(ctx, out + size, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!good) {
		OPENSSL_cleanse(out, size);
		ERR_clear_error();
	}
	return good;
}

void crypto_random(void *p, size_t n)
{
	must(n <= INT32_MAX && RAND_bytes(p, (int)n) == 1);
}
