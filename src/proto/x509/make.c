/* Making certificates. Every one has a key identifier (RFC 7093, method 1: 160 bits of SHA-256), its
 * issuer's, a critical keyUsage and a positive serial of at least 64 random bits; a leaf has an
 * empty subject, so its names stand in a critical SAN (RFC 5280, 4.2.1.6). */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "proto/crypto/crypto.h"
#include "proto/crypto/crypto_priv.h"
#include "proto/key/key_priv.h"
#include "proto/x509/x509.h"

#define KEY_ID 20

static void serial_set(X509 *x, struct slice serial)
{
	uint8_t bytes[X509_SERIAL_MAX];
	BIGNUM *number;

	memcpy(bytes, serial.p, serial.n);
	bytes[0] &= 0x7f; /* positive in 20 bytes at the most: RFC 5280, 4.1.2.2 */
	bytes[0] |= 0x40; /* and of full length, so never zero */
	number = BN_bin2bn(bytes, (int)serial.n, NULL);
	must(number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) != NULL);
	BN_free(number);
}

static void subject_add(X509_NAME *name, int nid, struct slice text)
{
	if (text.n > 0)
		must(X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, text.p, (int)text.n, -1,
						0) == 1);
}

static void extension_add(X509 *x, int nid, void *value, bool critical)
{
	must(X509_add1_ext_i2d(x, nid, value, critical, X509V3_ADD_APPEND) == 1);
}

static void basic_constraints_add(X509 *x, int path_length)
{
	BASIC_CONSTRAINTS *b = BASIC_CONSTRAINTS_new();

	must(b != NULL);
	b->ca = 0xff;
	b->pathlen = ASN1_INTEGER_new();
	must(b->pathlen != NULL && ASN1_INTEGER_set(b->pathlen, path_length) == 1);
	extension_add(x, NID_basic_constraints, b, true);
	BASIC_CONSTRAINTS_free(b);
}

/* RFC 5280, 4.2.1.3: digitalSignature is bit 0, keyCertSign 5, cRLSign 6. */
static void key_usage_add(X509 *x, bool ca)
{
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();

	must(bits != NULL);
	if (ca)
		must(ASN1_BIT_STRING_set_bit(bits, 5, 1) == 1 &&
		     ASN1_BIT_STRING_set_bit(bits, 6, 1) == 1);
	else
		must(ASN1_BIT_STRING_set_bit(bits, 0, 1) == 1);
	extension_add(x, NID_key_usage, bits, true);
	ASN1_BIT_STRING_free(bits);
}

static void server_auth_add(X509 *x)
{
	EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();

	must(usage != NULL && sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(NID_server_auth)) == 1);
	extension_add(x, NID_ext_key_usage, usage, false);
	EXTENDED_KEY_USAGE_free(usage);
}

static void names_add(X509 *x, const struct slice *names, size_t count)
{
	GENERAL_NAMES *all = GENERAL_NAMES_new();

	must(all != NULL);
	for (size_t i = 0; i < count; i++) {
		GENERAL_NAME *one = GENERAL_NAME_new();
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();

		must(one != NULL && text != NULL &&
		     ASN1_STRING_set(text, names[i].p, (int)names[i].n) == 1);
		GENERAL_NAME_set0_value(one, GEN_DNS, text);
		must(sk_GENERAL_NAME_push(all, one) > 0);
	}
	extension_add(x, NID_subject_alt_name, all, true);
	GENERAL_NAMES_free(all);
}

static void subject_key_id_add(X509 *x, const struct key_public *pub)
{
	uint8_t hash[CRYPTO_SHA256];
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();

	crypto_sha256(slice_of(pub->spki + KEY_SPKI - KEY_POINT, KEY_POINT), hash);
	must(id != NULL && ASN1_OCTET_STRING_set(id, hash, KEY_ID) == 1);
	extension_add(x, NID_subject_key_identifier, id, false);
	ASN1_OCTET_STRING_free(id);
}

static void authority_key_id_add(X509 *x, X509 *issuer)
{
	const ASN1_OCTET_STRING *issuers = X509_get0_subject_key_id(issuer);
	AUTHORITY_KEYID *id;

	if (issuers == NULL)
		return;
	id = AUTHORITY_KEYID_new();
	must(id != NULL);
	id->keyid = ASN1_OCTET_STRING_dup(issuers);
	must(id->keyid != NULL);
	extension_add(x, NID_authority_key_identifier, id, false);
	AUTHORITY_KEYID_free(id);
}

static void extensions_add(X509 *x, const struct x509_plan *plan, X509 *issuer)
{
	if (plan->kind != X509_LEAF)
		basic_constraints_add(x, plan->kind == X509_ROOT ? 1 : 0);
	key_usage_add(x, plan->kind != X509_LEAF);
	if (plan->kind != X509_ROOT)
		server_auth_add(x);
	subject_key_id_add(x, plan->subject);
	if (issuer != NULL)
		authority_key_id_add(x, issuer);
	if (plan->kind == X509_LEAF)
		names_add(x, plan->names, plan->name_count);
}

static void times_set(X509 *x, const struct x509_plan *plan)
{
	/* ASN1_TIME_set chooses UTCTime until 2049 and GeneralizedTime after: RFC 5280, 4.1.2.5 */
	must(ASN1_TIME_set(X509_getm_notBefore(x), plan->not_before / STAMP_SECOND) != NULL &&
	     ASN1_TIME_set(X509_getm_notAfter(x), plan->not_after / STAMP_SECOND) != NULL);
}

static int plan_check(const struct x509_plan *plan, struct fail *f)
{
	if (plan->serial.n < 9 || plan->serial.n > X509_SERIAL_MAX)
		return fail(f, FAIL_INPUT, "a serial number has 9 to %d bytes", X509_SERIAL_MAX);
	if (plan->not_after <= plan->not_before || plan->not_before < 0)
		return fail(f, FAIL_INPUT, "a certificate ends after it begins");
	if (plan->common_name.n > 64 || plan->organization.n > 64)
		return fail(f, FAIL_INPUT, "a subject's fields have 64 characters at the most");
	if (plan->kind == X509_LEAF && (plan->name_count == 0 || plan->name_count > X509_NAMES_MAX))
		return fail(f, FAIL_INPUT, "a certificate has 1 to %d names", X509_NAMES_MAX);
	return 0;
}

static X509 *plan_draft(const struct x509_plan *plan, X509 *issuer, EVP_PKEY *subject)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	must(x != NULL && X509_set_version(x, X509_VERSION_3) == 1);
	serial_set(x, plan->serial);
	subject_add(name, NID_organizationName, plan->organization);
	subject_add(name, NID_commonName, plan->common_name);
	must(X509_set_issuer_name(x, issuer == NULL ? name : X509_get_subject_name(issuer)) == 1);
	times_set(x, plan);
	must(X509_set_pubkey(x, subject) == 1);
	extensions_add(x, plan, issuer);
	return x;
}

static int plan_sign(const struct x509_plan *plan, X509 *issuer, struct key *key, struct buf *der,
		     struct fail *f)
{
	EVP_PKEY *subject = key_public_pkey(plan->subject);
	X509 *x;
	int n = -1;

	if (subject == NULL)
		return fail(f, FAIL_INPUT, "the public key is not a point of its curve");
	x = plan_draft(plan, issuer, subject);
	if (X509_sign(x, key_pkey(key), crypto_algorithms()->sha256) > 0)
		n = i2d_X509(x, NULL);
	if (n > 0) {
		uint8_t *p = buf_reserve(der, (size_t)n);

		der->n += (size_t)i2d_X509(x, &p);
	}
	X509_free(x);
	EVP_PKEY_free(subject);
	return n > 0 ? 0 : fail(f, FAIL_SYSTEM, "signing a certificate: %s", crypto_error());
}

int x509_make(const struct x509_plan *plan, struct slice issuer, struct key *issuer_key,
	      struct buf *der, struct fail *f)
{
	const uint8_t *p = issuer.p;
	X509 *above = NULL;
	int r;

	ERR_clear_error();
	if (plan_check(plan, f) < 0)
		return -1;
	must((plan->kind == X509_ROOT) == (issuer.n == 0));
	if (issuer.n > 0) {
		above = d2i_X509(NULL, &p, (long)issuer.n);
		if (above == NULL)
			return fail(f, FAIL_SYSTEM, "the issuer's certificate does not parse: %s",
				    crypto_error());
	}
	r = plan_sign(plan, above, issuer_key, der, f);
	X509_free(above);
	return r;
}
