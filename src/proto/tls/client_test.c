/* The two engines against each other: verification of origins, data, ends, backpressure. */
#include "proto/tls/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/tls/fixture.h"

static struct fixture x;

struct pair {
	struct tls_conn *client;
	struct tls_conn *server;
};

static int begin(void **state)
{
	(void)state;
	fixture_init(&x);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fixture_fini(&x);
	return 0;
}

static struct tls_facts facts_of(const struct tls_conn *c)
{
	struct tls_facts facts;

	tls_conn_facts(c, &facts);
	return facts;
}

/* Takes the identity. */
static struct pair meet(const struct tls_target *to, struct tls_identity *identity)
{
	struct pair p = { tls_client_conn(x.client, to), tls_server_conn(x.server) };
	struct tls_serve serve = { .identity = identity, .group = { 1 } };

	fixture_pump(p.client, p.server, &serve);
	tls_identity_unref(identity);
	return p;
}

static void part(struct pair *p)
{
	tls_conn_free(p->client);
	tls_conn_free(p->server);
}

static struct tls_identity *good(const char *name)
{
	return fixture_identity(&x, name, x.now - STAMP_HOUR, x.now + STAMP_HOUR, false);
}

static struct tls_target target(const char *name, enum tls_verify verify)
{
	return (struct tls_target){ .name = name, .verify = verify };
}

static struct pair open_pair(void)
{
	struct tls_target to = target("a.test", TLS_VERIFY_STRICT);
	struct pair p = meet(&to, good("a.test"));

	assert_int_equal(tls_conn_step(p.client), TLS_OPEN);
	assert_int_equal(tls_conn_step(p.server), TLS_OPEN);
	return p;
}

static void a_good_origin_is_trusted(void **state)
{
	(void)state;
	struct pair p = open_pair();
	struct tls_facts facts = facts_of(p.client);

	assert_int_equal(tls_client_root_count(x.client), 1);
	assert_string_equal(facts.version, "TLSv1.3");
	assert_string_equal(facts.sigalg, "ecdsa_sha256");
	assert_int_equal(facts.alpn, TLS_ALPN_HTTP11);
	assert_string_equal(facts_of(p.server).sni, "a.test");
	part(&p);
}

/* Takes the identity. */
static void refused(const char *name, struct tls_identity *identity, const char *error,
		    const char *words)
{
	struct tls_target to = target(name, TLS_VERIFY_STRICT);
	struct pair p = meet(&to, identity);

	assert_int_equal(tls_conn_step(p.client), TLS_FAILED);
	assert_string_equal(facts_of(p.client).error, error);
	if (strstr(facts_of(p.client).words, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", facts_of(p.client).words, words);
	part(&p);
}

static void bad_origins_are_refused_in_words(void **state)
{
	(void)state;
	stamp now = x.now;

	refused("a.test", fixture_identity(&x, "a.test", now - 2 * STAMP_HOUR, now - STAMP_HOUR, 0),
		"certificate_expired", "the certificate of origin a.test expired on 20");
	refused("a.test", fixture_identity(&x, "a.test", now + STAMP_HOUR, now + STAMP_DAY, 0),
		"certificate_not_yet_valid", "valid only from 20");
	refused("b.test", good("a.test"), "certificate_name_mismatch",
		"the certificate of origin b.test is for another name: a.test");
	refused("127.0.0.1", good("a.test"), "certificate_name_mismatch", "a.test");
	refused("a.test", fixture_identity(&x, "a.test", now - STAMP_HOUR, now + STAMP_DAY, 1),
		"certificate_self_signed", "is self-signed");
}

static void an_unknown_authority_is_refused(void **state)
{
	(void)state;
	struct tls_client *kept = x.client;

	assert_int_equal(tls_client_new(SLICE_NONE, SLICE_NONE, &x.client, NULL), 0);
	refused("a.test", good("a.test"), "certificate_untrusted",
		"an issuer that is not trusted: \"/CN=Fixture Root\"");
	tls_client_free(x.client);
	x.client = kept;
}

static void without_verification_anything_goes(void **state)
{
	(void)state;
	struct tls_target to = target("b.test", TLS_VERIFY_NONE);
	struct pair p = meet(&to, fixture_identity(&x, "a.test", 0, 1000, true));

	assert_int_equal(tls_conn_step(p.client), TLS_OPEN);
	part(&p);
}

static void sessions_resume(void **state)
{
	(void)state;
	struct pair p = open_pair();
	struct tls_target to = target("a.test", TLS_VERIFY_STRICT);
	char byte;

	assert_int_equal(tls_conn_read(p.client, &byte, 1),
			 TLS_READ_MORE); /* takes the ticket in */
	to.session = tls_conn_session_take(p.client);
	assert_non_null(to.session);
	assert_null(tls_conn_session_take(p.client));
	part(&p);
	p = meet(&to, good("a.test"));
	assert_int_equal(tls_conn_step(p.client), TLS_OPEN);
	assert_true(facts_of(p.client).resumed && facts_of(p.server).resumed);
	tls_session_free(to.session);
	part(&p);
}

static void without_a_name_nothing_is_verified_nor_opened(void **state)
{
	(void)state;
	struct tls_target to = target("", TLS_VERIFY_STRICT);
	struct tls_conn *c = tls_client_conn(x.client, &to);

	assert_int_equal(tls_conn_step(c), TLS_FAILED);
	assert_string_equal(facts_of(c).error, "no_name");
	tls_conn_free(c);
}

static void an_unverified_session_proves_nothing(void **state)
{
	(void)state;
	struct tls_target to = target("a.test", TLS_VERIFY_NONE);
	struct pair p = meet(&to, fixture_identity(&x, "a.test", 0, 1000, true));
	char byte;

	assert_int_equal(tls_conn_read(p.client, &byte, 1), TLS_READ_MORE);
	to.session = tls_conn_session_take(p.client);
	part(&p);
	to.verify = TLS_VERIFY_STRICT;
	p = meet(&to, good("a.test"));
	assert_int_equal(tls_conn_step(p.client), TLS_FAILED);
	assert_string_equal(facts_of(p.client).error, "session_not_verified");
	tls_session_free(to.session);
	part(&p);
}

static void a_refusal_reaches_the_client(void **state)
{
	(void)state;
	struct tls_target to = target("a.test", TLS_VERIFY_STRICT);
	struct pair p = { tls_client_conn(x.client, &to), tls_server_conn(x.server) };

	fixture_pump(p.client, p.server, NULL);
	assert_int_equal(tls_conn_step(p.client), TLS_FAILED);
	assert_string_equal(facts_of(p.client).error, "peer_unrecognized_name");
	part(&p);
}

static void text_goes_both_ways_and_ends(void **state)
{
	(void)state;
	struct pair p = open_pair();
	char text[32];

	assert_int_equal(tls_conn_write(p.client, slice_lit("ping")), 4);
	fixture_pump(p.client, p.server, NULL);
	assert_int_equal(tls_conn_read(p.server, text, sizeof(text)), 4);
	assert_memory_equal(text, "ping", 4);
	assert_int_equal(tls_conn_read(p.server, text, sizeof(text)), TLS_READ_MORE);
	tls_conn_close(p.client);
	assert_int_equal(tls_conn_write(p.client, slice_lit("more")), -1);
	fixture_pump(p.client, p.server, NULL);
	assert_int_equal(tls_conn_read(p.server, text, sizeof(text)), TLS_READ_END);
	assert_int_equal(tls_conn_write(p.server, slice_lit("pong")), 4); /* our half is open */
	tls_conn_close(p.server);
	fixture_pump(p.client, p.server, NULL);
	assert_int_equal(tls_conn_read(p.client, text, sizeof(text)), 4);
	assert_int_equal(tls_conn_read(p.client, text, sizeof(text)), TLS_READ_END);
	part(&p);
}

static void an_end_without_close_notify_is_a_cut(void **state)
{
	(void)state;
	struct pair p = open_pair();
	char text[32];

	assert_int_equal(tls_conn_write(p.client, slice_lit("half")), 4);
	fixture_pump(p.client, p.server, NULL);
	tls_conn_eof(p.server);
	assert_int_equal(tls_conn_read(p.server, text, sizeof(text)), 4);
	assert_int_equal(tls_conn_read(p.server, text, sizeof(text)), TLS_READ_CUT);
	assert_string_equal(facts_of(p.server).error, "cut");
	part(&p);
}

static void a_broken_record_ends_the_connection(void **state)
{
	(void)state;
	struct pair p = open_pair();
	struct slice out;
	char text[32];
	struct buf bytes = BUF_INIT;

	assert_int_equal(tls_conn_write(p.client, slice_lit("ping")), 4);
	out = tls_conn_out(p.client);
	buf_add(&bytes, out);
	bytes.p[bytes.n - 1] ^= 1;
	tls_conn_feed(p.server, buf_slice(&bytes));
	assert_int_equal(tls_conn_read(p.server, text, sizeof(text)), TLS_READ_FAILED);
	assert_true(strstr(facts_of(p.server).error, "bad_record_mac") != NULL);
	assert_true(tls_conn_out(p.server).n > 0); /* the alert */
	buf_free(&bytes);
	part(&p);
}

static void writing_stops_while_nothing_is_sent(void **state)
{
	(void)state;
	struct pair p = open_pair();
	static uint8_t zeros[100000];
	size_t taken = 0;
	ssize_t n;

	while ((n = tls_conn_write(p.server, slice_of(zeros, sizeof(zeros)))) > 0)
		taken += (size_t)n;
	assert_int_equal(n, 0);
	assert_in_range(tls_conn_out(p.server).n, TLS_OUT_HIGH, TLS_OUT_HIGH + 20000);
	assert_true(taken <= tls_conn_out(p.server).n);
	tls_conn_sent(p.server, tls_conn_out(p.server).n);
	assert_true(tls_conn_write(p.server, slice_of(zeros, 1)) == 1);
	part(&p);
}

/* Many records are fed and none is read: there is an end of room, and nothing is lost. */
static void receiving_stops_while_nothing_is_read(void **state)
{
	(void)state;
	struct pair p = open_pair();
	uint8_t *text = calloc(1, 200000), *back = calloc(1, 200000);
	size_t written = 0, got = 0, room = 1;
	ssize_t n;

	for (size_t i = 0; i < 200000; i++)
		text[i] = (uint8_t)(i * 7 % 251);
	while (written < 200000 && room > 0) {
		struct slice out;
		uint8_t *in;

		n = tls_conn_write(p.client, slice_of(text + written, 10000));
		assert_int_equal(n, 10000);
		written += 10000;
		out = tls_conn_out(p.client);
		in = tls_conn_in(p.server, &room);
		if (room == 0)
			break;
		memcpy(in, out.p, out.n < room ? out.n : room);
		tls_conn_fed(p.server, out.n < room ? out.n : room);
		tls_conn_sent(p.client, out.n < room ? out.n : room);
	}
	assert_int_equal(room, 0);
	while (got < written) {
		n = tls_conn_read(p.server, back + got, 200000 - got);
		if (n == TLS_READ_MORE)
			fixture_pump(p.client, p.server, NULL);
		else
			assert_true(n > 0);
		got += n > 0 ? (size_t)n : 0;
	}
	assert_memory_equal(back, text, written);
	assert_int_equal(tls_conn_read(p.server, back, 1), TLS_READ_MORE);
	free(text);
	free(back);
	part(&p);
}

static void broken_roots_are_refused(void **state)
{
	(void)state;
	struct tls_client *t;
	struct fail f = FAIL_INIT;

	assert_int_equal(tls_client_new(SLICE_NONE,
					slice_lit("-----BEGIN CERTIFICATE-----\nAAAA\n"
						  "-----END CERTIFICATE-----\n"),
					&t, &f),
			 -1);
	assert_non_null(strstr(f.words, "trusted roots: certificate 1 does not parse"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_origin_is_trusted),
		cmocka_unit_test(bad_origins_are_refused_in_words),
		cmocka_unit_test(an_unknown_authority_is_refused),
		cmocka_unit_test(without_verification_anything_goes),
		cmocka_unit_test(sessions_resume),
		cmocka_unit_test(an_unverified_session_proves_nothing),
		cmocka_unit_test(without_a_name_nothing_is_verified_nor_opened),
		cmocka_unit_test(a_refusal_reaches_the_client),
		cmocka_unit_test(text_goes_both_ways_and_ends),
		cmocka_unit_test(an_end_without_close_notify_is_a_cut),
		cmocka_unit_test(a_broken_record_ends_the_connection),
		cmocka_unit_test(writing_stops_while_nothing_is_sent),
		cmocka_unit_test(receiving_stops_while_nothing_is_read),
		cmocka_unit_test(broken_roots_are_refused),
	};

	return cmocka_run_group_tests_name("proto/tls_client", tests, begin, end);
}
