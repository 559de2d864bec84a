#include "model/choice.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW 1000000

/* A certificate as a test names it: its id is its letter. */
struct given {
	char id;
	const char *names;
	char zone; /* 'o': the name's own */
	enum certificate_source source;
	stamp from, to; /* relative to NOW */
};

#define GIVEN_MAX 12

struct choice_row {
	const char *words;
	struct given certs[GIVEN_MAX];
	const char *want; /* ids in order */
};

static const struct choice_row rows[] = {
	{ "nothing", { { 0 } }, "" },
	{ "what does not cover is not listed",
	  { { 'a', "other.example", 'o', CERTIFICATE_UPLOADED, -5, 5 },
	    { 'b', "a.www.example", 'o', CERTIFICATE_UPLOADED, -5, 5 } },
	  "" },
	{ "1: exact before wildcard, whatever its kind",
	  { { 'a', "*.example", 'o', CERTIFICATE_UPLOADED, -5, 5 },
	    { 'b', "x.example www.example", 'z', CERTIFICATE_STANDBY, -5, 5 } },
	  "ba" },
	{ "2: own zone before another zone's custom hostname",
	  { { 'a', "www.example", 'z', CERTIFICATE_HOSTNAME, -5, 5 },
	    { 'b', "www.example", 'o', CERTIFICATE_UNIVERSAL, -5, 5 } },
	  "ba" },
	{ "3: kinds in their order",
	  { { 'g', "www.example", 'o', CERTIFICATE_STANDBY, -5, 5 },
	    { 'f', "www.example", 'o', CERTIFICATE_UNIVERSAL, -5, 5 },
	    { 'e', "www.example", 'o', CERTIFICATE_TOTAL, -5, 5 },
	    { 'd', "www.example", 'o', CERTIFICATE_DEDICATED, -5, 5 },
	    { 'c', "www.example", 'o', CERTIFICATE_ADVANCED, -5, 5 },
	    { 'b', "www.example", 'o', CERTIFICATE_HOSTNAME, -5, 5 },
	    { 'a', "www.example", 'o', CERTIFICATE_UPLOADED, -5, 5 } },
	  "abcdefg" },
	{ "4: the newest",
	  { { 'a', "www.example", 'o', CERTIFICATE_UNIVERSAL, -9, 5 },
	    { 'b', "www.example", 'o', CERTIFICATE_UNIVERSAL, -2, 5 },
	    { 'c', "www.example", 'o', CERTIFICATE_UNIVERSAL, -5, 5 } },
	  "bca" },
	{ "a live one before a better one that has ended, which goes unlisted",
	  { { 'a', "www.example", 'o', CERTIFICATE_UPLOADED, -9, -1 },
	    { 'b', "*.example", 'z', CERTIFICATE_STANDBY, -9, 1 } },
	  "b" },
	{ "one that begins later waits behind the live one",
	  { { 'a', "www.example", 'o', CERTIFICATE_UPLOADED, 3, 30 },
	    { 'b', "www.example", 'o', CERTIFICATE_UNIVERSAL, -9, 9 } },
	  "ba" },
	{ "nothing valid: the least bad alone",
	  { { 'a', "www.example", 'o', CERTIFICATE_UPLOADED, -90, -20 },
	    { 'b', "*.example", 'z', CERTIFICATE_STANDBY, -90, -1 } },
	  "b" },
	{ "the last millisecond is over at the end",
	  { { 'a', "www.example", 'o', CERTIFICATE_UPLOADED, -90, 0 },
	    { 'b', "www.example", 'o', CERTIFICATE_STANDBY, -90, 1 } },
	  "b" },
	{ "at most eight",
	  { { 'a', "www.example", 'o', CERTIFICATE_UPLOADED, -1, 9 },
	    { 'b', "www.example", 'o', CERTIFICATE_UPLOADED, -2, 9 },
	    { 'c', "www.example", 'o', CERTIFICATE_UPLOADED, -3, 9 },
	    { 'd', "www.example", 'o', CERTIFICATE_UPLOADED, -4, 9 },
	    { 'e', "www.example", 'o', CERTIFICATE_UPLOADED, -5, 9 },
	    { 'f', "www.example", 'o', CERTIFICATE_UPLOADED, -6, 9 },
	    { 'g', "www.example", 'o', CERTIFICATE_UPLOADED, -7, 9 },
	    { 'h', "www.example", 'o', CERTIFICATE_UPLOADED, -8, 9 },
	    { 'i', "www.example", 'o', CERTIFICATE_UPLOADED, -9, 9 } },
	  "abcdefgh" },
};

static struct id letter(char c)
{
	struct id id;

	memset(id.b, c, ID_LEN);
	return id;
}

static size_t fill(const struct given *given, struct certificate_row *out)
{
	size_t n = 0;

	for (; n < GIVEN_MAX && given[n].names != NULL; n++)
		out[n] = (struct certificate_row){ .id = letter(given[n].id),
						   .zone = letter(given[n].zone),
						   .key = letter('k'),
						   .source = given[n].source,
						   .names = slice_str(given[n].names),
						   .not_before = NOW + given[n].from,
						   .not_after = NOW + given[n].to };
	return n;
}

static void the_table_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct certificate_row certs[GIVEN_MAX];
		struct name_candidate got[NAME_CANDIDATES_MAX];
		char ids[NAME_CANDIDATES_MAX + 1] = "";
		struct choice_input in = { slice_lit("www.example"), letter('o'), NOW, certs, 0 };

		in.count = fill(rows[i].certs, certs);
		size_t n = choice_make(&in, got, NULL);
		for (size_t k = 0; k < n; k++)
			ids[k] = (char)got[k].cert.b[0];
		if (strcmp(ids, rows[i].want) != 0)
			print_error("%s\n", rows[i].words);
		assert_string_equal(ids, rows[i].want);
	}
}

/* Every permutation gives the same: the order is complete. */
static void order_of_input_does_not_matter(void **state)
{
	(void)state;
	struct certificate_row certs[GIVEN_MAX], turned[GIVEN_MAX];
	size_t n = fill(rows[4].certs, certs);
	struct name_candidate a[NAME_CANDIDATES_MAX], b[NAME_CANDIDATES_MAX];
	struct choice_input in = { slice_lit("www.example"), letter('o'), NOW, certs, n };

	size_t want = choice_make(&in, a, NULL);
	for (size_t turn = 1; turn < n; turn++) {
		for (size_t k = 0; k < n; k++)
			turned[k] = certs[(k + turn) % n];
		in.certs = turned;
		assert_int_equal(choice_make(&in, b, NULL), want);
		for (size_t k = 0; k < want; k++)
			assert_true(id_eq(&a[k].cert, &b[k].cert));
	}
}

static void reasons_are_told(void **state)
{
	(void)state;
	struct certificate_row certs[GIVEN_MAX];
	struct choice_reason reasons[GIVEN_MAX];
	struct name_candidate got[NAME_CANDIDATES_MAX];
	struct choice_input in = { slice_lit("www.example"), letter('o'), NOW, certs, 0 };

	in.count = fill(rows[2].certs, certs);
	assert_int_equal(choice_make(&in, got, reasons), 2);
	assert_true(reasons[0].exact && !reasons[1].exact);
	assert_non_null(strstr(choice_words(&reasons[0], &reasons[1]), "wildcard"));
	in.count = fill(rows[1].certs, certs);
	assert_int_equal(choice_make(&in, got, reasons), 0);
	assert_false(reasons[0].covers || reasons[1].covers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_holds),
		cmocka_unit_test(order_of_input_does_not_matter),
		cmocka_unit_test(reasons_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
