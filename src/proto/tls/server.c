/* The ClientHello was read and answered before an SSL exists, so OpenSSL's callbacks decide
 * nothing: they hand out what tls_conn_serve() stored. Two things are checked again, since
 * OpenSSL does not: that a second ClientHello (after HelloRetryRequest) carries the same name,
 * and that a session is resumed under the name and group it was made under (by the keys of its
 * ticket; the session id context is the group as well). */
#include "proto/tls/server.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "proto/crypto/crypto.h"
#include "proto/crypto/crypto_priv.h"
#include "proto/key/key_priv.h"
#include "proto/tls/conn_priv.h"
#include "proto/tls/identity_priv.h"
#include "proto/tls/schedule.h"

#define LIFETIME (TICKET_KEPT * STAMP_HOUR / STAMP_SECOND)
#define NAME_LEN 16 /* of a ticket key: zeros, then the hour in 8 bytes */
#define IV_LEN   16
#define HALF     32 /* of the derived bytes: cipher key, then MAC key */

struct tls_server {
	SSL_CTX *ctx;
	const struct ticket_page *tickets;
	stamp now;
	struct tls_place place;
};

static int on_client_hello(SSL *ssl, int *alert, void *unused)
{
	const struct tls_conn *c = tls_conn_of(ssl);
	char sni[HELLO_SNI_MAX + 1] = "";
	const unsigned char *p;
	size_t n;

	(void)unused;
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &n) == 1 &&
	    hello_sni_read(slice_of(p, n), sni) != HELLO_SNI_GOOD)
		sni[0] = '\0';
	if (strcmp(sni, c->hello.sni) == 0)
		return SSL_CLIENT_HELLO_SUCCESS;
	*alert = SSL_AD_ILLEGAL_PARAMETER;
	return SSL_CLIENT_HELLO_ERROR;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		   const unsigned char *offered, unsigned offered_len, void *unused)
{
	static const uint8_t choices[] = "\x02h2\x08http/1.1\x08http/1.0";
	const uint8_t *ours = tls_conn_of(ssl)->h2 ? choices : choices + 3;
	unsigned char *chosen;

	(void)unused;
	if (SSL_select_next_proto(&chosen, out_len, ours,
				  (unsigned)(choices + sizeof(choices) - 1 - ours), offered,
				  offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301, 3.2: no_application_protocol */
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void ticket_name_write(uint64_t hour, uint8_t name[NAME_LEN])
{
	memset(name, 0, NAME_LEN);
	for (int i = 0; i < 8; i++)
		name[NAME_LEN - 1 - i] = (uint8_t)(hour >> (8 * i));
}

static bool ticket_name_read(const uint8_t name[NAME_LEN], uint64_t *hour)
{
	static const uint8_t zeros[NAME_LEN - 8];

	*hour = 0;
	for (int i = 8; i < NAME_LEN; i++)
		*hour = *hour << 8 | name[i];
	return memcmp(name, zeros, sizeof(zeros)) == 0;
}

/* Cipher and MAC key of one hour, group and name. */
static bool ticket_keys(const struct tls_conn *c, uint64_t hour, uint8_t keys[2 * HALF])
{
	static const char label[] = "everseal ticket 1";
	uint8_t info[sizeof(label) + TLS_GROUP + HELLO_SNI_MAX], key[TICKET_KEY];
	size_t sni = strlen(c->hello.sni);

	if (!ticket_page_get(c->server->tickets, hour, key))
		return false;
	memcpy(info, label, sizeof(label));
	memcpy(info + sizeof(label), c->group, TLS_GROUP);
	memcpy(info + sizeof(label) + TLS_GROUP, c->hello.sni, sni);
	crypto_hkdf_expand_sha256(slice_of(key, sizeof(key)),
				  slice_of(info, sizeof(label) + TLS_GROUP + sni), keys, 2 * HALF);
	OPENSSL_cleanse(key, sizeof(key));
	return true;
}

static bool ticket_init(const uint8_t keys[2 * HALF], const uint8_t *iv, EVP_CIPHER_CTX *cipher,
			EVP_MAC_CTX *mac, int encrypt)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_CipherInit_ex2(cipher, crypto_algorithms()->aes_cbc, keys, iv, encrypt, NULL) ==
		       1 &&
	       EVP_MAC_init(mac, keys + HALF, HALF, params) == 1;
}

static int ticket_encrypt(const struct tls_conn *c, unsigned char *name, unsigned char *iv,
			  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	uint64_t hour = ticket_hour(c->server->now);
	uint8_t keys[2 * HALF];
	int r = 0; /* no ticket */

	if (ticket_keys(c, hour, keys) && RAND_bytes(iv, IV_LEN) == 1 &&
	    ticket_init(keys, iv, cipher, mac, 1)) {
		ticket_name_write(hour, name);
		r = 1;
	}
	OPENSSL_cleanse(keys, sizeof(keys));
	return r;
}

/* 0: not resumed; 1: resumed; 2: resumed, and a new ticket. A TLS 1.3 client uses each ticket
 * once, one of TLS 1.2 gets a new one when the hour has passed. */
static int ticket_decrypt(SSL *ssl, const struct tls_conn *c, const unsigned char *name,
			  const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	uint64_t hour, now = ticket_hour(c->server->now);
	uint8_t keys[2 * HALF];
	int r = 0;

	if (!ticket_name_read(name, &hour) || hour > now + 1 || hour + TICKET_KEPT < now)
		return 0;
	if (ticket_keys(c, hour, keys) && ticket_init(keys, iv, cipher, mac, 0))
		r = SSL_version(ssl) == TLS1_3_VERSION || hour != now ? 2 : 1;
	OPENSSL_cleanse(keys, sizeof(keys));
	return r;
}

static int on_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
			 EVP_MAC_CTX *mac, int encrypt)
{
	const struct tls_conn *c = tls_conn_of(ssl);

	return encrypt ? ticket_encrypt(c, name, iv, cipher, mac)
		       : ticket_decrypt(ssl, c, name, iv, cipher, mac);
}

static SSL_CTX *ctx_new(const struct ticket_page *tickets)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(NULL, schedule_query(), TLS_server_method());

	if (ctx == NULL)
		return NULL;
	tls_ctx_common(ctx);
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
					 SSL_OP_NO_ANTI_REPLAY);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(ctx, (long)LIFETIME);
	SSL_CTX_set_client_hello_cb(ctx, on_client_hello, NULL);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	must(SSL_CTX_set_num_tickets(ctx, tickets == NULL ? 0 : 1) == 1);
	if (tickets == NULL)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	else
		must(SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket_key) == 1);
	return ctx;
}

int tls_server_new(const struct ticket_page *tickets, struct tls_server **out, struct fail *f)
{
	struct tls_server *s;
	SSL_CTX *ctx;

	crypto_init();
	ERR_clear_error();
	ctx = ctx_new(tickets);
	if (ctx == NULL)
		return fail(f, FAIL_SYSTEM, "TLS cannot be set up: %s", crypto_error());
	s = calloc(1, sizeof(*s));
	must(s != NULL);
	s->ctx = ctx;
	s->tickets = tickets;
	tls_place_init(&s->place);
	*out = s;
	return 0;
}

void tls_server_free(struct tls_server *s)
{
	if (s == NULL)
		return;
	tls_place_fini(&s->place);
	SSL_CTX_free(s->ctx);
	free(s);
}

void tls_server_now(struct tls_server *s, stamp now)
{
	s->now = now;
}

struct tls_conn *tls_server_conn(struct tls_server *s)
{
	struct tls_conn *c = tls_conn_new(&s->place);

	c->server = s;
	return c;
}

void tls_conn_serve(struct tls_conn *c, const struct tls_serve *serve)
{
	const struct tls_identity *i = serve->identity;

	STACK_OF(X509) *chain = i->chain == NULL ? NULL : i->chain->certs;

	must(c->phase == PHASE_ASK);
	ERR_clear_error();
	tls_conn_attach(c, c->server->ctx);
	SSL_set_accept_state(c->ssl);
	memcpy(c->group, serve->group, TLS_GROUP);
	c->h2 = serve->h2;
	must(SSL_set_session_id_context(c->ssl, c->group, TLS_GROUP) == 1);
	if (SSL_use_cert_and_key(c->ssl, i->leaf, key_pkey(i->key), chain, 1) == 1) {
		c->phase = PHASE_SHAKE;
		return;
	}
	ERR_clear_error(); /* a certificate signed with an algorithm that is too weak to show */
	SSL_free(c->ssl);
	c->ssl = NULL;
	tls_conn_refuse(c, TLS_ALERT_INTERNAL_ERROR, "certificate_unusable");
}
