/* A replica in a folder of the test's own: which certificate is found for which name, when. */
#include "role/edge/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/cert_record.h"
#include "model/key_record.h"
#include "proto/crypto/crypto.h"
#include "proto/x509/x509.h"
#include "role/edge/site.h"

#define NOW ((stamp)1800000000000)

static char folder[] = "/tmp/everseal-identity-XXXXXX";
static struct keyring *ring;
static struct replica_writer *writer;
static struct identity_source source;
static struct buf space;
static struct key *issuer_key;
static struct buf issuer;

static struct id content(struct slice s)
{
	struct id id;
	uint8_t hash[32];

	crypto_sha256(s, hash);
	memcpy(id.b, hash, ID_LEN);
	return id;
}

static void put(enum replica_table t, struct slice key, struct slice value)
{
	struct fail f = FAIL_INIT;

	assert_int_equal(replica_put(writer, t, key, value, &f), 0);
}

static struct x509_plan plan_of(enum x509_kind kind, const struct key_public *subject)
{
	static uint8_t serial[16];

	crypto_random(serial, sizeof(serial));
	return (struct x509_plan){ .kind = kind,
				   .serial = slice_of(serial, sizeof(serial)),
				   .not_before = NOW - STAMP_DAY,
				   .not_after = NOW + STAMP_DAY,
				   .subject = subject };
}

static void make_issuer(void)
{
	struct fail f = FAIL_INIT;
	struct key_public pub;
	struct buf wrapped = BUF_INIT;

	assert_int_equal(key_make(ring, &pub, &wrapped, &f), 0);
	assert_int_equal(key_open(ring, buf_slice(&wrapped), &issuer_key, &f), KEY_DONE);
	struct x509_plan plan = plan_of(X509_ROOT, &pub);
	plan.common_name = slice_lit("root");
	assert_int_equal(x509_make(&plan, SLICE_NONE, issuer_key, &issuer, &f), 0);
	buf_free(&wrapped);
}

/* A certificate with its key, both in the replica; its validity is what the candidate says. */
static struct name_candidate candidate(const char *name, int64_t from_hours, int64_t to_hours)
{
	struct fail f = FAIL_INIT;
	struct key_public pub;
	struct buf wrapped = BUF_INIT;
	struct buf leaf = BUF_INIT;

	assert_int_equal(key_make(ring, &pub, &wrapped, &f), 0);
	struct x509_plan plan = plan_of(X509_LEAF, &pub);
	struct slice names[] = { slice_str(name) };
	plan.names = names;
	plan.name_count = 1;
	assert_int_equal(x509_make(&plan, buf_slice(&issuer), issuer_key, &leaf, &f), 0);
	struct name_candidate c = { .cert = content(buf_slice(&leaf)),
				    .key = pub.id,
				    .key_type = KEY_P256,
				    .not_before = NOW + from_hours * STAMP_HOUR,
				    .not_after = NOW + to_hours * STAMP_HOUR };
	struct cert_record cert = { .not_after = c.not_after, .leaf = buf_slice(&leaf) };
	struct key_record key = { .wrapped = buf_slice(&wrapped) };
	memcpy(cert.spki, pub.spki_hash, sizeof(cert.spki));
	buf_clear(&space);
	cert_record_encode(&cert, &space);
	put(REPLICA_CERT, id_slice(&c.cert), buf_slice(&space));
	buf_clear(&space);
	key_record_encode(&key, &space);
	put(REPLICA_KEY, id_slice(&c.key), buf_slice(&space));
	buf_free(&leaf);
	buf_free(&wrapped);
	return c;
}

static void put_name(const char *name, uint8_t zone, const struct name_candidate *c, uint8_t count)
{
	uint8_t key[DNS_NAME_KEY];
	struct name_record r = { .zone = { { zone } }, .count = count };

	memcpy(r.candidates, c, count * sizeof(*c));
	buf_clear(&space);
	name_record_encode(&r, &space);
	put(REPLICA_NAME, dns_name_key(slice_str(name), key), buf_slice(&space));
}

static int setup(void **state)
{
	(void)state;
	struct fail f = FAIL_INIT;
	uint8_t random[KEYRING_KEY] = { 1 };
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	ring = keyring_new(random, NOW);
	make_issuer();
	assert_int_equal(replica_open_writer(&writer, folder, 1 << 24, &f), 0);
	assert_int_equal(replica_write_begin(writer, &f), 0);
	return 0;
}

/* What was put is there from now on. */
static void begin_answers(const char *fallback)
{
	struct fail f = FAIL_INIT;
	struct replica_state at = { .epoch = { { 1 } }, .seq = 1 };

	assert_int_equal(replica_write_commit(writer, &at, &f), 0);
	source = (struct identity_source){ .cache = tls_cache_new(1 << 20),
					   .keyring = ring,
					   .fallback = slice_str(fallback) };
	assert_int_equal(replica_open_reader(&source.replica, folder, &f), 0);
}

static int teardown(void **state)
{
	(void)state;
	char command[64];
	replica_close(source.replica);
	replica_close_writer(writer);
	tls_cache_free(source.cache);
	key_unref(issuer_key);
	keyring_free(ring);
	buf_free(&issuer);
	buf_free(&space);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static enum identity_answer find(const char *sni, bool ecdsa, struct id *certificate, uint8_t *zone)
{
	struct tls_hello hello = { .ecdsa = ecdsa };
	struct tls_identity *found;
	uint8_t group[TLS_GROUP];

	snprintf(hello.sni, sizeof(hello.sni), "%s", sni);
	enum identity_answer answer = identity_find(&source, &hello, NOW, &found, group);
	if (answer != IDENTITY_FOUND)
		return answer;
	*certificate = *tls_identity_id(found);
	*zone = group[0];
	tls_identity_unref(found);
	return answer;
}

static void check_found(const char *sni, const struct name_candidate *wanted, uint8_t wanted_zone)
{
	struct id certificate;
	uint8_t zone;

	assert_int_equal(find(sni, true, &certificate, &zone), IDENTITY_FOUND);
	assert_true(id_eq(&certificate, &wanted->cert));
	assert_int_equal(zone, wanted_zone);
}

static void check_not(const char *sni, bool ecdsa, enum identity_answer wanted)
{
	struct id certificate;
	uint8_t zone;

	assert_int_equal(find(sni, ecdsa, &certificate, &zone), wanted);
}

static void exact_then_one_wildcard_label(void **state)
{
	(void)state;
	struct name_candidate exact = candidate("a.example", -1, 1);
	struct name_candidate wild = candidate("*.example", -1, 1);
	put_name("a.example", 1, &exact, 1);
	put_name("*.example", 2, &wild, 1);
	begin_answers("");
	check_found("a.example", &exact, 1);
	check_found("b.example", &wild, 2);
	check_not("c.b.example", true, IDENTITY_UNKNOWN);
	check_not("example", true, IDENTITY_UNKNOWN);
	check_not("", true, IDENTITY_UNKNOWN);
	check_not("a.example", false, IDENTITY_NONE);
}

static void the_fallback_answers_for_the_unknown(void **state)
{
	(void)state;
	struct name_candidate c = candidate("front.example", -1, 1);
	put_name("front.example", 3, &c, 1);
	begin_answers("front.example");
	check_found("nobody.test", &c, 3);
	check_found("", &c, 3);
}

static void the_first_that_holds(void **state)
{
	(void)state;
	struct name_candidate c[] = { candidate("a.example", 1, 5), candidate("a.example", -5, -1),
				      candidate("a.example", -5, 2),
				      candidate("a.example", -5, 9) };
	put_name("a.example", 1, c, 4);
	begin_answers("");
	check_found("a.example", &c[2], 1);
}

static void the_least_bad_when_none_holds(void **state)
{
	(void)state;
	struct name_candidate c[] = { candidate("a.example", -9, -5),
				      candidate("a.example", -9, -1) };
	put_name("a.example", 1, c, 2);
	begin_answers("");
	check_found("a.example", &c[1], 1);
}

static void what_cannot_be_loaded_is_passed_over(void **state)
{
	(void)state;
	struct name_candidate c[] = { candidate("a.example", -1, 1), candidate("a.example", -1, 1),
				      candidate("a.example", -1, 1) };
	c[0].cert.b[0] ^= 1; /* no such certificate */
	c[1].key = c[2].key; /* another's key */
	put_name("a.example", 1, c, 3);
	begin_answers("");
	check_found("a.example", &c[2], 1);
}

static void a_name_without_certificates(void **state)
{
	(void)state;
	struct name_candidate none = { .key_type = 0 };
	put_name("a.example", 1, &none, 0);
	begin_answers("");
	check_not("a.example", true, IDENTITY_NONE);
}

static void what_was_loaded_is_kept(void **state)
{
	(void)state;
	struct name_candidate c = candidate("a.example", -1, 1);
	put_name("a.example", 1, &c, 1);
	begin_answers("");
	for (int i = 0; i < 3; i++)
		check_found("a.example", &c, 1);
	struct tls_cache_figures figures = tls_cache_figures(source.cache);
	assert_int_equal(figures.count, 1);
	assert_true(figures.hits >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_REPLICA(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_REPLICA(exact_then_one_wildcard_label),
		WITH_REPLICA(the_fallback_answers_for_the_unknown),
		WITH_REPLICA(the_first_that_holds),
		WITH_REPLICA(the_least_bad_when_none_holds),
		WITH_REPLICA(what_cannot_be_loaded_is_passed_over),
		WITH_REPLICA(a_name_without_certificates),
		WITH_REPLICA(what_was_loaded_is_kept),
	};

	return cmocka_run_group_tests_name("edge/identity", tests, NULL, NULL);
}
