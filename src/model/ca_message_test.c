#include "model/ca_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"

static const struct id order = { { 1, 2, 3 } };

static void issue_ask_round_trip(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	struct ca_issue_ask back, m = { .order = order,
					.authority = slice_lit("edge"),
					.spki = slice_lit("SPKI"),
					.proof = slice_lit("proof"),
					.not_before = 1000,
					.not_after = 2000,
					.name_count = 2 };

	m.names[0] = slice_lit("a.example");
	m.names[1] = slice_lit("*.a.example");
	ca_issue_ask_encode(&m, &b);
	assert_true(ca_issue_ask_decode(buf_slice(&b), &back));
	assert_true(id_eq(&back.order, &order));
	assert_true(slice_eq_str(back.authority, "edge"));
	assert_int_equal(back.not_after, 2000);
	assert_int_equal(back.name_count, 2);
	assert_true(slice_eq_str(back.names[1], "*.a.example"));
	for (size_t n = 0; n < b.n; n++)
		assert_false(ca_issue_ask_decode(slice_of(b.p, n), &back));
	buf_add_byte(&b, 0);
	assert_false(ca_issue_ask_decode(buf_slice(&b), &back));
	buf_free(&b);
}

static void too_many_names_are_refused(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	struct ca_issue_ask m = { .name_count = CA_NAMES_MAX };

	ca_issue_ask_encode(&m, &b);
	assert_true(ca_issue_ask_decode(buf_slice(&b), &m));
	b.p[b.n - (2 * CA_NAMES_MAX) - 1]++;
	buf_add(&b, slice_of("\0", 2));
	assert_false(ca_issue_ask_decode(buf_slice(&b), &m));
	buf_free(&b);
}

static void replies_round_trip(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	struct ca_issued issued = { slice_lit("\x01\x02"), slice_lit("LEAF"), 1 };
	struct ca_authority_list list = { .count = 1 };
	struct ca_key key = { slice_lit("W"), slice_lit("S"), SLICE_NONE };

	issued.chain[0] = slice_lit("INTERMEDIATE");
	ca_issued_encode(&issued, &b);
	assert_true(ca_issued_decode(buf_slice(&b), &issued));
	assert_true(slice_eq_str(issued.chain[0], "INTERMEDIATE"));

	list.rows[0] = (struct ca_authority){
		order, slice_lit("edge"), slice_lit("ROOT"), slice_lit("INT"), 77, order
	};
	buf_clear(&b);
	ca_authority_list_encode(&list, &b);
	assert_true(ca_authority_list_decode(buf_slice(&b), &list));
	assert_int_equal(list.rows[0].not_after, 77);
	assert_true(slice_eq_str(list.rows[0].root, "ROOT"));

	buf_clear(&b);
	ca_key_encode(&key, &b);
	assert_true(ca_key_decode(buf_slice(&b), &key));
	assert_int_equal(key.proof.n, 0);
	buf_free(&b);
}

static void a_failure_keeps_kind_code_and_words(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	struct fail f = FAIL_INIT, g = FAIL_INIT;

	(void)fail_code(&f, FAIL_CONFLICT, 1408, "order %d has other names", 5);
	ca_failed_encode(&f, &b);
	assert_true(ca_failed_decode(buf_slice(&b), &g));
	assert_int_equal(g.kind, FAIL_CONFLICT);
	assert_int_equal(g.code, 1408);
	assert_string_equal(g.words, "order 5 has other names");
	b.p[0] = 200;
	assert_false(ca_failed_decode(buf_slice(&b), &g));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(issue_ask_round_trip),
		cmocka_unit_test(too_many_names_are_refused),
		cmocka_unit_test(replies_round_trip),
		cmocka_unit_test(a_failure_keeps_kind_code_and_words),
	};

	return cmocka_run_group_tests_name("model/ca_message", tests, NULL, NULL);
}
