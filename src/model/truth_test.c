/* The truth on SQLite: what operations do together. */
#include "model/truth_fixture.h"

#include "model/account.h"
#include "model/certificate.h"
#include "model/change.h"
#include "model/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void a_proxied_record_is_served(void **state)
{
	(void)state;
	struct zone_row zone = fx_zone("example.com");
	struct record_row a, b, c;
	struct name_row name;
	struct order_row order;

	assert_int_equal(zone.status, ZONE_STATUS_ACTIVE);
	assert_int_equal(fx_record(&zone, RECORD_A, "www", "93.184.216.34", false, &a), 0);
	assert_false(fx_served("www.example.com", &name));
	assert_int_equal(fx_record(&zone, RECORD_A, "www", "93.184.216.35", true, &b), 0);
	assert_true(fx_served("www.example.com", &name));
	assert_true(fx_ordered("www.example.com", &order));
	assert_int_equal(order.state, ORDER_NEW);
	struct id first = name.origin;
	assert_int_equal(fx_record(&zone, RECORD_AAAA, "www", "2606:4700::1111", true, &c), 0);
	assert_true(fx_served("www.example.com", &name));
	assert_false(id_eq(&first, &name.origin));
	assert_int_equal(fx_count("select count(*) from origin"), 1);
	assert_int_equal(fx_drop_record(&b), 0);
	assert_int_equal(fx_drop_record(&c), 0);
	assert_false(fx_served("www.example.com", &name));
	assert_int_equal(fx_count("select count(*) from origin"), 0);
	assert_true(fx_ordered("www.example.com", &order));
	assert_int_equal(order.state, ORDER_REMOVED);
}

static void records_are_refused_with_their_codes(void **state)
{
	(void)state;
	struct zone_row zone = fx_zone("example.com");
	struct record_row r;

	assert_int_equal(fx_record(&zone, RECORD_A, "a", "not an address", false, &r), 9005);
	assert_int_equal(fx_record(&zone, RECORD_A, "a", "::1", false, &r), 9005);
	assert_int_equal(fx_record(&zone, RECORD_AAAA, "a", "1.2.3.4", false, &r), 9006);
	assert_int_equal(fx_record(&zone, RECORD_CNAME, "a", "no name!", false, &r), 9007);
	assert_int_equal(fx_record(&zone, RECORD_CNAME, "a", "a.example.com", false, &r), 9039);
	assert_int_equal(fx_record(&zone, RECORD_A, "a", "127.0.0.1", true, &r), 9041);
	assert_int_equal(fx_record(&zone, RECORD_A, "a b", "1.2.3.4", false, &r), 9000);
	assert_int_equal(fx_record(&zone, RECORD_A, "a", "127.0.0.1", false, &r), 0);
	assert_int_equal(fx_record(&zone, RECORD_A, "a", "127.0.0.1", false, &r), 81058);
	assert_int_equal(fx_record(&zone, RECORD_CNAME, "a", "b.example.net", false, &r), 81053);
	assert_int_equal(fx_record(&zone, RECORD_CNAME, "c", "b.example.net", false, &r), 0);
	assert_int_equal(fx_record(&zone, RECORD_A, "c", "1.2.3.4", false, &r), 81054);
	assert_int_equal(fx_record(&zone, RECORD_A, "@", "1.2.3.4", true, &r), 0);
	assert_true(slice_eq_str(r.name, "example.com"));
	assert_int_equal(fx_record(&zone, RECORD_A, "*", "1.2.3.4", true, &r), 0);
	assert_true(slice_eq_str(r.name, "*.example.com"));
}

static void certificates_come_and_go(void **state)
{
	(void)state;
	struct zone_row zone = fx_zone("example.com");
	struct hostname_row h;
	struct name_row name;
	struct fail f = FAIL_INIT;
	int looked;

	assert_int_equal(fx_hostname(&zone, "shop.test", "o.example.net", &h), 0);
	assert_int_equal(h.status, HOSTNAME_ACTIVE);
	struct id old = fx_certificate("shop.test", STAMP_MINUTE);
	assert_true(fx_served("shop.test", &name));
	assert_int_equal(name.record.count, 1);
	struct id fresh = fx_certificate("shop.test", STAMP_DAY);
	assert_true(fx_served("shop.test", &name));
	assert_int_equal(name.record.count, 2);
	assert_true(id_eq(&name.record.candidates[0].cert, &fresh));
	assert_true(id_eq(&name.record.candidates[1].cert, &old));

	fx.act.now += 2 * STAMP_MINUTE; /* the old one has ended */
	fx_begin();
	fx_ok(certificate_sweep(fx.tx, &fx.act, 10, &looked, &f), &f);
	fx_commit();
	assert_int_equal(looked, 1);
	assert_true(fx_served("shop.test", &name));
	assert_int_equal(name.record.count, 1);
	assert_int_equal(fx_count("select count(*) from key_pair"), 1);

	fx.act.now += 2 * STAMP_DAY; /* nothing valid is left: the least bad stays */
	fx_begin();
	fx_ok(certificate_sweep(fx.tx, &fx.act, 10, &looked, &f), &f);
	fx_commit();
	assert_true(fx_served("shop.test", &name));
	assert_int_equal(name.record.count, 1);

	fx_begin();
	fx_ok(hostname_delete(fx.tx, &fx.act, &zone.id, &h.id, &f), &f);
	fx_commit();
	fx_begin();
	fx_ok(certificate_sweep(fx.tx, &fx.act, 10, &looked, &f), &f);
	fx_commit();
	assert_int_equal(fx_count("select count(*) from certificate"), 0);
	assert_int_equal(fx_count("select count(*) from key_pair"), 0);
	assert_int_equal(fx_count("select count(*) from chain"), 0);
	assert_int_equal(fx_count("select count(*) from origin"), 0);
}

/* The certificate of who held the name before is never listed for who holds it now. */
static void another_account_starts_anew(void **state)
{
	(void)state;
	struct zone_row zone = fx_zone("one.example"), other_zone;
	struct account_row other = { .name = slice_lit("other") };
	struct zone_row want = { .name = slice_lit("two.example") };
	struct hostname_row h, h2;
	struct name_row name;
	struct order_row order;
	struct fail f = FAIL_INIT;

	fx_begin();
	fx_ok(account_create(fx.tx, &fx.act, &other, &other, &f), &f);
	want.account = other.id;
	fx_ok(zone_create(fx.tx, &fx.act, &want, &other_zone, &f), &f);
	fx_commit();
	assert_int_equal(fx_hostname(&zone, "shop.test", "o.example.net", &h), 0);
	(void)fx_certificate("shop.test", STAMP_DAY);
	assert_int_equal(fx_hostname(&other_zone, "shop.test", "o.example.net", &h2), 0);
	assert_int_equal(h2.status, HOSTNAME_PENDING);

	fx_begin(); /* the other account's proof is seen */
	fx_ok(hostname_activate(fx.tx, &fx.act, &h2.id, &h2, &f), &f);
	fx_commit();
	assert_true(fx_served("shop.test", &name));
	assert_true(id_eq(&name.account, &other.id));
	assert_int_equal(name.record.count, 0);
	assert_true(fx_ordered("shop.test", &order));
	assert_true(id_eq(&order.account, &other.id));
	fx_begin();
	fx_ok(hostname_find(fx.tx, &fx.arena, &zone.id, &h.id, &h, &f), &f);
	fx_commit();
	assert_int_equal(h.status, HOSTNAME_MOVED);
}

static void a_txt_zone_waits_for_its_proof(void **state)
{
	(void)state;
	struct record_row r;
	struct name_row name;
	struct fail f = FAIL_INIT;

	fx.config.activation = ACTIVATION_TXT;
	struct zone_row zone = fx_zone("example.com");
	assert_int_equal(zone.status, ZONE_STATUS_PENDING);
	assert_int_equal(fx_record(&zone, RECORD_A, "www", "93.184.216.34", true, &r), 0);
	assert_false(fx_served("www.example.com", &name));
	fx_begin();
	fx_ok(zone_activate(fx.tx, &fx.act, &zone.id, false, &zone, &f), &f);
	fx_commit();
	assert_int_equal(zone.status, ZONE_STATUS_PENDING);
	fx_begin();
	fx_ok(zone_activate(fx.tx, &fx.act, &zone.id, true, &zone, &f), &f);
	fx_commit();
	assert_int_equal(zone.status, ZONE_STATUS_ACTIVE);
	assert_true(fx_served("www.example.com", &name));
}

static void a_proven_zone_is_taken_over(void **state)
{
	(void)state;
	struct zone_row mine = fx_zone("example.com"), theirs;
	struct account_row other = { .name = slice_lit("other") };
	struct zone_row want = { .name = slice_lit("example.com") };
	struct record_row r;
	struct name_row name;
	struct fail f = FAIL_INIT;

	assert_int_equal(fx_record(&mine, RECORD_A, "www", "93.184.216.34", true, &r), 0);
	fx_begin();
	fx_ok(account_create(fx.tx, &fx.act, &other, &other, &f), &f);
	want.account = other.id;
	fx_ok(zone_create(fx.tx, &fx.act, &want, &theirs, &f), &f);
	fx_commit();
	assert_int_equal(theirs.status, ZONE_STATUS_PENDING);
	assert_int_equal(fx_record(&theirs, RECORD_A, "www", "93.184.216.99", true, &r), 0);
	fx_begin();
	fx_ok(zone_activate(fx.tx, &fx.act, &theirs.id, true, &theirs, &f), &f);
	fx_ok(zone_find(fx.tx, &fx.arena, &mine.id, &mine, &f), &f);
	fx_commit();
	assert_int_equal(theirs.status, ZONE_STATUS_ACTIVE);
	assert_int_equal(mine.status, ZONE_STATUS_MOVED);
	assert_true(fx_served("www.example.com", &name));
	assert_true(id_eq(&name.zone, &theirs.id));
}

/* A fallback origin and custom_origin_server name records of the zone, and follow them. */
static void origins_follow_their_record(void **state)
{
	(void)state;
	struct zone_row zone = fx_zone("saas.example");
	struct origin_want fallback = { .host = slice_lit("origin.saas.example") };
	struct hostname_row h;
	struct record_row r;
	struct name_row served_row, own;
	struct fail f = FAIL_INIT;

	fx_begin();
	assert_int_equal(
		fx_outcome(zone_fallback_put(fx.tx, &fx.act, &zone.id, &fallback, &zone, &f), &f),
		1421);
	assert_int_equal(fx_record(&zone, RECORD_A, "origin", "93.184.216.34", true, &r), 0);
	fx_begin();
	fail_clear(&f);
	fx_ok(zone_fallback_put(fx.tx, &fx.act, &zone.id, &fallback, &zone, &f), &f);
	fx_commit();

	struct hostname_row want = { .zone = zone.id,
				     .name = slice_lit("shop.test"),
				     .origin_server = slice_lit("origin.saas.example") };
	fx_begin();
	fx_ok(hostname_create(fx.tx, &fx.act, &want, &h, &f), &f);
	fx_commit();
	r.content = slice_lit("93.184.216.77");
	fx_begin();
	fx_ok(record_replace(fx.tx, &fx.act, &r, &r, &f), &f);
	fx_ok(zone_find(fx.tx, &fx.arena, &zone.id, &zone, &f), &f);
	fx_commit();
	assert_true(fx_served("shop.test", &served_row));
	assert_true(fx_served("origin.saas.example", &own));
	assert_true(id_eq(&served_row.origin, &own.origin));
	assert_true(id_eq(&zone.fallback_origin, &own.origin));
	assert_int_equal(fx_count("select count(*) from origin"), 1);
	assert_int_equal(fx_count("select refs from origin"),
			 4); /* name, fallback, hostname, its name */
}

/* What cannot be served when a zone becomes active is passed over, and leaves nothing behind. */
static void a_refused_name_leaves_nothing_behind(void **state)
{
	(void)state;
	struct zone_row saas = fx_zone("saas.example");
	struct hostname_row h;
	struct record_row r;
	struct name_row name;
	struct fail f = FAIL_INIT;

	fx.config.activation = ACTIVATION_TXT;
	struct zone_row zone = fx_zone("shop.test");
	assert_int_equal(fx_record(&zone, RECORD_A, "www", "93.184.216.34", true, &r), 0);
	assert_int_equal(fx_record(&zone, RECORD_A, "@", "93.184.216.35", true, &r), 0);
	fx.config.activation = ACTIVATION_TRUST;
	assert_int_equal(fx_hostname(&saas, "www.shop.test", "o.example.net", &h), 0);
	fx_begin();
	fx_ok(zone_activate(fx.tx, &fx.act, &zone.id, true, &zone, &f), &f);
	fx_commit();
	assert_int_equal(zone.status, ZONE_STATUS_ACTIVE);
	assert_true(fx_served("www.shop.test", &name));
	assert_int_equal(name.source, NAME_FROM_HOSTNAME);
	assert_true(fx_served("shop.test", &name));
	assert_int_equal(name.source, NAME_FROM_RECORD);
	assert_int_equal(fx_count("select count(*) from origin"), 2);
}

static void a_large_zone_goes_in_parts(void **state)
{
	(void)state;
	struct zone_row zone = fx_zone("example.com");
	struct fail f = FAIL_INIT;
	struct record_row r;
	bool more = true;
	int parts = 0;

	for (int i = 0; i < 450; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "h%d", i);
		assert_int_equal(fx_record(&zone, RECORD_A, name, "93.184.216.34", true, &r), 0);
	}
	int64_t before = fx_count("select seq from change_head");
	fx_begin();
	fx_ok(zone_delete(fx.tx, &fx.act, &zone.id, &f), &f);
	fx_commit();
	assert_true(fx_count("select seq from change_head") - before <= 1000);
	assert_int_equal(fx_count("select count(*) from name"), 250);
	fx_begin();
	fail_clear(&f);
	assert_int_equal(zone_find(fx.tx, &fx.arena, &zone.id, &zone, &f), -1);
	assert_int_equal(f.code, 1001);
	fx_commit();
	for (; more; parts++) {
		fx_begin();
		fx_ok(zone_work(fx.tx, &fx.act, &more, &f), &f);
		fx_commit();
	}
	assert_true(parts >= 2);
	assert_int_equal(fx_count("select count(*) from zone"), 0);
	assert_int_equal(fx_count("select count(*) from name"), 0);
	assert_int_equal(fx_count("select count(*) from origin"), 0);
}

static void the_change_log_loses_only_its_beginning(void **state)
{
	(void)state;
	struct zone_row zone = fx_zone("example.com");
	struct fail f = FAIL_INIT;
	struct record_row r;
	int64_t n;

	for (int i = 0; i < 10; i++) {
		char name[16];

		if (i == 5)
			fx.act.now -= STAMP_DAY; /* the clock jumps back */
		(void)snprintf(name, sizeof(name), "h%d", i);
		assert_int_equal(fx_record(&zone, RECORD_A, name, "93.184.216.34", true, &r), 0);
	}
	fx_begin();
	fx_ok(change_forget(fx.tx, fx.act.now + 1, &n, &f), &f);
	fx_commit();
	assert_int_equal(fx_count("select max(seq) - min(seq) + 1 - count(*) from change"), 0);
	fx_begin();
	fx_ok(change_forget(fx.tx, fx.act.now + 10 * STAMP_DAY, &n, &f), &f);
	fx_commit();
	assert_int_equal(fx_count("select count(*) from change"), 1);
}

static void tokens_are_stored_as_hashes(void **state)
{
	(void)state;
	struct token_row want = { .account = fx.account,
				  .name = slice_lit("t"),
				  .access = TOKEN_WRITE },
			 t;
	char text[TOKEN_TEXT], rolled[TOKEN_TEXT];
	uint8_t hash[TOKEN_HASH];
	struct fail f = FAIL_INIT;

	fx_begin();
	fx_ok(token_create(fx.tx, &fx.act, &want, &t, text, &f), &f);
	token_hash(slice_str(text), hash);
	fx_ok(token_find_hash(fx.tx, &fx.arena, hash, &t, &f), &f);
	fx_ok(token_roll(fx.tx, &fx.act, &t.id, rolled, &f), &f);
	assert_string_not_equal(text, rolled);
	assert_int_equal(token_find_hash(fx.tx, &fx.arena, hash, &t, &f), -1);
	assert_int_equal(f.kind, FAIL_ABSENT);
	fx_commit();
	assert_int_equal(fx_count("select count(*) from audit where value_after like '%cfat_%'"),
			 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, fx_enter, fx_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_proxied_record_is_served),     TEST(records_are_refused_with_their_codes),
		TEST(certificates_come_and_go),       TEST(another_account_starts_anew),
		TEST(a_txt_zone_waits_for_its_proof), TEST(a_proven_zone_is_taken_over),
		TEST(origins_follow_their_record),    TEST(a_refused_name_leaves_nothing_behind),
		TEST(a_large_zone_goes_in_parts),     TEST(the_change_log_loses_only_its_beginning),
		TEST(tokens_are_stored_as_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
