/* Our server engine against OpenSSL's own client, which also sends what a well-behaved client
 * would not. */
#include "proto/tls/server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/crypto/crypto.h"
#include "proto/tls/fixture.h"

struct peer {
	SSL *ssl;
	BIO *in;  /* what the client reads */
	BIO *out; /* what it writes */
};

struct world {
	struct fixture x;
	struct tls_identity *identity;
	struct tls_serve serve;
	SSL_CTX *ctx;
	SSL_SESSION *session; /* the newest that any client got */
};

static struct world w;

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(w.session);
	w.session = session;
	return 1;
}

static int world_new(void **state)
{
	(void)state;
	fixture_init(&w.x);
	w.identity =
		fixture_identity(&w.x, "a.test", w.x.now - STAMP_HOUR, w.x.now + STAMP_HOUR, false);
	w.serve = (struct tls_serve){ .identity = w.identity, .group = { 1 } };
	w.ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(w.ctx);
	SSL_CTX_set_session_cache_mode(w.ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(w.ctx, on_session);
	return 0;
}

static int world_free(void **state)
{
	(void)state;
	SSL_SESSION_free(w.session);
	w.session = NULL;
	SSL_CTX_free(w.ctx);
	tls_identity_unref(w.identity);
	fixture_fini(&w.x);
	return 0;
}

static void peer_name(SSL *ssl, const char *name)
{
	char copy[64];

	(void)snprintf(copy, sizeof(copy), "%s", name);
	assert_int_equal(SSL_set_tlsext_host_name(ssl, copy), 1);
}

static struct peer peer_new(int version, const char *name)
{
	struct peer p = { SSL_new(w.ctx), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()) };

	SSL_set_bio(p.ssl, p.in, p.out);
	SSL_set_connect_state(p.ssl);
	SSL_set_min_proto_version(p.ssl, version);
	SSL_set_max_proto_version(p.ssl, version);
	if (name != NULL)
		peer_name(p.ssl, name);
	return p;
}

/* What the client has written since the last call, `max` bytes at the most. */
static size_t peer_bytes(struct peer *p, uint8_t *out, size_t max)
{
	int n = BIO_read(p->out, out, (int)max);

	return n < 0 ? 0 : (size_t)n;
}

static bool peer_deliver(struct peer *p, struct tls_conn *c)
{
	struct slice s = tls_conn_out(c);

	if (s.n == 0)
		return false;
	assert_int_equal(BIO_write(p->in, s.p, (int)s.n), s.n);
	tls_conn_sent(c, s.n);
	return true;
}

static enum tls_state serve_step(struct tls_conn *c, const struct tls_serve *serve)
{
	enum tls_state state = tls_conn_step(c);

	if (state != TLS_HELLO)
		return state;
	tls_conn_serve(c, serve);
	return tls_conn_step(c);
}

/* Handshake (and what follows it) with the client's bytes in pieces of `piece`. */
static void run(struct peer *p, struct tls_conn *c, const struct tls_serve *serve, size_t piece)
{
	uint8_t bytes[16384];
	bool moved = true;
	size_t n;

	while (moved) {
		moved = false;
		(void)SSL_do_handshake(p->ssl);
		(void)SSL_peek(p->ssl, bytes, 1); /* takes tickets in */
		ERR_clear_error();
		while ((n = peer_bytes(p, bytes, piece)) > 0) {
			tls_conn_feed(c, slice_of(bytes, n));
			(void)serve_step(c, serve);
			moved = true;
		}
		moved = peer_deliver(p, c) || moved;
	}
}

static struct tls_facts facts_of(const struct tls_conn *c)
{
	struct tls_facts facts;

	tls_conn_facts(c, &facts);
	return facts;
}

/* One connection from hello to close; says whether it was resumed. */
static bool visit_with(int version, const char *name, const struct tls_serve *serve,
		       SSL_SESSION *session)
{
	struct peer p = peer_new(version, name);
	struct tls_conn *c = tls_server_conn(w.x.server);
	SSL_SESSION *copy = session == NULL ? NULL : SSL_SESSION_dup(session);
	bool resumed;

	if (copy != NULL)
		assert_int_equal(SSL_set_session(p.ssl, copy), 1);
	run(&p, c, serve, 16384);
	if (tls_conn_step(c) != TLS_OPEN)
		fail_msg("handshake: %s", facts_of(c).error);
	assert_true(SSL_is_init_finished(p.ssl));
	resumed = facts_of(c).resumed;
	assert_int_equal(SSL_session_reused(p.ssl), resumed);
	SSL_SESSION_free(copy);
	/* or the client forgets its session: it was not closed properly */
	SSL_set_shutdown(p.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(p.ssl);
	tls_conn_free(c);
	return resumed;
}

static bool visit(int version, const char *name, SSL_SESSION *session)
{
	return visit_with(version, name, &w.serve, session);
}

static void drop_session(void)
{
	SSL_SESSION_free(w.session);
	w.session = NULL;
}

static void full_handshakes_say_what_was_chosen(void **state)
{
	(void)state;
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	static const char *const names[] = { "TLSv1.2", "TLSv1.3" };
	static const char *const ciphers[] = { "ECDHE-ECDSA-AES128-GCM-SHA256",
					       "TLS_AES_128_GCM_SHA256" };

	for (int i = 0; i < 2; i++) {
		struct peer p = peer_new(versions[i], "A.test");
		struct tls_conn *c = tls_server_conn(w.x.server);
		struct tls_facts facts;

		run(&p, c, &w.serve, 16384);
		assert_int_equal(tls_conn_step(c), TLS_OPEN);
		facts = facts_of(c);
		assert_string_equal(facts.version, names[i]);
		assert_string_equal(facts.cipher, ciphers[i]);
		assert_string_equal(facts.group, "x25519");
		assert_string_equal(facts.sigalg, "ecdsa_sha256");
		assert_string_equal(facts.sni, "a.test");
		assert_int_equal(facts.alpn, TLS_ALPN_NONE);
		assert_false(facts.resumed);
		assert_string_equal(facts.error, "");
		SSL_free(p.ssl);
		tls_conn_free(c);
	}
}

static void one_byte_at_a_time_is_enough(void **state)
{
	(void)state;
	struct peer p = peer_new(TLS1_3_VERSION, "a.test");
	struct tls_conn *c = tls_server_conn(w.x.server);

	run(&p, c, &w.serve, 1);
	assert_int_equal(tls_conn_step(c), TLS_OPEN);
	SSL_free(p.ssl);
	tls_conn_free(c);
}

static void one_ticket_is_sent_and_resumes(void **state)
{
	(void)state;
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (int i = 0; i < 2; i++) {
		drop_session();
		assert_false(visit(versions[i], "a.test", NULL));
		assert_non_null(w.session);
		assert_true(visit(versions[i], "a.test", w.session));
		assert_true(visit(versions[i], "a.test", w.session));
	}
}

static void a_session_stays_in_its_group(void **state)
{
	(void)state;
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct tls_serve other = w.serve;

	other.group[31] = 9;
	for (int i = 0; i < 2; i++) {
		drop_session();
		assert_false(visit(versions[i], "a.test", NULL));
		assert_false(visit_with(versions[i], "a.test", &other, w.session));
	}
}

static void a_session_stays_with_its_name(void **state)
{
	(void)state;
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (int i = 0; i < 2; i++) {
		drop_session();
		assert_false(visit(versions[i], "a.test", NULL));
		assert_false(visit(versions[i], "b.test", w.session));
		drop_session();
		assert_false(visit(versions[i], NULL, NULL));
		assert_false(visit(versions[i], "a.test", w.session));
	}
}

static void hours_at(stamp at)
{
	(void)ticket_page_turn(&w.x.tickets, at, crypto_random);
	tls_server_now(w.x.server, at);
}

static void a_session_lives_as_long_as_its_key(void **state)
{
	(void)state;
	stamp start = w.x.now;
	SSL_SESSION *old;

	drop_session();
	assert_false(visit(TLS1_3_VERSION, "a.test", NULL));
	for (stamp h = 1; h <= TICKET_KEPT; h++)
		hours_at(start + h * STAMP_HOUR);
	old = SSL_SESSION_dup(w.session);
	assert_true(visit(TLS1_3_VERSION, "a.test", old));
	hours_at(start + (TICKET_KEPT + 1) * STAMP_HOUR);
	assert_false(visit(TLS1_3_VERSION, "a.test", old));
	SSL_SESSION_free(old);
	memset(&w.x.tickets, 0, sizeof(w.x.tickets));
	hours_at(start);
}

static void without_a_key_there_is_no_ticket(void **state)
{
	(void)state;
	struct ticket_page kept = w.x.tickets;

	memset(&w.x.tickets, 0, sizeof(w.x.tickets));
	drop_session();
	assert_false(visit(TLS1_2_VERSION, "a.test", NULL));
	assert_false(visit(TLS1_3_VERSION, "a.test", NULL));
	assert_true(w.session == NULL || !SSL_SESSION_has_ticket(w.session));
	w.x.tickets = kept;
}

static void cipher_of(const char *suites, const char *expected)
{
	struct peer p = peer_new(TLS1_3_VERSION, "a.test");
	struct tls_conn *c = tls_server_conn(w.x.server);

	assert_int_equal(SSL_set_ciphersuites(p.ssl, suites), 1);
	run(&p, c, &w.serve, 16384);
	assert_string_equal(facts_of(c).cipher, expected);
	SSL_free(p.ssl);
	tls_conn_free(c);
}

static void chacha_is_chosen_when_it_comes_first(void **state)
{
	(void)state;
	cipher_of("TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
		  "TLS_AES_128_GCM_SHA256");
	cipher_of("TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
		  "TLS_CHACHA20_POLY1305_SHA256");
	cipher_of("TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384");
}

static void only_http1_is_chosen_today(void **state)
{
	(void)state;
	struct peer p = peer_new(TLS1_3_VERSION, "a.test");
	struct tls_conn *c = tls_server_conn(w.x.server);

	SSL_set_alpn_protos(p.ssl, (const uint8_t *)"\x02h2\x08http/1.1", 12);
	run(&p, c, &w.serve, 16384);
	assert_int_equal(facts_of(c).alpn, TLS_ALPN_HTTP11);
	SSL_free(p.ssl);
	tls_conn_free(c);

	p = peer_new(TLS1_3_VERSION, "a.test");
	c = tls_server_conn(w.x.server);
	SSL_set_alpn_protos(p.ssl, (const uint8_t *)"\x02h2", 3);
	run(&p, c, &w.serve, 16384);
	assert_int_equal(tls_conn_step(c), TLS_FAILED);
	assert_string_equal(facts_of(c).error, "no_application_protocol");
	SSL_free(p.ssl);
	tls_conn_free(c);
}

/* The client's only key share is of a group we do not have. */
static struct peer retried_peer(void)
{
	struct peer p = peer_new(TLS1_3_VERSION, "a.test");
	char groups[] = "P-521:P-256";

	assert_int_equal(SSL_set1_groups_list(p.ssl, groups), 1);
	return p;
}

static void a_retried_hello_goes_on(void **state)
{
	(void)state;
	struct peer p = retried_peer();
	struct tls_conn *c = tls_server_conn(w.x.server);

	run(&p, c, &w.serve, 16384);
	assert_int_equal(tls_conn_step(c), TLS_OPEN);
	assert_string_equal(facts_of(c).group, "secp256r1");
	SSL_free(p.ssl);
	tls_conn_free(c);
}

static void a_retried_hello_keeps_its_name(void **state)
{
	(void)state;
	struct peer p = retried_peer();
	struct tls_conn *c = tls_server_conn(w.x.server);
	uint8_t bytes[4096];
	size_t n;

	(void)SSL_do_handshake(p.ssl);
	n = peer_bytes(&p, bytes, sizeof(bytes));
	tls_conn_feed(c, slice_of(bytes, n));
	assert_int_equal(serve_step(c, &w.serve), TLS_MORE);
	peer_name(p.ssl, "evil.test");
	run(&p, c, &w.serve, 16384);
	assert_int_equal(tls_conn_step(c), TLS_FAILED);
	assert_false(SSL_is_init_finished(p.ssl));
	SSL_free(p.ssl);
	tls_conn_free(c);
}

static void an_unknown_name_gets_its_alert(void **state)
{
	(void)state;
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (int i = 0; i < 2; i++) {
		struct peer p = peer_new(versions[i], "nobody.test");
		struct tls_conn *c = tls_server_conn(w.x.server);
		uint8_t bytes[4096];
		size_t n;

		(void)SSL_do_handshake(p.ssl);
		n = peer_bytes(&p, bytes, sizeof(bytes));
		tls_conn_feed(c, slice_of(bytes, n));
		assert_int_equal(tls_conn_step(c), TLS_HELLO);
		assert_string_equal(tls_conn_hello(c)->sni, "nobody.test");
		tls_conn_refuse(c, TLS_ALERT_UNRECOGNIZED_NAME, "unrecognized_name");
		assert_int_equal(tls_conn_step(c), TLS_FAILED);
		assert_true(peer_deliver(&p, c));
		ERR_clear_error();
		assert_int_equal(SSL_do_handshake(p.ssl), -1);
		assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()),
				 SSL_R_TLSV1_UNRECOGNIZED_NAME);
		assert_string_equal(facts_of(c).error, "unrecognized_name");
		SSL_free(p.ssl);
		tls_conn_free(c);
	}
}

static void an_answer_may_come_later(void **state)
{
	(void)state;
	struct peer p = peer_new(TLS1_3_VERSION, "a.test");
	struct tls_conn *c = tls_server_conn(w.x.server), *other = tls_server_conn(w.x.server);
	uint8_t bytes[4096];
	size_t n, room;

	(void)SSL_do_handshake(p.ssl);
	n = peer_bytes(&p, bytes, sizeof(bytes));
	tls_conn_feed(c, slice_of(bytes, n));
	for (int i = 0; i < 3; i++)
		assert_int_equal(tls_conn_step(c), TLS_HELLO);
	/* meanwhile another connection receives into the shared place */
	memset(tls_conn_in(other, &room), 'x', 100);
	tls_conn_fed(other, 100);
	assert_int_equal(tls_conn_step(other), TLS_FAILED);
	assert_int_equal(serve_step(c, &w.serve), TLS_MORE);
	run(&p, c, &w.serve, 16384);
	assert_int_equal(tls_conn_step(c), TLS_OPEN);
	SSL_free(p.ssl);
	tls_conn_free(c);
	tls_conn_free(other);
}

static void what_is_not_tls_is_refused_in_words(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *error;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n", "plain_http" },
		{ "\x80\x2e\x01", "not_tls" },
		{ "\x16\x02", "not_tls" },
	};

	for (size_t i = 0; i < 3; i++) {
		struct tls_conn *c = tls_server_conn(w.x.server);

		tls_conn_feed(c, slice_str(cases[i].bytes));
		assert_int_equal(tls_conn_step(c), TLS_FAILED);
		assert_string_equal(facts_of(c).error, cases[i].error);
		assert_int_equal(tls_conn_out(c).n, TLS_ALERT_RECORD);
		tls_conn_free(c);
	}
}

static void an_end_before_the_hello_is_no_alert(void **state)
{
	(void)state;
	struct tls_conn *c = tls_server_conn(w.x.server);

	tls_conn_eof(c);
	assert_int_equal(tls_conn_step(c), TLS_FAILED);
	assert_string_equal(facts_of(c).error, "nothing_sent");
	assert_int_equal(tls_conn_out(c).n, 0);
	tls_conn_free(c);
}

static void a_clients_alert_is_named(void **state)
{
	(void)state;
	struct peer p = peer_new(TLS1_3_VERSION, "a.test");
	struct tls_conn *c = tls_server_conn(w.x.server);
	char byte;

	SSL_set_verify(p.ssl, SSL_VERIFY_PEER, NULL); /* it trusts nobody */
	run(&p, c, &w.serve, 16384);
	assert_int_equal(tls_conn_read(c, &byte, 1), TLS_READ_FAILED);
	assert_string_equal(facts_of(c).error, "peer_unknown_ca");
	SSL_free(p.ssl);
	tls_conn_free(c);
}

/* A client that asks for key updates and never reads: what we answer is bounded. */
static void key_updates_do_not_grow_memory(void **state)
{
	(void)state;
	struct peer p = peer_new(TLS1_3_VERSION, "a.test");
	struct tls_conn *c = tls_server_conn(w.x.server);
	uint8_t bytes[4096];
	size_t room;
	char byte;

	run(&p, c, &w.serve, 16384);
	for (int i = 0; i < 20000; i++) {
		ssize_t got;

		(void)SSL_key_update(p.ssl, SSL_KEY_UPDATE_REQUESTED);
		(void)SSL_do_handshake(p.ssl);
		tls_conn_feed(c, slice_of(bytes, peer_bytes(&p, bytes, sizeof(bytes))));
		got = tls_conn_read(c, &byte, 1);
		(void)tls_conn_in(c, &room);
		if (got != TLS_READ_MORE || room == 0)
			break;
	}
	assert_true(tls_conn_out(c).n <= (size_t)512 * 1024);
	SSL_free(p.ssl);
	tls_conn_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_handshakes_say_what_was_chosen),
		cmocka_unit_test(one_byte_at_a_time_is_enough),
		cmocka_unit_test(one_ticket_is_sent_and_resumes),
		cmocka_unit_test(a_session_stays_in_its_group),
		cmocka_unit_test(a_session_stays_with_its_name),
		cmocka_unit_test(a_session_lives_as_long_as_its_key),
		cmocka_unit_test(without_a_key_there_is_no_ticket),
		cmocka_unit_test(chacha_is_chosen_when_it_comes_first),
		cmocka_unit_test(only_http1_is_chosen_today),
		cmocka_unit_test(a_retried_hello_goes_on),
		cmocka_unit_test(a_retried_hello_keeps_its_name),
		cmocka_unit_test(an_unknown_name_gets_its_alert),
		cmocka_unit_test(an_answer_may_come_later),
		cmocka_unit_test(what_is_not_tls_is_refused_in_words),
		cmocka_unit_test(an_end_before_the_hello_is_no_alert),
		cmocka_unit_test(a_clients_alert_is_named),
		cmocka_unit_test(key_updates_do_not_grow_memory),
	};

	return cmocka_run_group_tests_name("proto/tls_server", tests, world_new, world_free);
}
