/* SHA256_Init and its sisters are called directly: through EVP each of them costs as much as a block of
 * SHA-256. They are marked as deprecated in favour of EVP, hence the line before the includes. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "proto/tls/schedule.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/sha.h>

#include "base/must.h"
#include "base/slice.h"
#include "proto/crypto/crypto.h"

#define NAME      "everseal"
#define HASH      SHA256_DIGEST_LENGTH
#define BLOCK     SHA256_CBLOCK
#define LABEL_MAX 64 /* prefix and label; RFC 8446's longest are 18 */

static EVP_KDF *theirs; /* OpenSSL's own */

/* ---- HMAC-SHA-256 and HKDF (RFC 2104, RFC 5869) ---- */

struct hmac {
	SHA256_CTX inner;
	SHA256_CTX outer;
};

static void hmac_begin(struct hmac *h, struct slice key)
{
	uint8_t pad[BLOCK] = { 0 };

	must(key.n <= BLOCK);
	if (key.n > 0)
		memcpy(pad, key.p, key.n);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	SHA256_Init(&h->inner);
	SHA256_Update(&h->inner, pad, BLOCK);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	SHA256_Init(&h->outer);
	SHA256_Update(&h->outer, pad, BLOCK);
	OPENSSL_cleanse(pad, sizeof(pad));
}

static void hmac_end(struct hmac *h, uint8_t out[HASH])
{
	uint8_t inner[HASH];

	SHA256_Final(inner, &h->inner);
	SHA256_Update(&h->outer, inner, HASH);
	SHA256_Final(out, &h->outer);
	OPENSSL_cleanse(inner, sizeof(inner));
	OPENSSL_cleanse(h, sizeof(*h));
}

/* What the parameters say. Absent: n == 0. */
struct inputs {
	int mode;
	struct slice key;
	struct slice salt;
	struct slice prefix;
	struct slice label;
	struct slice data;
};

/* HKDF-Expand-Label, for one block of output. */
static void expand(const struct inputs *in, struct slice key, struct slice data, uint8_t *out,
		   size_t n)
{
	uint8_t head[3] = { 0, (uint8_t)n, (uint8_t)(in->prefix.n + in->label.n) };
	uint8_t size = (uint8_t)data.n, one = 1, block[HASH];
	struct hmac h;

	must(n <= HASH);
	hmac_begin(&h, key);
	SHA256_Update(&h.inner, head, sizeof(head));
	SHA256_Update(&h.inner, in->prefix.p, in->prefix.n);
	SHA256_Update(&h.inner, in->label.p, in->label.n);
	SHA256_Update(&h.inner, &size, 1);
	SHA256_Update(&h.inner, data.p, data.n);
	SHA256_Update(&h.inner, &one, 1);
	hmac_end(&h, block);
	memcpy(out, block, n);
	OPENSSL_cleanse(block, sizeof(block));
}

/* One step down the schedule: Derive-Secret(salt, "derived", "") where there was a step before,
 * then HKDF-Extract with what is new. */
static void extract(const struct inputs *in, uint8_t out[HASH])
{
	static const uint8_t zeros[HASH];
	uint8_t empty[HASH], above[HASH];
	struct slice salt = SLICE_NONE;
	struct slice key = in->key.n == 0 ? slice_of(zeros, HASH) : in->key;
	struct hmac h;

	if (in->salt.n > 0) {
		SHA256((const uint8_t *)"", 0, empty);
		expand(in, in->salt, slice_of(empty, HASH), above, HASH);
		salt = slice_of(above, HASH);
	}
	hmac_begin(&h, salt);
	SHA256_Update(&h.inner, key.p, key.n);
	hmac_end(&h, out);
	OPENSSL_cleanse(above, sizeof(above));
}

/* ---- the algorithm as OpenSSL calls it ---- */

static bool is_sha256(const OSSL_PARAM *p)
{
	const char *name = NULL;

	return p != NULL && OSSL_PARAM_get_utf8_string_ptr(p, &name) == 1 &&
	       (OPENSSL_strcasecmp(name, "SHA2-256") == 0 ||
		OPENSSL_strcasecmp(name, "SHA256") == 0);
}

/* False: something that is left to OpenSSL. */
static bool inputs_read(const OSSL_PARAM *params, struct inputs *in, bool *sha256)
{
	static const struct {
		const char *name;
		size_t at;
	} slices[] = {
		{ OSSL_KDF_PARAM_KEY, offsetof(struct inputs, key) },
		{ OSSL_KDF_PARAM_SALT, offsetof(struct inputs, salt) },
		{ OSSL_KDF_PARAM_PREFIX, offsetof(struct inputs, prefix) },
		{ OSSL_KDF_PARAM_LABEL, offsetof(struct inputs, label) },
		{ OSSL_KDF_PARAM_DATA, offsetof(struct inputs, data) },
	};
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_KDF_PARAM_MODE);

	*sha256 = is_sha256(OSSL_PARAM_locate_const(params, OSSL_KDF_PARAM_DIGEST));
	if (p == NULL || p->data_type != OSSL_PARAM_INTEGER ||
	    OSSL_PARAM_get_int(p, &in->mode) != 1)
		return false;
	for (size_t i = 0; i < sizeof(slices) / sizeof(*slices); i++) {
		struct slice *s = (struct slice *)(void *)((char *)in + slices[i].at);

		p = OSSL_PARAM_locate_const(params, slices[i].name);
		if (p != NULL && (p->data_type != OSSL_PARAM_OCTET_STRING || p->data_size == 0))
			return false;
		*s = p == NULL ? SLICE_NONE : slice_of(p->data, p->data_size);
	}
	return true;
}

static bool is_usual(const struct inputs *in, size_t n)
{
	if (in->prefix.n + in->label.n > LABEL_MAX || in->label.n == 0 || in->salt.n > HASH)
		return false;
	if (in->mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY)
		return n == HASH;
	return in->mode == EVP_KDF_HKDF_MODE_EXPAND_ONLY && n <= HASH && in->key.n == HASH &&
	       in->data.n <= BLOCK;
}

static int derive_theirs(uint8_t *out, size_t n, const OSSL_PARAM *params)
{
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(theirs);
	int r = ctx == NULL ? 0 : EVP_KDF_derive(ctx, out, n, params);

	EVP_KDF_CTX_free(ctx);
	return r;
}

static OSSL_FUNC_kdf_newctx_fn kdf_new;
static OSSL_FUNC_kdf_freectx_fn kdf_free;
static OSSL_FUNC_kdf_reset_fn kdf_reset;
static OSSL_FUNC_kdf_derive_fn kdf_derive;

/* There is no state: libssl gives all parameters with each derivation. */
static void *kdf_new(void *provider)
{
	return provider;
}

static void kdf_free(void *ctx)
{
	(void)ctx;
}

static void kdf_reset(void *ctx)
{
	(void)ctx;
}

static int kdf_derive(void *ctx, unsigned char *out, size_t n, const OSSL_PARAM params[])
{
	struct inputs in = { 0 };
	bool sha256;

	(void)ctx;
	if (!inputs_read(params, &in, &sha256) || !sha256 || !is_usual(&in, n))
		return derive_theirs(out, n, params);
	if (in.mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY)
		extract(&in, out);
	else
		expand(&in, in.key, in.data, out, n);
	return 1;
}

#define FUNCTION(number, f)                                                                        \
	{                                                                                          \
		(number), (void (*)(void))(f)                                                      \
	}

static const OSSL_DISPATCH kdf_functions[] = {
	FUNCTION(OSSL_FUNC_KDF_NEWCTX, kdf_new),
	FUNCTION(OSSL_FUNC_KDF_FREECTX, kdf_free),
	FUNCTION(OSSL_FUNC_KDF_RESET, kdf_reset),
	FUNCTION(OSSL_FUNC_KDF_DERIVE, kdf_derive),
	{ 0, NULL },
};

static const OSSL_ALGORITHM kdfs[] = {
	{ OSSL_KDF_NAME_TLS1_3_KDF, "provider=" NAME, kdf_functions, "TLS 1.3 key schedule" },
	{ NULL, NULL, NULL, NULL },
};

static const OSSL_ALGORITHM *provider_query(void *provider, int operation, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_KDF ? kdfs : NULL;
}

static const OSSL_DISPATCH provider_functions[] = {
	FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, provider_query),
	{ 0, NULL },
};

static int provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
			 const OSSL_DISPATCH **out, void **provider)
{
	static char anything;

	(void)core;
	(void)in;
	*out = provider_functions;
	*provider = &anything;
	return 1;
}

/* ---- loading ---- */

/* One derivation by both. */
static bool agree(EVP_KDF *ours, int mode, size_t n)
{
	char digest[] = "SHA256", prefix[] = "tls13 ", label[] = "derived";
	uint8_t bytes[3 * HASH], a[HASH], b[HASH];
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, bytes, HASH),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix,
						  sizeof(prefix) - 1),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label, sizeof(label) - 1),
		mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY
			? OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, bytes + HASH, HASH)
			: OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_DATA, bytes + HASH,
							    HASH),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(ours);
	bool same;

	crypto_random(bytes, sizeof(bytes));
	same = ctx != NULL && EVP_KDF_derive(ctx, a, n, params) == 1 &&
	       derive_theirs(b, n, params) == 1 && memcmp(a, b, n) == 0;
	EVP_KDF_CTX_free(ctx);
	return same;
}

static bool load(void)
{
	EVP_KDF *ours;
	bool good;

	/* Loading any provider ends the automatic loading of the default one. */
	if (OSSL_PROVIDER_load(NULL, "default") == NULL ||
	    OSSL_PROVIDER_add_builtin(NULL, NAME, provider_init) != 1 ||
	    OSSL_PROVIDER_load(NULL, NAME) == NULL)
		return false;
	theirs = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_3_KDF, "provider=default");
	ours = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_3_KDF, "provider=" NAME);
	good = theirs != NULL && ours != NULL &&
	       agree(ours, EVP_KDF_HKDF_MODE_EXTRACT_ONLY, HASH) &&
	       agree(ours, EVP_KDF_HKDF_MODE_EXPAND_ONLY, HASH) &&
	       agree(ours, EVP_KDF_HKDF_MODE_EXPAND_ONLY, 12);
	EVP_KDF_free(ours);
	return good;
}

const char *schedule_query(void)
{
	static enum { NOT_TRIED, USED, UNUSED } state; /* an engine's thread is the only one */

	if (state == NOT_TRIED) {
		crypto_init();
		state = load() ? USED : UNUSED;
		ERR_clear_error();
	}
	return state == USED ? "?provider=" NAME : NULL;
}
