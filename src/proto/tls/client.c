/* OpenSSL asks one function whether the peer's chain is good. For TLS_VERIFY_NONE it goes on but
 * remembers "not verified" in the session, so that such a session, were it offered under
 * TLS_VERIFY_STRICT, is refused at the end of the handshake. */
#include "proto/tls/client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "proto/crypto/crypto.h"
#include "proto/crypto/crypto_priv.h"
#include "proto/tls/conn_priv.h"
#include "proto/tls/schedule.h"
#include "proto/x509/x509.h"

#define WORDS_MAX 512

struct tls_client {
	SSL_CTX *ctx;
	size_t roots;
	struct tls_place place;
};

static struct tls_session *session_of(SSL_SESSION *s)
{
	return (struct tls_session *)(void *)s;
}

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_conn *c = tls_conn_of(ssl);

	SSL_SESSION_free(c->session);
	c->session = session;
	return 1; /* ours now */
}

/* "a.example, b.example": what the certificate is for. */
static void names_write(X509 *x, struct buf *out)
{
	struct arena a = ARENA_INIT;
	struct x509_facts facts;
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	if (n > 0 && x509_facts_read(slice_of(der, (size_t)n), &a, &facts, NULL) == 0) {
		for (size_t i = 0; i < facts.name_count && i < 5; i++)
			buf_addf(out, "%s%.*s", i == 0 ? "" : ", ", SLICE_ARG(facts.names[i]));
		if (facts.name_count > 5)
			buf_add_str(out, ", ...");
		if (facts.name_count == 0)
			buf_addf(out, "no name (%.*s)", SLICE_ARG(facts.subject));
	}
	OPENSSL_free(der);
	arena_free(&a);
}

static void time_write(const ASN1_TIME *time, struct buf *out)
{
	struct tm tm = { 0 };

	if (ASN1_TIME_to_tm(time, &tm) == 1)
		buf_addf(out, "%04d-%02d-%02d %02d:%02d UTC", tm.tm_year + 1900, tm.tm_mon + 1,
			 tm.tm_mday, tm.tm_hour, tm.tm_min);
}

static void issuer_write(X509 *x, struct buf *out)
{
	char text[160];

	(void)X509_NAME_oneline(X509_get_issuer_name(x), text, sizeof(text));
	buf_addf(out, "\"%s\"", text);
}

/* What is wrong with the chain: one word for logs, a sentence for people. */
static const char *verdict_write(X509_STORE_CTX *store, const char *name, struct buf *out)
{
	int error = X509_STORE_CTX_get_error(store);
	X509 *x = X509_STORE_CTX_get_current_cert(store);
	bool leaf = X509_STORE_CTX_get_error_depth(store) == 0;

	buf_addf(out, "the certificate of origin %s%s ", name, leaf ? "" : " (its issuer's)");
	if (x == NULL)
		x = X509_STORE_CTX_get0_cert(store);
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		buf_add_str(out, "expired on ");
		time_write(X509_get0_notAfter(x), out);
		return "certificate_expired";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		buf_add_str(out, "is valid only from ");
		time_write(X509_get0_notBefore(x), out);
		return "certificate_not_yet_valid";
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		buf_add_str(out, "is self-signed");
		return "certificate_self_signed";
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		buf_add_str(out, "leads to an issuer that is not trusted: ");
		issuer_write(x, out);
		return "certificate_untrusted";
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		buf_add_str(out, "is for another name: ");
		names_write(X509_STORE_CTX_get0_cert(store), out);
		return "certificate_name_mismatch";
	default:
		buf_addf(out, "is refused: %s", X509_verify_cert_error_string(error));
		return "certificate_refused";
	}
}

static int on_chain(X509_STORE_CTX *store, void *unused)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_conn *c = tls_conn_of(ssl);
	struct buf words = BUF_INIT;

	(void)unused;
	if (SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 1;
	}
	if (X509_verify_cert(store) == 1)
		return 1;
	tls_conn_fail(c, verdict_write(store, c->name, &words));
	c->words = strndup(buf_str(&words), WORDS_MAX);
	must(c->words != NULL);
	buf_free(&words);
	return 0;
}

static SSL_CTX *ctx_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(NULL, schedule_query(), TLS_client_method());

	if (ctx == NULL)
		return NULL;
	tls_ctx_common(ctx);
	SSL_CTX_set_session_cache_mode(ctx,
				       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	SSL_CTX_set_cert_verify_callback(ctx, on_chain, NULL);
	/* Who trusts one certificate of the middle, or one leaf, may: it need not be a root. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
	return ctx;
}

/* Negative: `pem` has a certificate that does not parse, and strict. */
static int roots_add(struct tls_client *t, struct slice pem, bool strict, struct fail *f)
{
	X509_STORE *store = SSL_CTX_get_cert_store(t->ctx);
	struct arena a = ARENA_INIT;
	struct slice *ders;
	size_t count;
	int r = x509_pem_read(pem, &a, &ders, &count, f);

	for (size_t i = 0; r == 0 && i < count; i++) {
		const uint8_t *p = ders[i].p;
		X509 *x = d2i_X509(NULL, &p, (long)ders[i].n);

		if (x != NULL && X509_STORE_add_cert(store, x) == 1)
			t->roots++;
		else if (strict)
			r = fail(f, FAIL_INPUT, "certificate %zu does not parse: %s", i + 1,
				 crypto_error());
		X509_free(x);
	}
	ERR_clear_error();
	arena_free(&a);
	return r;
}

int tls_client_new(struct slice system_roots, struct slice extra_roots, struct tls_client **out,
		   struct fail *f)
{
	struct tls_client *t = calloc(1, sizeof(*t));

	must(t != NULL);
	crypto_init();
	ERR_clear_error();
	tls_place_init(&t->place);
	t->ctx = ctx_new();
	if (t->ctx == NULL) {
		tls_client_free(t);
		return fail(f, FAIL_SYSTEM, "TLS cannot be set up: %s", crypto_error());
	}
	if (roots_add(t, system_roots, false, f) < 0 || roots_add(t, extra_roots, true, f) < 0) {
		tls_client_free(t);
		return fail_pass(f, "trusted roots");
	}
	*out = t;
	return 0;
}

void tls_client_free(struct tls_client *t)
{
	if (t == NULL)
		return;
	tls_place_fini(&t->place);
	SSL_CTX_free(t->ctx);
	free(t);
}

size_t tls_client_root_count(const struct tls_client *t)
{
	return t->roots;
}

static bool is_address(const char *name)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static void expect_name(SSL *ssl, char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (is_address(name)) {
		must(X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1);
		return;
	}
	must(X509_VERIFY_PARAM_set1_host(param, name, 0) == 1);
	(void)SSL_set_tlsext_host_name(ssl, name);
}

struct tls_conn *tls_client_conn(struct tls_client *t, const struct tls_target *to)
{
	static const uint8_t protocols[] = "\x02h2\x08http/1.1";
	struct tls_conn *c = tls_conn_new(&t->place);
	const uint8_t *offer = to->h2 ? protocols : protocols + 3;
	bool strict = to->verify == TLS_VERIFY_STRICT;

	c->name = strdup(to->name);
	must(c->name != NULL);
	c->phase = PHASE_SHAKE;
	c->strict = strict;
	tls_conn_attach(c, t->ctx);
	SSL_set_connect_state(c->ssl);
	SSL_set_verify(c->ssl, strict ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	SSL_set_security_level(c->ssl, strict ? 2 : 1);
	expect_name(c->ssl, c->name);
	must(SSL_set_alpn_protos(c->ssl, offer,
				 (unsigned)(protocols + sizeof(protocols) - 1 - offer)) == 0);
	if (to->name[0] == '\0') /* OpenSSL would verify no name at all */
		tls_conn_fail(c, "no_name");
	if (to->session != NULL)
		(void)SSL_set_session(c->ssl, (SSL_SESSION *)(void *)to->session);
	return c;
}

struct tls_session *tls_conn_session_take(struct tls_conn *c)
{
	SSL_SESSION *s = c->session;

	c->session = NULL;
	return session_of(s);
}

void tls_session_free(struct tls_session *s)
{
	SSL_SESSION_free((SSL_SESSION *)(void *)s);
}
