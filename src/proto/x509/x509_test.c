#include "proto/x509/x509.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW ((stamp)1795298400000) /* 2026-11-21T22:00:00Z */

/* One authority of three keys and certificates. */
struct house {
	struct arena arena;
	struct keyring *ring;
	struct key_public pub[3];
	struct key *key[3];
	struct buf der[3]; /* root, intermediate, leaf */
};

static void key_new(struct house *h, int i)
{
	struct buf wrapped = BUF_INIT;

	assert_int_equal(key_make(h->ring, &h->pub[i], &wrapped, NULL), 0);
	assert_int_equal(key_open(h->ring, buf_slice(&wrapped), &h->key[i], NULL), KEY_DONE);
	buf_free(&wrapped);
}

static void certificate(struct house *h, int i, const struct x509_plan *plan)
{
	struct x509_plan full = *plan;
	int by = i == 0 ? 0 : i - 1;
	struct fail f = FAIL_INIT;

	full.serial = slice_lit("\xff\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10");
	full.subject = &h->pub[i];
	full.not_before = NOW;
	if (x509_make(&full, i == 0 ? SLICE_NONE : buf_slice(&h->der[by]), h->key[by], &h->der[i],
		      &f) < 0)
		fail_msg("%s", f.words);
}

static int house_new(void **state)
{
	static struct house h;
	static const struct slice names[] = { { (const uint8_t *)"shop.example.com", 16 },
					      { (const uint8_t *)"*.example.com", 13 } };
	uint8_t kek[KEYRING_KEY] = { 1 };
	struct x509_plan root = { .kind = X509_ROOT,
				  .common_name = slice_lit("Root"),
				  .organization = slice_lit("Everseal"),
				  .not_after = NOW + 3650 * STAMP_DAY };
	struct x509_plan intermediate = { .kind = X509_INTERMEDIATE,
					  .common_name = slice_lit("Intermediate"),
					  .not_after = NOW + 365 * 30 * STAMP_DAY };
	struct x509_plan leaf = { .kind = X509_LEAF,
				  .names = names,
				  .name_count = 2,
				  .not_after = NOW + 90 * STAMP_DAY };

	h = (struct house){ .ring = keyring_new(kek, 0) };
	for (int i = 0; i < 3; i++)
		key_new(&h, i);
	certificate(&h, 0, &root);
	certificate(&h, 1, &intermediate);
	certificate(&h, 2, &leaf);
	*state = &h;
	return 0;
}

static int house_free(void **state)
{
	struct house *h = *state;

	for (int i = 0; i < 3; i++) {
		key_unref(h->key[i]);
		buf_free(&h->der[i]);
	}
	keyring_free(h->ring);
	arena_free(&h->arena);
	return 0;
}

static struct x509_facts facts(struct house *h, int i)
{
	struct x509_facts out;
	struct fail f = FAIL_INIT;

	if (x509_facts_read(buf_slice(&h->der[i]), &h->arena, &out, &f) < 0)
		fail_msg("%s", f.words);
	return out;
}

static void a_leaf_says_what_was_planned(void **state)
{
	struct house *h = *state;
	struct x509_facts leaf = facts(h, 2);

	assert_int_equal(leaf.not_before, NOW);
	assert_int_equal(leaf.not_after, NOW + 90 * STAMP_DAY);
	assert_int_equal(leaf.serial_len, 16);
	assert_int_equal(leaf.serial[0], 0x7f);
	assert_false(leaf.is_ca);
	assert_string_equal(leaf.key_type, "ECDSA P-256");
	assert_int_equal(leaf.subject.n, 0);
	assert_true(slice_eq_str(leaf.issuer, "CN=Intermediate"));
	assert_int_equal(leaf.name_count, 2);
	assert_true(slice_eq_str(leaf.names[1], "*.example.com"));
	assert_memory_equal(leaf.spki_hash, h->pub[2].spki_hash, 32);
	assert_true(x509_facts_cover(&leaf, slice_lit("shop.example.com")));
	assert_false(x509_facts_cover(&leaf, slice_lit("example.com")));
}

static void authorities_are_authorities(void **state)
{
	struct house *h = *state;
	struct x509_facts root = facts(h, 0), intermediate = facts(h, 1);

	assert_true(root.is_ca && root.self_issued);
	assert_true(slice_eq_str(root.subject, "CN=Root,O=Everseal"));
	assert_true(intermediate.is_ca && !intermediate.self_issued);
	assert_int_equal(intermediate.not_after, NOW + 365 * 30 * STAMP_DAY); /* beyond 2049 */
}

static void signatures_lead_upwards_only(void **state)
{
	struct house *h = *state;

	assert_true(x509_signed_by(buf_slice(&h->der[2]), buf_slice(&h->der[1])));
	assert_true(x509_signed_by(buf_slice(&h->der[1]), buf_slice(&h->der[0])));
	assert_true(x509_signed_by(buf_slice(&h->der[0]), buf_slice(&h->der[0])));
	assert_false(x509_signed_by(buf_slice(&h->der[2]), buf_slice(&h->der[0])));
	assert_false(x509_signed_by(buf_slice(&h->der[1]), buf_slice(&h->der[2])));
}

static void plans_out_of_bounds_are_refused(void **state)
{
	struct house *h = *state;
	struct slice name = slice_lit("a.example");
	struct x509_plan good = { .kind = X509_LEAF,
				  .serial = slice_lit("123456789"),
				  .names = &name,
				  .name_count = 1,
				  .not_before = NOW,
				  .not_after = NOW + 1,
				  .subject = &h->pub[2] };
	struct x509_plan bad[4] = { good, good, good, good };
	struct buf der = BUF_INIT;

	assert_int_equal(x509_make(&good, buf_slice(&h->der[1]), h->key[1], &der, NULL), 0);
	bad[0].serial.n = 8;
	bad[1].not_after = NOW;
	bad[2].name_count = 0;
	bad[3].common_name =
		slice_lit("0123456789012345678901234567890123456789012345678901234567890123456789");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(x509_make(&bad[i], buf_slice(&h->der[1]), h->key[1], &der, NULL),
				 -1);
	buf_free(&der);
}

static void pem_goes_there_and_back(void **state)
{
	struct house *h = *state;
	struct buf text = BUF_INIT;
	struct slice *ders;
	struct fail f = FAIL_INIT;
	size_t count;

	buf_add_str(&text, "subject: a comment\n");
	x509_pem_write(buf_slice(&h->der[2]), &text);
	x509_pem_write(buf_slice(&h->der[1]), &text);
	assert_int_equal(x509_pem_read(buf_slice(&text), &h->arena, &ders, &count, NULL), 0);
	assert_int_equal(count, 2);
	assert_true(slice_eq(ders[1], buf_slice(&h->der[1])));
	buf_cut(&text, text.n - 30);
	assert_int_equal(x509_pem_read(buf_slice(&text), &h->arena, &ders, &count, &f), -1);
	assert_non_null(strstr(f.words, "does not end"));
	fail_clear(&f);
	assert_int_equal(x509_pem_read(slice_lit("-----BEGIN CERTIFICATE-----\n"), &h->arena, &ders,
				       &count, &f),
			 -1);
	assert_non_null(strstr(f.words, "line 1: a certificate begins here and does not end"));
	fail_clear(&f);
	assert_int_equal(x509_pem_read(slice_lit("\n-----BEGIN EC PRIVATE KEY-----\n"), &h->arena,
				       &ders, &count, &f),
			 -1);
	assert_non_null(strstr(f.words, "line 2: something other"));
	buf_free(&text);
}

static void bytes_that_are_no_certificate_are_refused(void **state)
{
	struct house *h = *state;
	struct slice der = buf_slice(&h->der[2]);
	struct x509_facts out;

	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(x509_facts_read(slice_of(der.p, n), &h->arena, &out, NULL), -1);
	buf_add_byte(&h->der[2], 0);
	assert_int_equal(x509_facts_read(buf_slice(&h->der[2]), &h->arena, &out, NULL), -1);
	buf_cut(&h->der[2], h->der[2].n - 1);
}

static void names_match_whole_labels(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *host;
		bool matches;
	} cases[] = {
		{ "a.example", "a.example", true },
		{ "a.example", "A.Example.", true },
		{ "a.example", "b.example", false },
		{ "a.example", "a.example.org", false },
		{ "*.example", "a.example", true },
		{ "*.example", "a.b.example", false },
		{ "*.example", ".example", false },
		{ "*.example", "example", false },
		{ "*.example", "*.example", true },
		{ "w*.example", "www.example", false },
		{ "*", "a", false },
		{ "*.", "a.", false },
		{ "", "", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (x509_name_matches(slice_str(cases[i].pattern), slice_str(cases[i].host)) !=
		    cases[i].matches)
			fail_msg("%s against %s", cases[i].pattern, cases[i].host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leaf_says_what_was_planned),
		cmocka_unit_test(authorities_are_authorities),
		cmocka_unit_test(signatures_lead_upwards_only),
		cmocka_unit_test(plans_out_of_bounds_are_refused),
		cmocka_unit_test(pem_goes_there_and_back),
		cmocka_unit_test(bytes_that_are_no_certificate_are_refused),
		cmocka_unit_test(names_match_whole_labels),
	};

	return cmocka_run_group_tests_name("proto/x509", tests, house_new, house_free);
}
