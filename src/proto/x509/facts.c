/* Reading certificates that others wrote. OpenSSL parses; what it leaves to us is refused or skipped
 * here: names with bytes no name has, serials and times out of range. */
#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/text.h"
#include "proto/crypto/crypto.h"
#include "proto/crypto/crypto_priv.h"
#include "proto/x509/x509.h"

static X509 *parse(struct slice der)
{
	const uint8_t *p = der.p;
	X509 *x;

	ERR_clear_error();
	(void)crypto_algorithms();
	if (der.n == 0 || der.n > X509_DER_MAX)
		return NULL;
	x = d2i_X509(NULL, &p, (long)der.n);
	if (x != NULL && p != der.p + der.n) { /* bytes behind the certificate */
		X509_free(x);
		x = NULL;
	}
	return x;
}

static int time_read(const ASN1_TIME *time, stamp *out)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return -1;
	*out = (stamp)timegm(&tm) * STAMP_SECOND;
	return 0;
}

static int serial_read(X509 *x, struct x509_facts *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	int n = ASN1_STRING_length(serial);

	if (n < 1 || n > X509_SERIAL_MAX || ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		return -1;
	memcpy(out->serial, ASN1_STRING_get0_data(serial), (size_t)n);
	out->serial_len = (size_t)n;
	return 0;
}

static struct slice name_text(const X509_NAME *name, struct arena *a)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct slice text;
	char *p;
	long n;

	must(bio != NULL);
	(void)X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253); /* escapes what is not printable */
	n = BIO_get_mem_data(bio, &p);
	text = arena_copy(a, slice_of(p, n < 0 ? 0 : (size_t)n));
	BIO_free(bio);
	return text;
}

static const char *key_name(X509 *x, struct arena *a)
{
	EVP_PKEY *pkey = X509_get0_pubkey(x);
	char group[32];

	if (pkey == NULL)
		return "unknown";
	if (EVP_PKEY_is_a(pkey, "RSA"))
		return arena_printf(a, "RSA %d", EVP_PKEY_get_bits(pkey));
	if (!EVP_PKEY_is_a(pkey, "EC"))
		return arena_printf(a, "%s", EVP_PKEY_get0_type_name(pkey));
	if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
		return "ECDSA";
	if (strcmp(group, "prime256v1") == 0)
		return "ECDSA P-256";
	return strcmp(group, "secp384r1") == 0 ? "ECDSA P-384" : arena_printf(a, "ECDSA %s", group);
}

static int spki_read(X509 *x, struct x509_facts *out)
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	if (n <= 0)
		return -1;
	crypto_sha256(slice_of(der, (size_t)n), out->spki_hash);
	OPENSSL_free(der);
	return 0;
}

static bool dns_byte(uint8_t c)
{
	return text_is_alpha(c) || text_is_digit(c) || c == '-' || c == '.' || c == '_' || c == '*';
}

/* Lower-cased, or absent when it is no name. */
static struct slice dns_name(const ASN1_STRING *text, struct arena *a)
{
	struct slice s = slice_of(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
	uint8_t *copy;

	if (s.n == 0 || s.n > 253)
		return SLICE_NONE;
	copy = arena_alloc(a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (!dns_byte(s.p[i]))
			return SLICE_NONE;
		copy[i] = text_lower(s.p[i]);
	}
	return slice_of(copy, s.n);
}

static int name_take(const GENERAL_NAME *one, struct arena *a, struct x509_facts *out)
{
	struct slice s;

	if (one->type == GEN_IPADD) {
		s = slice_of(ASN1_STRING_get0_data(one->d.iPAddress),
			     (size_t)ASN1_STRING_length(one->d.iPAddress));
		if (s.n != 4 && s.n != 16)
			return -1;
		out->addresses[out->address_count++] = arena_copy(a, s);
	} else if (one->type == GEN_DNS) {
		s = dns_name(one->d.dNSName, a);
		if (s.n == 0)
			return -1;
		out->names[out->name_count++] = s;
	}
	return 0;
}

static int names_read(X509 *x, struct arena *a, struct x509_facts *out)
{
	int critical, r = 0, count;
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, &critical, NULL);

	if (all == NULL)
		return critical == -1 ? 0 : -1; /* -1: not there; else broken or twice */
	count = sk_GENERAL_NAME_num(all);
	if (count > X509_NAMES_MAX)
		r = -1;
	out->names = arena_array(a, struct slice, r == 0 ? count : 0);
	out->addresses = arena_array(a, struct slice, r == 0 ? count : 0);
	for (int i = 0; r == 0 && i < count; i++)
		r = name_take(sk_GENERAL_NAME_value(all, i), a, out);
	GENERAL_NAMES_free(all);
	return r;
}

static int facts_of(X509 *x, struct arena *a, struct x509_facts *out, struct fail *f)
{
	const X509_NAME *subject = X509_get_subject_name(x), *issuer = X509_get_issuer_name(x);

	if (serial_read(x, out) < 0)
		return fail(f, FAIL_INPUT,
			    "the certificate's serial number is not 1 to %d bytes "
			    "of a positive number",
			    X509_SERIAL_MAX);
	if (time_read(X509_get0_notBefore(x), &out->not_before) < 0 ||
	    time_read(X509_get0_notAfter(x), &out->not_after) < 0)
		return fail(f, FAIL_INPUT, "the certificate's validity is not two times");
	if (spki_read(x, out) < 0)
		return fail(f, FAIL_INPUT, "the certificate has no public key");
	if (names_read(x, a, out) < 0)
		return fail(f, FAIL_INPUT,
			    "the certificate's alternative names are broken, or more than %d",
			    X509_NAMES_MAX);
	out->is_ca = X509_check_ca(x) == 1;
	out->self_issued = X509_NAME_cmp(subject, issuer) == 0;
	out->key_type = key_name(x, a);
	out->subject = name_text(subject, a);
	out->issuer = name_text(issuer, a);
	return 0;
}

int x509_facts_read(struct slice der, struct arena *a, struct x509_facts *out, struct fail *f)
{
	struct x509_facts facts = { 0 };
	X509 *x = parse(der);
	int r;

	if (x == NULL)
		return fail(f, FAIL_INPUT, "not a certificate in DER: %s", crypto_error());
	r = facts_of(x, a, &facts, f);
	X509_free(x);
	ERR_clear_error();
	if (r < 0)
		return -1;
	crypto_sha256(der, facts.sha256);
	*out = facts;
	return 0;
}

bool x509_signed_by(struct slice der, struct slice issuer)
{
	X509 *x = parse(der), *by = parse(issuer);
	bool good = x != NULL && by != NULL && X509_check_issued(by, x) == X509_V_OK &&
		    X509_verify(x, X509_get0_pubkey(by)) == 1;

	X509_free(x);
	X509_free(by);
	ERR_clear_error();
	return good;
}

static struct slice without_dot(struct slice name)
{
	return slice_ends(name, slice_lit(".")) ? slice_sub(name, 0, name.n - 1) : name;
}

bool x509_name_matches(struct slice pattern, struct slice host)
{
	size_t dot;

	pattern = without_dot(pattern);
	host = without_dot(host);
	if (pattern.n == 0)
		return false;
	if (!slice_starts(pattern, slice_lit("*.")))
		return slice_eq_nocase(pattern, host);
	dot = slice_find(host, '.'); /* the wildcard is one whole, non-empty label */
	return dot > 0 && dot < host.n &&
	       slice_eq_nocase(slice_from(pattern, 1), slice_from(host, dot));
}

/* The bytes of an address literal; their number, 0 for anything else. */
static size_t address_parse(struct slice host, uint8_t out[16])
{
	char text[INET6_ADDRSTRLEN];

	if (host.n >= sizeof(text))
		return 0;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

bool x509_facts_cover(const struct x509_facts *x, struct slice host)
{
	uint8_t address[16];
	size_t n = address_parse(host, address);

	for (size_t i = 0; n > 0 && i < x->address_count; i++)
		if (slice_eq(x->addresses[i], slice_of(address, n)))
			return true;
	for (size_t i = 0; n == 0 && i < x->name_count; i++)
		if (x509_name_matches(x->names[i], host))
			return true;
	return false;
}
