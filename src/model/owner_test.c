#include "model/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Accounts: 'a' claims, 'b' is another one. */
struct held {
	const char *name;
	char account;
	enum owner_kind kind;
};

struct case_row {
	const char *words;
	const char *name;
	enum owner_kind kind;
	bool proven;
	enum activation activation;
	struct held holders[3];
	enum owner_answer want;
};

static const struct case_row rows[] = {
	{ "nobody near, trust",
	  "example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { 0 } },
	  OWNER_HELD },
	{ "nobody near, txt",
	  "example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TXT,
	  { { 0 } },
	  OWNER_PENDING },
	{ "nobody near, txt, proven",
	  "example.com",
	  OWNER_ZONE,
	  true,
	  ACTIVATION_TXT,
	  { { 0 } },
	  OWNER_HELD },

	{ "own equal zone",
	  "example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { "example.com", 'a', OWNER_ZONE } },
	  OWNER_DUPLICATE },
	{ "own equal zone, proven again",
	  "example.com",
	  OWNER_ZONE,
	  true,
	  ACTIVATION_TXT,
	  { { "example.com", 'a', OWNER_ZONE } },
	  OWNER_DUPLICATE },
	{ "own equal hostname",
	  "shop.example.com",
	  OWNER_HOSTNAME,
	  false,
	  ACTIVATION_TRUST,
	  { { "shop.example.com", 'a', OWNER_HOSTNAME } },
	  OWNER_DUPLICATE },
	{ "own hostname in own zone",
	  "shop.example.com",
	  OWNER_HOSTNAME,
	  false,
	  ACTIVATION_TRUST,
	  { { "example.com", 'a', OWNER_ZONE } },
	  OWNER_HELD },
	{ "own hostname equal to own zone",
	  "example.com",
	  OWNER_HOSTNAME,
	  false,
	  ACTIVATION_TRUST,
	  { { "example.com", 'a', OWNER_ZONE } },
	  OWNER_HELD },
	{ "own zone below own zone",
	  "a.example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { "example.com", 'a', OWNER_ZONE } },
	  OWNER_HELD },
	{ "own zone above own zone",
	  "example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { "a.example.com", 'a', OWNER_ZONE } },
	  OWNER_HELD },

	{ "equal zone of another",
	  "example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { "example.com", 'b', OWNER_ZONE } },
	  OWNER_PENDING },
	{ "equal zone of another, proven",
	  "example.com",
	  OWNER_ZONE,
	  true,
	  ACTIVATION_TRUST,
	  { { "example.com", 'b', OWNER_ZONE } },
	  OWNER_TAKES },
	{ "equal hostname of another",
	  "shop.example.com",
	  OWNER_HOSTNAME,
	  false,
	  ACTIVATION_TRUST,
	  { { "shop.example.com", 'b', OWNER_HOSTNAME } },
	  OWNER_PENDING },
	{ "equal hostname of another, proven",
	  "shop.example.com",
	  OWNER_HOSTNAME,
	  true,
	  ACTIVATION_TXT,
	  { { "shop.example.com", 'b', OWNER_HOSTNAME } },
	  OWNER_TAKES },
	{ "zone over a hostname of another",
	  "shop.example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { "shop.example.com", 'b', OWNER_HOSTNAME } },
	  OWNER_PENDING },
	{ "zone over a hostname of another, proven",
	  "shop.example.com",
	  OWNER_ZONE,
	  true,
	  ACTIVATION_TRUST,
	  { { "shop.example.com", 'b', OWNER_HOSTNAME } },
	  OWNER_HELD },

	{ "parent zone of another",
	  "a.example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { "example.com", 'b', OWNER_ZONE } },
	  OWNER_PENDING },
	{ "parent zone of another, proven",
	  "a.example.com",
	  OWNER_ZONE,
	  true,
	  ACTIVATION_TRUST,
	  { { "example.com", 'b', OWNER_ZONE } },
	  OWNER_HELD },
	{ "hostname below a zone of another",
	  "shop.example.com",
	  OWNER_HOSTNAME,
	  false,
	  ACTIVATION_TRUST,
	  { { "example.com", 'b', OWNER_ZONE } },
	  OWNER_PENDING },
	{ "hostname below a zone of another, proven",
	  "shop.example.com",
	  OWNER_HOSTNAME,
	  true,
	  ACTIVATION_TRUST,
	  { { "example.com", 'b', OWNER_ZONE } },
	  OWNER_HELD },
	{ "child zone of another",
	  "example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { "a.example.com", 'b', OWNER_ZONE } },
	  OWNER_PENDING },
	{ "child hostname of another",
	  "example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { "shop.example.com", 'b', OWNER_HOSTNAME } },
	  OWNER_PENDING },
	{ "child hostname of another, proven",
	  "example.com",
	  OWNER_ZONE,
	  true,
	  ACTIVATION_TRUST,
	  { { "shop.example.com", 'b', OWNER_HOSTNAME } },
	  OWNER_HELD },

	{ "a hostname does not speak for what is below it",
	  "a.shop.example.com",
	  OWNER_HOSTNAME,
	  false,
	  ACTIVATION_TRUST,
	  { { "shop.example.com", 'b', OWNER_HOSTNAME } },
	  OWNER_HELD },
	{ "a label's end is no label",
	  "badexample.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { "example.com", 'b', OWNER_ZONE } },
	  OWNER_HELD },
	{ "own zone near, another's nearer",
	  "x.a.example.com",
	  OWNER_ZONE,
	  false,
	  ACTIVATION_TRUST,
	  { { "example.com", 'a', OWNER_ZONE }, { "a.example.com", 'b', OWNER_ZONE } },
	  OWNER_PENDING },
};

static struct id account(char c)
{
	struct id id;

	memset(id.b, c, ID_LEN);
	return id;
}

static void the_table_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct case_row *r = &rows[i];
		struct owner_claim claim = { .name = slice_str(r->name),
					     .account = account('a'),
					     .kind = r->kind,
					     .proven = r->proven,
					     .activation = r->activation };
		struct owner_holder holders[3];
		size_t n = 0;

		for (; n < 3 && r->holders[n].name != NULL; n++)
			holders[n] = (struct owner_holder){ slice_str(r->holders[n].name),
							    account(r->holders[n].account),
							    r->holders[n].kind };
		enum owner_answer got = owner_decide(&claim, holders, n);
		if (got != r->want)
			(void)fprintf(stderr, "%s: %s\n", r->words, owner_answer_words(got));
		assert_int_equal(got, r->want);
	}
}

struct name_row_case {
	const char *text;
	int zone;     /* code, or 0: accepted */
	int hostname; /* likewise */
	const char *name;
};

static const struct name_row_case names[] = {
	{ "Example.COM", 0, 0, "example.com" },
	{ "shop.example.com.", 0, 0, "shop.example.com" },
	{ "xn--bcher-kva.example", 0, 0, "xn--bcher-kva.example" },
	{ "b\xc3\xbc"
	  "cher.example",
	  0, 1408, "xn--bcher-kva.example" },
	{ "localhost", 1049, 1410, NULL },
	{ "com", 1049, 1410, NULL },
	{ "co.uk", 1049, 1410, NULL },
	{ "github.io", 1049, 1410, NULL },
	{ "127.0.0.1", 1049, 1407, NULL },
	{ "127.1", 1049, 1407, NULL },
	{ "0x7f.0.0.1", 1049, 1407, NULL },
	{ "a.localhost", 1097, 1409, NULL },
	{ "a.local", 1097, 1409, NULL },
	{ "1.0.0.127.in-addr.arpa", 1097, 1409, NULL },
	{ "api.ours.example", 1097, 1407, NULL },
	{ "deep.api.ours.example", 1097, 1407, NULL },
	{ "ours.example", 1097, 1407, NULL },
	{ "*.example.com", 1049, 1407, NULL },
	{ "a..b", 1049, 1407, NULL },
	{ "", 1049, 1407, NULL },
	{ "-a.example", 1049, 1407, NULL },
	{ "a_b.example", 1049, 1407, NULL },
};

static void check_name(const struct name_row_case *c, int want,
		       int (*check)(struct slice, const struct model_config *, struct arena *,
				    struct slice *, struct fail *))
{
	const struct slice own[] = { slice_lit("api.ours.example") };
	const struct model_config config = { .own_names = own, .own_name_count = 1 };
	struct arena a = ARENA_INIT;
	struct fail f = FAIL_INIT;
	struct slice name;

	int r = check(slice_str(c->text), &config, &a, &name, &f);
	if (f.code != want)
		(void)fprintf(stderr, "%s: %d %s\n", c->text, f.code, f.words);
	assert_int_equal(f.code, want);
	assert_int_equal(r, want == 0 ? 0 : -1);
	if (want == 0)
		assert_true(slice_eq_str(name, c->name));
	arena_free(&a);
}

static void names_are_let_in_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		check_name(&names[i], names[i].zone, owner_zone_name);
		check_name(&names[i], names[i].hostname, owner_hostname_name);
	}
}

static void punycode_is_told(void **state)
{
	(void)state;
	const struct model_config config = { 0 };
	struct arena a = ARENA_INIT;
	struct fail f = FAIL_INIT;
	struct slice name;

	assert_int_equal(owner_hostname_name(slice_lit("b\xc3\xbc"
						       "cher.example"),
					     &config, &a, &name, &f),
			 -1);
	assert_non_null(strstr(f.words, "xn--bcher-kva.example"));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_holds),
		cmocka_unit_test(names_are_let_in_or_refused),
		cmocka_unit_test(punycode_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
