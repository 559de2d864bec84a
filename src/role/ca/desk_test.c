#include "role/ca/desk.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/x509/x509.h"
#include "role/ca/issue.h"
#include "run/ipc/pairs.h"

#define NOW ((stamp)1795298400000) /* 2026-11-21T22:00:00Z */

static char folder[] = "/tmp/everseal-ca-test-XXXXXX";
static struct keyring *ring;
static struct buf text; /* of the ring; no secret, which a child would find wiped */

static void text_write(void)
{
	struct secret s = SECRET_INIT;

	keyring_text(ring, &s);
	buf_clear(&text);
	buf_add(&text, secret_slice(&s));
	secret_drop(&s);
}

static int begin(void **state)
{
	uint8_t kek[KEYRING_KEY] = { 1 };

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	ring = keyring_new(kek, NOW);
	text_write();
	return 0;
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	buf_free(&text);
	keyring_free(ring);
	return nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static void open_desk(struct desk *d)
{
	struct fail f = FAIL_INIT;

	if (desk_open(d, buf_slice(&text), NOW, &f) < 0)
		fail_msg("%s", f.words);
}

/* The last answer. */
static struct reply {
	uint16_t type;
	uint32_t id;
	struct buf payload;
	struct fail fail;
	int count;
} reply;

static void on_answer(void *owner, uint16_t type, uint32_t id, struct slice payload)
{
	struct reply *r = owner;

	r->type = type;
	r->id = id;
	r->count++;
	buf_clear(&r->payload);
	buf_add(&r->payload, payload);
	fail_clear(&r->fail);
	if (type == CA_REFUSED)
		assert_true(ca_failed_decode(payload, &r->fail));
}

static void ask(struct desk *d, uint16_t type, const struct buf *payload)
{
	desk_take(d, type, 7, buf_slice(payload));
	desk_work(d, 100, NOW, on_answer, &reply);
	assert_int_equal(reply.id, 7);
}

/* A key for the order, and with it what a good request holds. Borrows from `key`. */
static struct ca_issue_ask good_ask(struct desk *d, uint8_t order, struct buf *key)
{
	struct ca_issue_ask m = { .order = { { order } },
				  .authority = slice_lit("edge"),
				  .not_before = NOW - STAMP_HOUR,
				  .not_after = NOW + 90 * STAMP_DAY,
				  .name_count = 2 };
	struct buf payload = BUF_INIT;
	struct ca_key made;

	ca_key_ask_encode(&(struct ca_key_ask){ m.order }, &payload);
	ask(d, CA_KEY_MAKE, &payload);
	assert_int_equal(reply.type, CA_KEY_MADE);
	buf_clear(key);
	buf_add(key, buf_slice(&reply.payload));
	assert_true(ca_key_decode(buf_slice(key), &made));
	m.spki = made.spki;
	m.proof = made.proof;
	m.names[0] = slice_lit("shop.example.com");
	m.names[1] = slice_lit("*.shop.example.com");
	buf_free(&payload);
	return m;
}

static void issue(struct desk *d, const struct ca_issue_ask *m)
{
	struct buf payload = BUF_INIT;

	ca_issue_ask_encode(m, &payload);
	ask(d, CA_CERT_ISSUE, &payload);
	buf_free(&payload);
}

static void the_first_start_makes_an_authority_once(void **state)
{
	(void)state;
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct desk d;

	open_desk(&d);
	assert_int_equal(d.authorities.count, 1);
	authorities_roots(&d.authorities, &first);
	desk_close(&d);
	open_desk(&d);
	authorities_roots(&d.authorities, &second);
	assert_true(slice_eq(buf_slice(&first), buf_slice(&second)));
	desk_close(&d);
	buf_free(&first);
	buf_free(&second);
}

static void an_order_gets_a_certificate_that_leads_to_the_root(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct buf key = BUF_INIT;
	struct ca_authority_list list;
	struct ca_issue_ask m;
	struct ca_issued issued;
	struct x509_facts facts;
	struct desk d;

	open_desk(&d);
	m = good_ask(&d, 1, &key);
	issue(&d, &m);
	assert_int_equal(reply.type, CA_CERT_ISSUED);
	assert_true(ca_issued_decode(buf_slice(&reply.payload), &issued));
	assert_int_equal(x509_facts_read(issued.leaf, &a, &facts, NULL), 0);
	assert_true(x509_facts_cover(&facts, slice_lit("shop.example.com")));
	assert_true(x509_facts_cover(&facts, slice_lit("a.shop.example.com")));
	assert_int_equal(facts.not_after, m.not_after);
	assert_true(slice_eq(issued.serial, slice_of(facts.serial, facts.serial_len)));
	assert_int_equal(issued.chain_count, 1);
	assert_true(x509_signed_by(issued.leaf, issued.chain[0]));
	authorities_list(&d.authorities, &list);
	assert_int_equal(list.count, 1);
	assert_true(x509_signed_by(issued.chain[0], list.rows[0].root));
	desk_close(&d);
	buf_free(&key);
	arena_free(&a);
}

static void the_same_order_gets_the_same_certificate(void **state)
{
	(void)state;
	struct buf key = BUF_INIT, other = BUF_INIT, first = BUF_INIT;
	struct ca_issue_ask m, n;
	struct desk d;

	open_desk(&d);
	m = good_ask(&d, 2, &key);
	issue(&d, &m);
	buf_add(&first, buf_slice(&reply.payload));
	desk_close(&d);

	open_desk(&d);
	m.not_after += STAMP_HOUR; /* computed anew by a retry */
	issue(&d, &m);
	assert_int_equal(reply.type, CA_CERT_ISSUED);
	assert_true(slice_eq(buf_slice(&first), buf_slice(&reply.payload)));

	m.names[1] = slice_lit("other.example.com");
	issue(&d, &m);
	assert_int_equal(reply.fail.kind, FAIL_CONFLICT);
	n = good_ask(&d, 2, &other);
	issue(&d, &n);
	assert_int_equal(reply.fail.kind, FAIL_CONFLICT);
	desk_close(&d);
	buf_free(&key);
	buf_free(&other);
	buf_free(&first);
}

static void refused_name(struct desk *d, struct ca_issue_ask m, const char *name, const char *words)
{
	m.names[0] = slice_str(name);
	issue(d, &m);
	assert_int_equal(reply.type, CA_REFUSED);
	if (strstr(reply.fail.words, words) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", name, reply.fail.words, words);
}

static void what_may_not_be_issued_is_refused_in_words(void **state)
{
	(void)state;
	struct buf key = BUF_INIT;
	struct ca_issue_ask m, bad;
	struct desk d;

	open_desk(&d);
	m = good_ask(&d, 3, &key);
	refused_name(&d, m, "localhost", "is a single label");
	refused_name(&d, m, "*.com", "public suffix");
	refused_name(&d, m, "*.co.uk", "public suffix");
	refused_name(&d, m, "*", "no certificate for *");
	refused_name(&d, m, "a.*.example.com", "no certificate for");
	refused_name(&d, m, "192.0.2.1", "no certificate for 192.0.2.1");
	refused_name(&d, m, "Shop.example.com", "lower case");
	refused_name(&d, m, "shop.example.com.", "final dot");
	refused_name(&d, m, "*.shop.example.com", "is asked for twice");
	refused_name(&d, m, "-.example.com", "no certificate for");

	bad = m;
	bad.name_count = 0;
	issue(&d, &bad);
	assert_int_equal(reply.fail.kind, FAIL_INPUT);
	bad = m;
	bad.authority = slice_lit("client");
	issue(&d, &bad);
	assert_int_equal(reply.fail.kind, FAIL_ABSENT);
	bad = m;
	bad.order.b[1] = 9; /* the proof was made for another order */
	issue(&d, &bad);
	assert_int_equal(reply.fail.kind, FAIL_DENIED);
	bad = m;
	bad.not_after = NOW;
	issue(&d, &bad);
	assert_int_equal(reply.fail.kind, FAIL_INPUT);
	bad = m;
	bad.not_after = NOW + 399 * STAMP_DAY;
	issue(&d, &bad);
	assert_int_equal(reply.fail.kind, FAIL_INPUT);
	desk_close(&d);
	buf_free(&key);
}

static void a_bad_request_leaves_its_neighbours_alone(void **state)
{
	(void)state;
	struct buf key = BUF_INIT, good = BUF_INIT, bad = BUF_INIT;
	struct ca_issue_ask m;
	struct desk d;

	open_desk(&d);
	m = good_ask(&d, 4, &key);
	ca_issue_ask_encode(&m, &good);
	m.order.b[0] = 5;
	ca_issue_ask_encode(&m, &bad);
	reply.count = 0;
	desk_take(&d, CA_CERT_ISSUE, 1, buf_slice(&bad));
	desk_take(&d, CA_CERT_ISSUE, 2, slice_lit("?"));
	desk_take(&d, CA_CERT_ISSUE, 3, buf_slice(&good));
	desk_take(&d, CA_CERT_ISSUE, 4, buf_slice(&good));
	desk_work(&d, 3, NOW, on_answer, &reply);
	assert_int_equal(reply.count, 3);
	assert_int_equal(reply.id, 3);
	assert_int_equal(reply.type, CA_CERT_ISSUED);
	assert_int_equal(d.waiting_count, 1);
	desk_close(&d);
	buf_free(&key);
	buf_free(&good);
	buf_free(&bad);
}

static void another_keyring_opens_nothing(void **state)
{
	(void)state;
	uint8_t kek[KEYRING_KEY] = { 99 };
	struct keyring *other = keyring_new(kek, NOW);
	struct secret wrong = SECRET_INIT;
	struct fail f = FAIL_INIT;
	struct desk d;

	open_desk(&d);
	desk_close(&d);
	keyring_text(other, &wrong);
	assert_int_equal(desk_open(&d, secret_slice(&wrong), NOW, &f), -1);
	assert_int_equal(f.kind, FAIL_UNAVAILABLE);
	assert_non_null(strstr(f.words, "put back the keyring file"));
	secret_drop(&wrong);
	keyring_free(other);
}

static void rotation_moves_the_authoritys_keys(void **state)
{
	(void)state;
	uint8_t kek[KEYRING_KEY] = { 2 };
	struct id old = keyring_current(ring);
	struct ca_authority_list list;
	struct desk d;

	open_desk(&d);
	assert_int_equal(keyring_rotate(ring, kek, NOW, NULL), 0);
	text_write();
	assert_int_equal(desk_keyring(&d, buf_slice(&text), NULL), 0);
	authorities_list(&d.authorities, &list);
	assert_memory_equal(list.rows[0].kek.b, keyring_current(ring).b, ID_LEN);
	desk_close(&d);
	assert_int_equal(keyring_forget(ring, &old, NULL), 0);
	text_write();
	open_desk(&d); /* without the old one */
	desk_close(&d);
}

static void keys_are_wrapped_again(void **state)
{
	(void)state;
	struct buf key = BUF_INIT, payload = BUF_INIT;
	struct ca_key before, after;
	struct desk d;

	open_desk(&d);
	(void)good_ask(&d, 6, &key);
	assert_true(ca_key_decode(buf_slice(&key), &before));
	ca_key_encode(&(struct ca_key){ .wrapped = before.wrapped }, &payload);
	ask(&d, CA_KEY_REWRAP, &payload);
	assert_int_equal(reply.type, CA_KEY_REWRAPPED);
	assert_true(ca_key_decode(buf_slice(&reply.payload), &after));
	assert_true(slice_eq(before.spki, after.spki));
	assert_false(slice_eq(before.wrapped, after.wrapped));
	desk_close(&d);
	buf_free(&key);
	buf_free(&payload);
}

static void revocation_is_recorded_and_ends_are_forgotten(void **state)
{
	(void)state;
	struct buf key = BUF_INIT, payload = BUF_INIT;
	struct ca_issue_ask m;
	int64_t count;
	struct desk d;

	open_desk(&d);
	m = good_ask(&d, 8, &key);
	ca_revoke_ask_encode(&(struct ca_revoke_ask){ m.order, 4 }, &payload);
	ask(&d, CA_CERT_REVOKE, &payload);
	assert_int_equal(reply.fail.kind, FAIL_ABSENT);
	issue(&d, &m);
	ask(&d, CA_CERT_REVOKE, &payload);
	assert_int_equal(reply.type, CA_CERT_REVOKED);
	assert_int_equal(desk_forget(&d, m.not_after, &count, NULL), 0);
	assert_int_equal(count, 0);
	assert_int_equal(desk_forget(&d, m.not_after + STAMP_DAY, &count, NULL), 0);
	assert_true(count > 0);
	ask(&d, CA_CERT_REVOKE, &payload);
	assert_int_equal(reply.fail.kind, FAIL_ABSENT);
	desk_close(&d);
	buf_free(&key);
	buf_free(&payload);
}

/* ---- killed while it issues ---- */

static void on_told(void *owner, uint16_t type, uint32_t id, struct slice payload)
{
	int fd = *(int *)owner;
	uint8_t order = (uint8_t)id;

	(void)payload;
	if (type == CA_CERT_ISSUED && write(fd, &order, 1) != 1)
		_exit(1);
}

static _Noreturn void issue_for_ever(int fd)
{
	struct buf key = BUF_INIT, payload = BUF_INIT;
	struct desk d;

	open_desk(&d);
	for (uint8_t order = 100; order < 250; order++) {
		struct ca_issue_ask m = good_ask(&d, order, &key);

		buf_clear(&payload);
		ca_issue_ask_encode(&m, &payload);
		desk_take(&d, CA_CERT_ISSUE, order, buf_slice(&payload));
		desk_work(&d, 1, NOW, on_told, &fd);
	}
	_exit(0);
}

static bool recorded(struct desk *d, uint8_t order)
{
	struct id id = { { order } };
	struct arena a = ARENA_INIT;
	struct ca_issued_row row;
	struct sql_tx *tx;
	int found;

	assert_int_equal(sql_begin(d->db, SQL_READ, &tx, NULL), 0);
	found = ca_issued_find(tx, &id, &a, &row, NULL);
	sql_rollback(tx);
	arena_free(&a);
	return found == 1;
}

static void killed_at_any_step_it_loses_no_answer(void **state)
{
	(void)state;
	int64_t count;
	struct desk d;

	for (int round = 0; round < 8; round++) {
		int fds[2], status, told = 0;
		uint8_t order;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (pid == 0)
			issue_for_ever(fds[1]);
		(void)close(fds[1]);
		while (told < 3 * round && read(fds[0], &order, 1) == 1)
			told++;
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		open_desk(&d);
		for (int i = 0; i < told; i++)
			assert_true(recorded(&d, (uint8_t)(100 + i)));
		for (; read(fds[0], &order, 1) == 1; told++)
			assert_true(recorded(&d, order));
		assert_int_equal(d.authorities.count, 1);
		assert_int_equal(desk_forget(&d, NOW + 400 * STAMP_DAY, &count, NULL), 0);
		assert_true(count >= told);
		desk_close(&d);
		(void)close(fds[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_start_makes_an_authority_once),
		cmocka_unit_test(an_order_gets_a_certificate_that_leads_to_the_root),
		cmocka_unit_test(the_same_order_gets_the_same_certificate),
		cmocka_unit_test(what_may_not_be_issued_is_refused_in_words),
		cmocka_unit_test(a_bad_request_leaves_its_neighbours_alone),
		cmocka_unit_test(another_keyring_opens_nothing),
		cmocka_unit_test(rotation_moves_the_authoritys_keys),
		cmocka_unit_test(keys_are_wrapped_again),
		cmocka_unit_test(revocation_is_recorded_and_ends_are_forgotten),
		cmocka_unit_test(killed_at_any_step_it_loses_no_answer),
	};
	int r = cmocka_run_group_tests_name("role/ca", tests, begin, end);

	buf_free(&reply.payload);
	return r;
}
