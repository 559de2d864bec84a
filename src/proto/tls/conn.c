/* The BIO under OpenSSL reads from the unread bytes and appends to `out`: no copy between them
 * and the socket, one receive for all records, one send for all that a step made.
 *
 * A worker has one receive place for all its connections. Bytes that a connection left unread there
 * (half a ClientHello, more plaintext than its reader wanted) are copied into its own buffer when
 * the next connection receives; an idle connection holds no buffer at all. */
#include "proto/tls/conn.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "proto/crypto/crypto_priv.h"
#include "proto/tls/conn_priv.h"

#define OUT_HARD  (256 * 1024) /* answers to a peer's key updates end here */
#define OUT_KEEP  4096         /* a larger buffer is given back when it is empty */
#define ROOM      (16 * 1024)
#define RECORD    (16 * 1024)
#define ERROR_MAX 48

void tls_place_init(struct tls_place *p)
{
	p->p = malloc(PLACE_SIZE);
	p->holder = NULL;
	must(p->p != NULL);
}

void tls_place_fini(struct tls_place *p)
{
	must(p->holder == NULL);
	free(p->p);
}

/* The unread bytes move out of the place into the connection's own buffer. */
static void place_leave(struct tls_place *place)
{
	struct tls_conn *c = place->holder;

	place->holder = NULL;
	if (c == NULL)
		return;
	if (c->unread.n > 0) {
		buf_add(&c->in, c->unread);
		c->unread = buf_slice(&c->in);
	}
}

static void unread_take(struct tls_conn *c, size_t n)
{
	c->unread = slice_from(c->unread, n);
	if (c->unread.n > 0)
		return;
	if (c->place->holder == c)
		c->place->holder = NULL;
	buf_free(&c->in);
}

static size_t unsent(const struct tls_conn *c)
{
	return c->out.n - c->sent;
}

static int bio_write(BIO *bio, const char *p, size_t n, size_t *written)
{
	struct tls_conn *c = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (unsent(c) + n > OUT_HARD) {
		BIO_set_retry_write(bio);
		return 0;
	}
	buf_add(&c->out, slice_of(p, n));
	*written = n;
	return 1;
}

static int bio_read(BIO *bio, char *p, size_t n, size_t *got)
{
	struct tls_conn *c = BIO_get_data(bio);
	struct slice s = slice_sub(c->unread, 0, n);

	BIO_clear_retry_flags(bio);
	if (s.n == 0) {
		if (!c->eof)
			BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(p, s.p, s.n);
	unread_take(c, s.n);
	*got = s.n;
	return 1;
}

static long bio_ctrl(BIO *bio, int what, long n, void *p)
{
	struct tls_conn *c = BIO_get_data(bio);

	(void)n;
	(void)p;
	if (what == BIO_CTRL_FLUSH)
		return 1;
	return what == BIO_CTRL_EOF ? c->eof && c->unread.n == 0 : 0;
}

static BIO_METHOD *bio_method(void)
{
	static BIO_METHOD *method; /* an engine's thread is the only one of its process */

	if (method == NULL) {
		method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "everseal");
		must(method != NULL && BIO_meth_set_write_ex(method, bio_write) == 1 &&
		     BIO_meth_set_read_ex(method, bio_read) == 1 &&
		     BIO_meth_set_ctrl(method, bio_ctrl) == 1);
	}
	return method;
}

void tls_ctx_common(SSL_CTX *ctx)
{
	char groups[] = "X25519:P-256:P-384";

	must(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(ctx, 1);
	must(SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
					   "TLS_AES_256_GCM_SHA384") == 1);
	must(SSL_CTX_set_cipher_list(
		     ctx, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
			  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
			  "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384") == 1);
	must(SSL_CTX_set1_groups_list(ctx, groups) == 1);
}

struct tls_conn *tls_conn_new(struct tls_place *place)
{
	struct tls_conn *c = calloc(1, sizeof(*c));

	must(c != NULL);
	c->place = place;
	return c;
}

void tls_conn_attach(struct tls_conn *c, SSL_CTX *ctx)
{
	BIO *bio = BIO_new(bio_method());

	c->ssl = SSL_new(ctx);
	must(c->ssl != NULL && bio != NULL);
	BIO_set_data(bio, c);
	BIO_set_init(bio, 1);
	SSL_set_bio(c->ssl, bio, bio);
	SSL_set_app_data(c->ssl, c);
}

void tls_conn_free(struct tls_conn *c)
{
	if (c == NULL)
		return;
	if (c->place->holder == c)
		c->place->holder = NULL;
	if (c->ssl != NULL && c->phase == PHASE_OPEN)
		SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(c->ssl);
	SSL_SESSION_free(c->session);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c->error);
	free(c->words);
	free(c->name);
	ERR_clear_error();
	free(c);
}

uint8_t *tls_conn_in(struct tls_conn *c, size_t *room)
{
	if (c->unread.n == 0) {
		place_leave(c->place);
		*room = PLACE_SIZE;
		return c->place->p;
	}
	if (c->place->holder == c)
		place_leave(c->place);
	*room = c->unread.n >= TLS_IN_HIGH ? 0 : ROOM;
	buf_drop(&c->in, c->in.n - c->unread.n);
	buf_reserve(&c->in, ROOM);
	c->unread = buf_slice(&c->in);
	return c->in.p + c->in.n;
}

void tls_conn_fed(struct tls_conn *c, size_t n)
{
	if (n == 0)
		return;
	if (c->unread.n == 0) {
		must(n <= PLACE_SIZE);
		c->place->holder = c;
		c->unread = slice_of(c->place->p, n);
		return;
	}
	must(n <= ROOM);
	c->in.n += n;
	c->unread = buf_slice(&c->in);
}

void tls_conn_feed(struct tls_conn *c, struct slice bytes)
{
	while (bytes.n > 0) {
		size_t room;
		uint8_t *p = tls_conn_in(c, &room);
		struct slice part = slice_sub(bytes, 0, room);

		must(room > 0);
		memcpy(p, part.p, part.n);
		tls_conn_fed(c, part.n);
		bytes = slice_from(bytes, part.n);
	}
}

void tls_conn_eof(struct tls_conn *c)
{
	c->eof = true;
}

void tls_conn_fail(struct tls_conn *c, const char *why)
{
	c->phase = PHASE_FAILED;
	if (c->error == NULL)
		c->error = strdup(why);
	must(c->error != NULL);
}

/* One word for a log and a metric: "no_shared_cipher", or "peer_unknown_ca" for an alert that came
 * from the other side. */
static void error_word(unsigned long code, char out[ERROR_MAX])
{
	int alert = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET;
	bool theirs = ERR_GET_LIB(code) == ERR_LIB_SSL && alert >= 0 && alert <= UINT8_MAX;
	const char *text =
		theirs ? SSL_alert_desc_string_long(alert) : ERR_reason_error_string(code);
	size_t n = theirs ? (size_t)snprintf(out, ERROR_MAX, "peer_") : 0;

	for (; text != NULL && *text != '\0' && n < ERROR_MAX - 1; text++)
		out[n++] = *text == ' ' ? '_' : (char)text_lower((uint8_t)*text);
	out[n] = '\0';
}

/* OpenSSL says that it is over. */
static void fail_by_library(struct tls_conn *c)
{
	unsigned long code = ERR_peek_last_error();
	char word[ERROR_MAX];

	if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
	    ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		tls_conn_fail(c, "cut");
	} else {
		error_word(code, word);
		tls_conn_fail(c, word[0] == '\0' ? "unknown" : word);
	}
	ERR_clear_error();
}

static enum tls_state opened(struct tls_conn *c)
{
	/* a resumed session remembers how its peer was verified */
	if (c->strict && SSL_get_verify_result(c->ssl) != X509_V_OK) {
		tls_conn_fail(c, "session_not_verified");
		return TLS_FAILED;
	}
	c->phase = PHASE_OPEN;
	return TLS_OPEN;
}

static enum tls_state shake(struct tls_conn *c)
{
	int r, why;

	ERR_clear_error();
	r = SSL_do_handshake(c->ssl);
	if (r == 1)
		return opened(c);
	why = SSL_get_error(c->ssl, r);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return TLS_MORE;
	fail_by_library(c);
	return TLS_FAILED;
}

static enum tls_state collect(struct tls_conn *c)
{
	struct hello_refusal refusal;

	switch (hello_read(c->unread, &c->hello, &refusal)) {
	case HELLO_MORE:
		if (!c->eof)
			return TLS_MORE;
		tls_conn_fail(c, c->unread.n == 0 ? "nothing_sent" : "cut");
		return TLS_FAILED;
	case HELLO_DONE: c->phase = PHASE_ASK; return TLS_HELLO;
	case HELLO_REFUSED: tls_conn_refuse(c, refusal.alert, refusal.why); return TLS_FAILED;
	}
	must_not_reach();
}

enum tls_state tls_conn_step(struct tls_conn *c)
{
	switch (c->phase) {
	case PHASE_COLLECT: return collect(c);
	case PHASE_ASK: return TLS_HELLO;
	case PHASE_SHAKE: return shake(c);
	case PHASE_OPEN: return TLS_OPEN;
	case PHASE_FAILED: return TLS_FAILED;
	}
	must_not_reach();
}

const struct tls_hello *tls_conn_hello(const struct tls_conn *c)
{
	return &c->hello;
}

void tls_conn_refuse(struct tls_conn *c, enum tls_alert alert, const char *why)
{
	uint8_t record[TLS_ALERT_RECORD];

	must(c->ssl == NULL);
	hello_alert_write(alert, record);
	buf_add(&c->out, slice_of(record, sizeof(record)));
	tls_conn_fail(c, why);
}

ssize_t tls_conn_read(struct tls_conn *c, void *p, size_t n)
{
	size_t got;
	int why;

	if (c->phase == PHASE_FAILED)
		return strcmp(c->error, "cut") == 0 ? TLS_READ_CUT : TLS_READ_FAILED;
	if (c->phase != PHASE_OPEN)
		return TLS_READ_MORE;
	ERR_clear_error();
	if (SSL_read_ex(c->ssl, p, n, &got) == 1)
		return (ssize_t)got;
	why = SSL_get_error(c->ssl, 0);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return TLS_READ_MORE;
	if (why == SSL_ERROR_ZERO_RETURN)
		return TLS_READ_END;
	fail_by_library(c);
	return tls_conn_read(c, p, n);
}

ssize_t tls_conn_write(struct tls_conn *c, struct slice plain)
{
	size_t room = TLS_OUT_HIGH - (unsent(c) < TLS_OUT_HIGH ? unsent(c) : TLS_OUT_HIGH), took;

	if (c->phase != PHASE_OPEN || c->closed)
		return -1;
	if (plain.n == 0 || room == 0)
		return 0;
	if (room < RECORD)
		room = RECORD; /* no crumbs: a whole record or nothing */
	ERR_clear_error();
	if (SSL_write_ex(c->ssl, plain.p, plain.n < room ? plain.n : room, &took) == 1)
		return (ssize_t)took;
	if (SSL_get_error(c->ssl, 0) == SSL_ERROR_WANT_WRITE)
		return 0;
	fail_by_library(c);
	return -1;
}

void tls_conn_close(struct tls_conn *c)
{
	if (c->phase != PHASE_OPEN || c->closed)
		return;
	c->closed = true;
	ERR_clear_error();
	(void)SSL_shutdown(c->ssl); /* the peer's answer is read, or not, by the caller */
	ERR_clear_error();
}

struct slice tls_conn_out(const struct tls_conn *c)
{
	return slice_from(buf_slice(&c->out), c->sent);
}

void tls_conn_sent(struct tls_conn *c, size_t n)
{
	must(n <= unsent(c));
	c->sent += n;
	if (unsent(c) > 0 && c->sent < OUT_HARD)
		return;
	buf_drop(&c->out, c->sent);
	c->sent = 0;
	if (c->out.n == 0 && c->out.cap > OUT_KEEP)
		buf_free(&c->out);
}

static void sigalg_write(SSL *ssl, char out[TLS_SIGALG])
{
	int type = NID_undef, digest = NID_undef;
	const char *how = "unknown";

	if (SSL_is_server(ssl))
		(void)(SSL_get_signature_type_nid(ssl, &type) &&
		       SSL_get_signature_nid(ssl, &digest));
	else
		(void)(SSL_get_peer_signature_type_nid(ssl, &type) &&
		       SSL_get_peer_signature_nid(ssl, &digest));
	if (type == EVP_PKEY_EC)
		how = "ecdsa";
	else if (type == EVP_PKEY_RSA)
		how = "rsa_pkcs1";
	else if (type == EVP_PKEY_RSA_PSS)
		how = "rsa_pss";
	else if (type == EVP_PKEY_ED25519)
		how = "ed25519";
	(void)snprintf(out, TLS_SIGALG, digest == NID_undef ? "%s" : "%s_%s", how,
		       OBJ_nid2ln(digest));
}

static const char *group_name(SSL *ssl)
{
	int id = (int)SSL_get_negotiated_group(ssl);
	const char *name = id == 0 ? NULL : SSL_group_to_name(ssl, id);

	return name == NULL ? "" : name;
}

static enum tls_alpn alpn_chosen(SSL *ssl)
{
	const unsigned char *p;
	unsigned n;

	SSL_get0_alpn_selected(ssl, &p, &n);
	if (n == 0)
		return TLS_ALPN_NONE;
	return n == 2 ? TLS_ALPN_H2 : TLS_ALPN_HTTP11;
}

void tls_conn_facts(const struct tls_conn *c, struct tls_facts *out)
{
	*out = (struct tls_facts){ .version = "",
				   .cipher = "",
				   .group = "",
				   .sni = c->name == NULL ? c->hello.sni : c->name,
				   .error = c->error == NULL ? "" : c->error,
				   .words = c->words == NULL ? "" : c->words };
	if (c->ssl == NULL || SSL_get_session(c->ssl) == NULL || !SSL_is_init_finished(c->ssl))
		return; /* asking OpenSSL for a group without a session is a crash */
	out->version = SSL_get_version(c->ssl);
	out->cipher = SSL_get_cipher_name(c->ssl);
	out->group = group_name(c->ssl);
	out->alpn = alpn_chosen(c->ssl);
	out->resumed = SSL_session_reused(c->ssl) == 1;
	if (!out->resumed)
		sigalg_write(c->ssl, out->sigalg);
}
