/* A key is opened from scalar and point by EVP_PKEY_fromdata: 18 microseconds, where decoding a
 * PKCS #8 text takes 350. That scalar and point belong together is not computed again: both are
 * bound by the seal, which only this file makes, from keys it has just generated. */
#include "proto/key/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "proto/crypto/crypto.h"
#include "proto/crypto/crypto_priv.h"
#include "proto/key/key_priv.h"
#include "proto/key/keyring_priv.h"

#define VERSION 1
#define SCALAR  32
#define SEALED  (SCALAR + CRYPTO_AEAD_TAG)
#define HEAD    (2 + ID_LEN) /* version, type, kek id: additional data with the SPKI hash */

struct key {
	unsigned refs;
	struct key_public pub;
	EVP_PKEY *pkey;
};

/* RFC 5480: id-ecPublicKey, prime256v1, BIT STRING of 65 bytes, uncompressed. */
static const uint8_t spki_head[KEY_SPKI - KEY_POINT + 1] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
	0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
};

bool key_public_read(struct slice spki, struct key_public *out)
{
	if (spki.n != KEY_SPKI || memcmp(spki.p, spki_head, sizeof(spki_head)) != 0)
		return false;
	out->type = KEY_P256;
	memcpy(out->spki, spki.p, KEY_SPKI);
	crypto_sha256(spki, out->spki_hash);
	memcpy(out->id.b, out->spki_hash, ID_LEN);
	return true;
}

static const uint8_t *point_of(const struct key_public *pub)
{
	return pub->spki + KEY_SPKI - KEY_POINT;
}

static void public_from_point(struct slice point, struct key_public *out)
{
	uint8_t spki[KEY_SPKI];

	memcpy(spki, spki_head, sizeof(spki_head));
	memcpy(spki + KEY_SPKI - KEY_POINT, point.p, KEY_POINT);
	must(key_public_read(slice_of(spki, KEY_SPKI), out));
}

/* scalar: NULL for a public key alone. NULL when OpenSSL refuses the numbers. */
static EVP_PKEY *pkey_from(const uint8_t *point, const uint8_t *scalar)
{
	char group[] = "prime256v1";
	uint8_t public[KEY_POINT], native[SCALAR] = { 0 }; /* OSSL_PARAM numbers: little-endian */
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	int selection = scalar == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM params[4] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public, KEY_POINT),
		OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end(),
	};

	memcpy(public, point, KEY_POINT);
	for (size_t i = 0; scalar != NULL && i < SCALAR; i++)
		native[i] = scalar[SCALAR - 1 - i];
	if (scalar != NULL)
		params[2] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, SCALAR);
	ERR_clear_error();
	must(ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1);
	if (EVP_PKEY_fromdata(ctx, &pkey, selection, params) != 1)
		pkey = NULL;
	ERR_clear_error();
	EVP_PKEY_CTX_free(ctx);
	OPENSSL_cleanse(native, sizeof(native));
	return pkey;
}

EVP_PKEY *key_public_pkey(const struct key_public *pub)
{
	return pkey_from(point_of(pub), NULL);
}

EVP_PKEY *key_pkey(const struct key *k)
{
	return k->pkey;
}

/* The wrapped form as read. */
struct wrapped {
	struct slice head;
	uint8_t version;
	uint8_t type;
	struct id kek;
	uint8_t nonce[CRYPTO_AEAD_NONCE];
	struct slice sealed;
	struct key_public pub;
};

static bool wrapped_parse(struct slice bytes, struct wrapped *w)
{
	struct reader r = reader_of(bytes);
	struct slice point;

	w->head = slice_sub(bytes, 0, HEAD);
	w->version = read_u8(&r);
	w->type = read_u8(&r);
	read_copy(&r, w->kek.b, ID_LEN);
	read_copy(&r, w->nonce, sizeof(w->nonce));
	w->sealed = read_bytes(&r, SEALED);
	point = read_bytes(&r, KEY_POINT);
	if (!reader_done(&r) || w->version != VERSION || w->type != KEY_P256 || point.p[0] != 4)
		return false;
	public_from_point(point, &w->pub);
	return true;
}

static void aad_write(struct slice head, const struct key_public *pub,
		      uint8_t aad[HEAD + CRYPTO_SHA256])
{
	memcpy(aad, head.p, HEAD);
	memcpy(aad + HEAD, pub->spki_hash, CRYPTO_SHA256);
}

static void wrap(const struct keyring *ring, const struct key_public *pub,
		 const uint8_t scalar[SCALAR], struct buf *out)
{
	struct id kek = keyring_current(ring);
	uint8_t nonce[CRYPTO_AEAD_NONCE], aad[HEAD + CRYPTO_SHA256];
	uint8_t head[HEAD] = { VERSION, KEY_P256 };

	memcpy(head + 2, kek.b, ID_LEN);
	aad_write(slice_of(head, HEAD), pub, aad);
	crypto_random(nonce, sizeof(nonce));
	write_bytes(out, head, HEAD);
	write_bytes(out, nonce, sizeof(nonce));
	crypto_aead_seal(keyring_secret_find(ring, &kek), nonce, slice_of(aad, sizeof(aad)),
			 slice_of(scalar, SCALAR), out);
	write_bytes(out, point_of(pub), KEY_POINT);
}

static int unwrap(const struct keyring *ring, struct slice bytes, struct key_public *pub,
		  uint8_t scalar[SCALAR], struct fail *f)
{
	uint8_t aad[HEAD + CRYPTO_SHA256];
	char hex[ID_HEX + 1];
	const uint8_t *kek;
	struct wrapped w;

	if (!wrapped_parse(bytes, &w))
		return fail(f, FAIL_SYSTEM, "not a wrapped key of this version");
	kek = keyring_secret_find(ring, &w.kek);
	if (kek == NULL) {
		id_hex(&w.kek, hex);
		return fail(f, FAIL_UNAVAILABLE,
			    "the keyring has no key-encryption key %s: put back the keyring file "
			    "that has it",
			    hex);
	}
	aad_write(w.head, &w.pub, aad);
	if (!crypto_aead_open(kek, w.nonce, slice_of(aad, sizeof(aad)), w.sealed, scalar)) {
		id_hex(&w.pub.id, hex);
		return fail(f, FAIL_SYSTEM, "wrapped key %s is damaged: it does not open", hex);
	}
	*pub = w.pub;
	return 0;
}

static void pkey_numbers(EVP_PKEY *pkey, struct key_public *pub, uint8_t scalar[SCALAR])
{
	BIGNUM *number = NULL;
	uint8_t *der = NULL;

	must(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1);
	must(BN_bn2binpad(number, scalar, SCALAR) == SCALAR);
	BN_clear_free(number);
	must(i2d_PUBKEY(pkey, &der) == KEY_SPKI);
	must(key_public_read(slice_of(der, KEY_SPKI), pub));
	OPENSSL_free(der);
}

int key_make(const struct keyring *ring, struct key_public *pub, struct buf *wrapped,
	     struct fail *f)
{
	uint8_t scalar[SCALAR];
	EVP_PKEY *pkey;

	crypto_init();
	pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	if (pkey == NULL)
		return fail(f, FAIL_SYSTEM, "a key cannot be made: %s", crypto_error());
	pkey_numbers(pkey, pub, scalar);
	EVP_PKEY_free(pkey);
	wrap(ring, pub, scalar, wrapped);
	OPENSSL_cleanse(scalar, sizeof(scalar));
	return 0;
}

int key_open(const struct keyring *ring, struct slice wrapped, struct key **out, struct fail *f)
{
	uint8_t scalar[SCALAR];
	struct key_public pub;
	struct key *k;

	if (unwrap(ring, wrapped, &pub, scalar, f) < 0)
		return -1;
	k = calloc(1, sizeof(*k));
	must(k != NULL);
	*k = (struct key){ 1, pub, pkey_from(point_of(&pub), scalar) };
	OPENSSL_cleanse(scalar, sizeof(scalar));
	if (k->pkey == NULL) {
		free(k);
		return fail(f, FAIL_SYSTEM, "a wrapped key holds numbers that are no key");
	}
	*out = k;
	return KEY_DONE;
}

struct key *key_ref(struct key *k)
{
	k->refs++;
	return k;
}

void key_unref(struct key *k)
{
	if (k == NULL || --k->refs > 0)
		return;
	EVP_PKEY_free(k->pkey); /* clears the scalar */
	free(k);
}

const struct key_public *key_public_of(const struct key *k)
{
	return &k->pub;
}

int key_sign(struct key *k, struct slice message, struct buf *signature, struct fail *f)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = KEY_SIGNATURE_MAX;
	uint8_t *to = buf_reserve(signature, n);
	bool good;

	ERR_clear_error();
	must(ctx != NULL);
	good = EVP_DigestSignInit(ctx, NULL, crypto_algorithms()->sha256, NULL, k->pkey) == 1 &&
	       EVP_DigestSign(ctx, to, &n, message.p, message.n) == 1;
	EVP_MD_CTX_free(ctx);
	if (!good)
		return fail(f, FAIL_SYSTEM, "signing failed: %s", crypto_error());
	signature->n += n;
	return KEY_DONE;
}

bool key_verify(const struct key_public *pub, struct slice message, struct slice signature)
{
	EVP_PKEY *pkey = key_public_pkey(pub);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	must(ctx != NULL);
	good = pkey != NULL &&
	       EVP_DigestVerifyInit(ctx, NULL, crypto_algorithms()->sha256, NULL, pkey) == 1 &&
	       EVP_DigestVerify(ctx, signature.p, signature.n, message.p, message.n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return good;
}

bool key_wrapped_read(struct slice wrapped, struct key_public *pub, struct id *kek)
{
	struct wrapped w;

	if (!wrapped_parse(wrapped, &w))
		return false;
	*pub = w.pub;
	*kek = w.kek;
	return true;
}

int key_rewrap(const struct keyring *ring, struct slice wrapped, struct buf *out, struct fail *f)
{
	uint8_t scalar[SCALAR];
	struct key_public pub;

	if (unwrap(ring, wrapped, &pub, scalar, f) < 0)
		return -1;
	wrap(ring, &pub, scalar, out);
	OPENSSL_cleanse(scalar, sizeof(scalar));
	return 0;
}
