#include "proto/dns/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void names_have_one_spelling(void **state)
{
	static const struct {
		const char *text;
		unsigned allow;
		const char *name;
	} rows[] = {
		{ "example.com", 0, "example.com" },
		{ "Example.COM", 0, "example.com" },
		{ "example.com.", 0, "example.com" },
		{ "localhost", 0, "localhost" },
		{ "a", 0, "a" },
		{ "1.example", 0, "1.example" },
		{ "1a", 0, "1a" },
		{ "0xg", 0, "0xg" },
		{ "a-b.c--d.e", 0, "a-b.c--d.e" },
		{ "xn--bcher-kva.example", 0, "xn--bcher-kva.example" },
		{ "XN--BCHER-KVA.example", 0, "xn--bcher-kva.example" },
		{ "xn--strae-oqa.example", 0, "xn--strae-oqa.example" },
		{ "*.example.com", DNS_NAME_WILDCARD, "*.example.com" },
		{ "*.com", DNS_NAME_WILDCARD, "*.com" },
		{ "*.xn--bcher-kva.example", DNS_NAME_WILDCARD, "*.xn--bcher-kva.example" },
		{ "_acme-challenge.a.example", DNS_NAME_UNDERSCORE, "_acme-challenge.a.example" },
		{ "*._x.example", DNS_NAME_UNDERSCORE | DNS_NAME_WILDCARD, "*._x.example" },
		{ L63 ".b", 0, L63 ".b" },
		{ L63 "." L63 "." L63 "." L61, 0, L63 "." L63 "." L63 "." L61 },
		{ L63 "." L63 "." L63 "." L61 ".", 0, L63 "." L63 "." L63 "." L61 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_name name;
		enum dns_name_answer answer =
			dns_name_parse(slice_str(rows[i].text), rows[i].allow, &name);

		if (answer != DNS_NAME_OK)
			fail_msg("%s %s", rows[i].text, dns_name_why(answer));
		assert_string_equal(name.text, rows[i].name);
		assert_int_equal(name.len, strlen(rows[i].name));
	}
}

static void what_is_no_name_is_told_why(void **state)
{
	static const struct {
		const char *text;
		unsigned allow;
		enum dns_name_answer answer;
	} rows[] = {
		{ "", 0, DNS_NAME_EMPTY },
		{ ".", 0, DNS_NAME_EMPTY },
		{ "..", 0, DNS_NAME_LABEL_EMPTY },
		{ ".a", 0, DNS_NAME_LABEL_EMPTY },
		{ "a..b", 0, DNS_NAME_LABEL_EMPTY },
		{ "a..", 0, DNS_NAME_LABEL_EMPTY },
		{ L63 "a.b", 0, DNS_NAME_LABEL_LONG },
		{ L63 "." L63 "." L63 "." L61 "a", 0, DNS_NAME_LONG },
		{ "a b.example", 0, DNS_NAME_BYTE },
		{ "a_b.example", 0, DNS_NAME_BYTE },
		{ "a/b", 0, DNS_NAME_BYTE },
		{ "a%2eb", 0, DNS_NAME_BYTE },
		{ "a:80", 0, DNS_NAME_BYTE },
		{ "[::1]", 0, DNS_NAME_BYTE },
		{ "a@b", 0, DNS_NAME_BYTE },
		{ "b\xc3\xbc"
		  "cher.example",
		  0, DNS_NAME_BYTE },
		{ "-a.example", 0, DNS_NAME_HYPHEN },
		{ "a-.example", 0, DNS_NAME_HYPHEN },
		{ "a.-", 0, DNS_NAME_HYPHEN },
		{ "ab--cd.example", 0, DNS_NAME_HYPHEN },
		{ "xn--", 0, DNS_NAME_HYPHEN },
		{ "xn--a.example", 0, DNS_NAME_IDN },
		{ "xn--abc.example", 0, DNS_NAME_IDN },
		{ "xn--bcher-kva8445foa.example", 0, DNS_NAME_IDN },
		{ "*", DNS_NAME_WILDCARD, DNS_NAME_STAR },
		{ "*.", DNS_NAME_WILDCARD, DNS_NAME_STAR },
		{ "*.example.com", 0, DNS_NAME_STAR },
		{ "a.*.com", DNS_NAME_WILDCARD, DNS_NAME_STAR },
		{ "a*.example", DNS_NAME_WILDCARD, DNS_NAME_STAR },
		{ "*.*.example", DNS_NAME_WILDCARD, DNS_NAME_STAR },
		{ "127.0.0.1", 0, DNS_NAME_NUMERIC },
		{ "127.1", 0, DNS_NAME_NUMERIC },
		{ "127.1.", 0, DNS_NAME_NUMERIC },
		{ "2130706433", 0, DNS_NAME_NUMERIC },
		{ "0x7f000001", 0, DNS_NAME_NUMERIC },
		{ "0x7f.1", 0, DNS_NAME_NUMERIC },
		{ "0X7F.0.0.0X1", 0, DNS_NAME_NUMERIC },
		{ "0x", 0, DNS_NAME_NUMERIC },
		{ "0177.0.0.01", 0, DNS_NAME_NUMERIC },
		{ "example.1", 0, DNS_NAME_NUMERIC },
		{ "*.1", DNS_NAME_WILDCARD, DNS_NAME_NUMERIC },
		{ "999.999.999.999", 0, DNS_NAME_NUMERIC },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_name name = { 0 };
		enum dns_name_answer answer =
			dns_name_parse(slice_str(rows[i].text), rows[i].allow, &name);

		if (answer != rows[i].answer)
			fail_msg("%s %s, expected: %s", rows[i].text, dns_name_why(answer),
				 dns_name_why(rows[i].answer));
		assert_int_equal(name.len, 0);
	}
}

static void every_byte_has_its_place(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		uint8_t text[] = { 'a', (uint8_t)c, 'b', '.', 'c' };
		struct dns_name name;
		bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '-' || c == '.';

		assert_int_equal(dns_name_parse(slice_of(text, sizeof(text)), 0, &name) ==
					 DNS_NAME_OK,
				 good);
	}
}

static void people_type_unicode(void **state)
{
	static const struct {
		const char *text;
		const char *name; /* NULL: refused with `answer` */
		enum dns_name_answer answer;
	} rows[] = {
		{ "b\u00fccher.example", "xn--bcher-kva.example", DNS_NAME_OK },
		{ "B\u00dcCHER.example", "xn--bcher-kva.example", DNS_NAME_OK },
		{ "bu\u0308cher.example", "xn--bcher-kva.example", DNS_NAME_OK },
		{ "stra\u00dfe.example", "xn--strae-oqa.example", DNS_NAME_OK },
		{ "\u4f8b\u3048\u3002\u30c6\u30b9\u30c8", "xn--r8jz45g.xn--zckzah", DNS_NAME_OK },
		{ "*.b\u00fccher.example", "*.xn--bcher-kva.example", DNS_NAME_OK },
		{ "\uff45xample.com", "example.com", DNS_NAME_OK },
		{ "\uff11\uff12\uff17\uff0e\uff10\uff0e\uff10\uff0e\uff11", NULL,
		  DNS_NAME_NUMERIC },
		{ "a\u2044b.example", NULL, DNS_NAME_IDN },
		{ "\u2024.example", NULL, DNS_NAME_IDN },
		{ "a\xff"
		  "b",
		  NULL, DNS_NAME_IDN },
		{ "\xc3", NULL, DNS_NAME_IDN },
		{ "a\u00fc b.example", NULL, DNS_NAME_BYTE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_name name;
		bool converted;
		enum dns_name_answer answer = dns_name_from_user(
			slice_str(rows[i].text), DNS_NAME_WILDCARD, &name, &converted);

		if (rows[i].name == NULL) {
			if (answer == DNS_NAME_OK)
				fail_msg("row %zu became %s", i, name.text);
			assert_false(converted);
			continue;
		}
		assert_int_equal(answer, DNS_NAME_OK);
		assert_true(converted);
		assert_string_equal(name.text, rows[i].name);
	}
}

static void addresses_are_known_in_disguise(void **state)
{
	static const char *const yes[] = { "1.2.3.4", "127.1", "0x7f.1", "1",      "::1",
					   "[::1]",   "a.1.",  "0x",     "a.0Xff", "fe80::1%lo" };
	static const char *const no[] = { "", "a", "1.a", "0xg", "a.b1", "1a" };

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++)
		assert_true(dns_name_looks_like_address(slice_str(yes[i])));
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(dns_name_looks_like_address(slice_str(no[i])));
}

static void names_lie_within_zones(void **state)
{
	(void)state;
	assert_true(dns_name_is_within(slice_lit("a.b.c"), slice_lit("b.c")));
	assert_true(dns_name_is_within(slice_lit("b.c"), slice_lit("b.c")));
	assert_false(dns_name_is_within(slice_lit("ab.c"), slice_lit("b.c")));
	assert_false(dns_name_is_within(slice_lit("c"), slice_lit("b.c")));
	assert_false(dns_name_is_within(slice_lit("c"), SLICE_NONE));
	assert_int_equal(dns_name_labels(slice_lit("a.b.c")), 3);
	assert_int_equal(dns_name_labels(slice_lit("a")), 1);
	assert_int_equal(dns_name_labels(SLICE_NONE), 0);
	assert_true(slice_eq_str(dns_name_parent(slice_lit("a.b.c")), "b.c"));
	assert_null(dns_name_parent(slice_lit("c")).p);
}

static void certificate_names_cover_hosts(void **state)
{
	static const struct {
		const char *pattern;
		const char *host;
		bool covers;
	} rows[] = {
		{ "a.example", "a.example", true },        { "a.example", "b.example", false },
		{ "*.example", "a.example", true },        { "*.example", "example", false },
		{ "*.example", "b.a.example", false },     { "*.a.example", "b.a.example", true },
		{ "*.a.example", "a.example", false },     { "*.a.example", "*.a.example", true },
		{ "*.a.example", "*.b.a.example", false }, { "*.a.example", ".a.example", false },
		{ "a.*.example", "a.b.example", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (dns_name_covers(slice_str(rows[i].pattern), slice_str(rows[i].host)) !=
		    rows[i].covers)
			fail_msg("%s and %s", rows[i].pattern, rows[i].host);
}

static void keys_are_reversed_labels(void **state)
{
	uint8_t out[DNS_NAME_KEY];
	struct dns_name back;
	struct slice key = dns_name_key(slice_lit("www.example.com"), out);

	(void)state;
	assert_true(slice_eq(key, slice_lit("com\0example\0www\0")));
	assert_true(dns_name_unkey(key, &back));
	assert_string_equal(back.text, "www.example.com");
	assert_true(slice_eq(dns_name_key(slice_lit("*.a"), out), slice_lit("a\0*\0")));
	assert_true(slice_eq(dns_name_key(slice_lit("a"), out), slice_lit("a\0")));
}

static void what_has_no_key(void **state)
{
	uint8_t out[DNS_NAME_KEY];
	uint8_t bytes[DNS_NAME_MAX + 1];
	struct dns_name back;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	assert_null(dns_name_key(SLICE_NONE, out).p);
	assert_null(dns_name_key(slice_of("a\0b", 3), out).p);
	assert_null(dns_name_key(slice_of(bytes, DNS_NAME_MAX + 1), out).p);
	assert_int_equal(dns_name_key(slice_of(bytes, DNS_NAME_MAX), out).n, DNS_NAME_KEY);
	assert_false(dns_name_unkey(SLICE_NONE, &back));
	assert_false(dns_name_unkey(slice_lit("\0"), &back));
	assert_false(dns_name_unkey(slice_lit("ab"), &back));
	assert_false(dns_name_unkey(slice_of("a.b\0", 4), &back));
	assert_false(dns_name_unkey(slice_of(bytes, DNS_NAME_MAX + 1), &back));
}

/* RFC 4034, 6.1: the canonical order, least first; "*" and "-" and digits by their bytes. */
static void keys_sort_canonically(void **state)
{
	static const char *const order[] = { "example",     "a.example",   "*.a.example",
					     "b.a.example", "a-b.example", "a0.example",
					     "aa.example",  "b.example",   "z.a.b.example",
					     "z.example",   "example-1",   "examplea" };

	(void)state;
	for (size_t i = 1; i < COUNT(order); i++) {
		uint8_t a[DNS_NAME_KEY];
		uint8_t b[DNS_NAME_KEY];

		if (slice_cmp(dns_name_key(slice_str(order[i - 1]), a),
			      dns_name_key(slice_str(order[i]), b)) >= 0)
			fail_msg("%s comes before %s", order[i - 1], order[i]);
	}
}

static void keys_of_a_subtree_share_a_prefix(void **state)
{
	uint8_t zone[DNS_NAME_KEY];
	uint8_t inside[DNS_NAME_KEY];
	uint8_t beside[DNS_NAME_KEY];
	struct slice prefix = dns_name_key(slice_lit("b.example"), zone);

	(void)state;
	assert_true(slice_starts(dns_name_key(slice_lit("a.b.example"), inside), prefix));
	assert_false(slice_starts(dns_name_key(slice_lit("a.bb.example"), beside), prefix));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_one_spelling),
		cmocka_unit_test(what_is_no_name_is_told_why),
		cmocka_unit_test(every_byte_has_its_place),
		cmocka_unit_test(people_type_unicode),
		cmocka_unit_test(addresses_are_known_in_disguise),
		cmocka_unit_test(names_lie_within_zones),
		cmocka_unit_test(certificate_names_cover_hosts),
		cmocka_unit_test(keys_are_reversed_labels),
		cmocka_unit_test(what_has_no_key),
		cmocka_unit_test(keys_sort_canonically),
		cmocka_unit_test(keys_of_a_subtree_share_a_prefix),
	};

	return cmocka_run_group_tests_name("dns/name", tests, NULL, NULL);
}
