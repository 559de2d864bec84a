/* The truth on SQLite: what operations do together. One random test edits the truth and holds two
 * replicas against each other: one fed by change records, one loaded from a snapshot. */
#include "model/account.h"
#include "model/act.h"
#include "model/certificate.h"
#include "model/change.h"
#include "model/hostname.h"
#include "model/key_store.h"
#include "model/kind.h"
#include "model/name.h"
#include "model/order.h"
#include "model/record.h"
#include "model/schema.h"
#include "model/token.h"
#include "model/zone.h"
#include "model/zone_setting.h"
#include "proto/crypto/crypto.h"
#include "run/replica/replica.h"
#include "run/sql/sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static struct sql *db;
static struct sql_tx *tx;
static struct arena arena;
static struct model_config config;
static struct act act;
static struct id account;
static struct keyring *ring;

static void must_be(int r, const struct fail *f)
{
	if (r < 0)
		print_error("%d %s\n", f->code, f->words);
	assert_int_equal(r, 0);
}

static void begin(void)
{
	struct fail f = FAIL_INIT;

	must_be(sql_begin(db, SQL_WRITE, &tx, &f), &f);
	act.seq = 0;
	act.ordered = false;
	act.now += 1000;
}

static void commit(void)
{
	struct fail f = FAIL_INIT;

	must_be(sql_commit(tx, &f), &f);
}

static int enter(void **state)
{
	static const uint8_t kek[KEYRING_KEY] = { 1 };
	struct account_row row = { .name = slice_lit("test") };
	struct sql_config file = { .file = "truth.db", .create = true };
	struct fail f = FAIL_INIT;

	(void)state;
	strcpy(folder, "/tmp/everseal-model-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	must_be(sql_open(&db, &file, &f), &f);
	must_be(sql_migrate(db, schema_migrations, schema_migration_count, NULL, NULL, &f), &f);
	ring = keyring_new(kek, 0);
	config = (struct model_config){ .leaf_lifetime = STAMP_DAY };
	act = (struct act){ .arena = &arena, .config = &config, .now = 1000000 };
	begin();
	must_be(change_new_epoch(tx, &f), &f);
	must_be(account_create(tx, &act, &row, &row, &f), &f);
	account = row.id;
	commit();
	return 0;
}

static int leave(void **state)
{
	char command[128];

	(void)state;
	sql_close(db);
	keyring_free(ring);
	arena_free(&arena);
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	return chdir("/") == 0 ? system(command) : -1;
}

/* ---- short words for operations ---- */

static struct zone_row make_zone(const char *name)
{
	struct zone_row want = { .account = account, .name = slice_str(name) }, out;
	struct fail f = FAIL_INIT;

	begin();
	must_be(zone_create(tx, &act, &want, &out, &f), &f);
	commit();
	return out;
}

/* The code it was refused with, 0 when it was not, -1 when there is no code. */
static int outcome(int r, const struct fail *f)
{
	if (r < 0) {
		sql_rollback(tx);
		return f->code == 0 ? -1 : f->code;
	}
	commit();
	return 0;
}

static int add_record(const struct zone_row *zone, enum record_type type, const char *name,
		      const char *content, bool proxied, struct record_row *out)
{
	struct record_row want = { .zone = zone->id,
				   .type = type,
				   .name = slice_str(name),
				   .content = slice_str(content),
				   .ttl = 1,
				   .proxied = proxied };
	struct fail f = FAIL_INIT;

	begin();
	return outcome(record_create(tx, &act, &want, out, &f), &f);
}

static int drop_record(const struct record_row *r)
{
	struct fail f = FAIL_INIT;

	begin();
	return outcome(record_delete(tx, &act, &r->zone, &r->id, &f), &f);
}

static int add_hostname(const struct zone_row *zone, const char *name, const char *origin,
			struct hostname_row *out)
{
	struct hostname_row want = { .zone = zone->id,
				     .name = slice_str(name),
				     .has_ssl = true,
				     .ssl_method = slice_lit("http"),
				     .ssl_type = slice_lit("dv"),
				     .origin = { .host = slice_str(origin) } };
	struct fail f = FAIL_INIT;

	begin();
	return outcome(hostname_create(tx, &act, &want, out, &f), &f);
}

static bool served(const char *name, struct name_row *out)
{
	struct fail f = FAIL_INIT;

	begin();
	int r = name_find(tx, &arena, slice_str(name), out, &f);
	commit();
	return r == 0;
}

static bool ordered(const char *name, struct order_row *out)
{
	struct fail f = FAIL_INIT;

	begin();
	int r = order_latest(tx, &arena, slice_str(name), out, &f);
	commit();
	return r == 0;
}

/* A certificate as an issuer would give it; only its bytes are not one. */
static struct id give_certificate(const char *name, stamp life)
{
	struct fail f = FAIL_INIT;
	struct chain_record chain = { 1, { slice_lit("an intermediate") } };
	struct certificate_row row = { .key_type = KEY_P256,
				       .source = CERTIFICATE_UNIVERSAL,
				       .issuer = slice_lit("CN=Test"),
				       .signature = slice_lit("ECDSAWithSHA256"),
				       .serial = slice_lit("\x01\x02"),
				       .names = slice_str(name),
				       .leaf = slice_lit("a leaf") };
	struct buf wrapped = BUF_INIT;
	struct key_public pub;
	struct name_row served_row;

	assert_true(served(name, &served_row));
	begin();
	must_be(key_make(ring, &pub, &wrapped, &f), &f);
	must_be(key_store_put(tx, &act, &served_row.zone, buf_slice(&wrapped), &pub, &f), &f);
	crypto_random(row.id.b, ID_LEN);
	row.zone = served_row.zone;
	row.account = served_row.account;
	row.key = pub.id;
	row.not_before = act.now;
	row.not_after = act.now + life;
	row.created_at = act.now;
	must_be(certificate_store(tx, &act, &row, &chain, &f), &f);
	commit();
	buf_free(&wrapped);
	return row.id;
}

static int64_t count(const char *text)
{
	struct sql_stmt *stmt = arena_new(&arena, struct sql_stmt);
	struct fail f = FAIL_INIT;
	struct sql_query q;

	stmt->text = text;
	begin();
	sql_start(&q, tx, stmt);
	int64_t n = sql_row(&q) ? sql_i64(&q, 0) : -1;
	must_be(sql_end(&q, &f), &f);
	commit();
	return n;
}

/* ---- tests ---- */

static void a_proxied_record_is_served(void **state)
{
	(void)state;
	struct zone_row zone = make_zone("example.com");
	struct record_row a, b, c;
	struct name_row name;
	struct order_row order;

	assert_int_equal(zone.status, ZONE_STATUS_ACTIVE);
	assert_int_equal(add_record(&zone, RECORD_A, "www", "93.184.216.34", false, &a), 0);
	assert_false(served("www.example.com", &name));
	assert_int_equal(add_record(&zone, RECORD_A, "www", "93.184.216.35", true, &b), 0);
	assert_true(served("www.example.com", &name));
	assert_true(ordered("www.example.com", &order));
	assert_int_equal(order.state, ORDER_NEW);
	struct id first = name.origin;
	assert_int_equal(add_record(&zone, RECORD_AAAA, "www", "2606:4700::1111", true, &c), 0);
	assert_true(served("www.example.com", &name));
	assert_false(id_eq(&first, &name.origin));
	assert_int_equal(count("select count(*) from origin"), 1);
	assert_int_equal(drop_record(&b), 0);
	assert_int_equal(drop_record(&c), 0);
	assert_false(served("www.example.com", &name));
	assert_int_equal(count("select count(*) from origin"), 0);
	assert_true(ordered("www.example.com", &order));
	assert_int_equal(order.state, ORDER_REMOVED);
}

static void records_are_refused_with_their_codes(void **state)
{
	(void)state;
	struct zone_row zone = make_zone("example.com");
	struct record_row r;

	assert_int_equal(add_record(&zone, RECORD_A, "a", "not an address", false, &r), 9005);
	assert_int_equal(add_record(&zone, RECORD_A, "a", "::1", false, &r), 9005);
	assert_int_equal(add_record(&zone, RECORD_AAAA, "a", "1.2.3.4", false, &r), 9006);
	assert_int_equal(add_record(&zone, RECORD_CNAME, "a", "no name!", false, &r), 9007);
	assert_int_equal(add_record(&zone, RECORD_CNAME, "a", "a.example.com", false, &r), 9039);
	assert_int_equal(add_record(&zone, RECORD_A, "a", "127.0.0.1", true, &r), 9041);
	assert_int_equal(add_record(&zone, RECORD_A, "a b", "1.2.3.4", false, &r), 9000);
	assert_int_equal(add_record(&zone, RECORD_A, "a", "127.0.0.1", false, &r), 0);
	assert_int_equal(add_record(&zone, RECORD_A, "a", "127.0.0.1", false, &r), 81058);
	assert_int_equal(add_record(&zone, RECORD_CNAME, "a", "b.example.net", false, &r), 81053);
	assert_int_equal(add_record(&zone, RECORD_CNAME, "c", "b.example.net", false, &r), 0);
	assert_int_equal(add_record(&zone, RECORD_A, "c", "1.2.3.4", false, &r), 81054);
	assert_int_equal(add_record(&zone, RECORD_A, "@", "1.2.3.4", true, &r), 0);
	assert_true(slice_eq_str(r.name, "example.com"));
	assert_int_equal(add_record(&zone, RECORD_A, "*", "1.2.3.4", true, &r), 0);
	assert_true(slice_eq_str(r.name, "*.example.com"));
}

static void certificates_come_and_go(void **state)
{
	(void)state;
	struct zone_row zone = make_zone("example.com");
	struct hostname_row h;
	struct name_row name;
	struct fail f = FAIL_INIT;
	int looked;

	assert_int_equal(add_hostname(&zone, "shop.test", "o.example.net", &h), 0);
	assert_int_equal(h.status, HOSTNAME_ACTIVE);
	struct id old = give_certificate("shop.test", STAMP_MINUTE);
	assert_true(served("shop.test", &name));
	assert_int_equal(name.record.count, 1);
	struct id fresh = give_certificate("shop.test", STAMP_DAY);
	assert_true(served("shop.test", &name));
	assert_int_equal(name.record.count, 2);
	assert_true(id_eq(&name.record.candidates[0].cert, &fresh));
	assert_true(id_eq(&name.record.candidates[1].cert, &old));

	act.now += 2 * STAMP_MINUTE; /* the old one has ended */
	begin();
	must_be(certificate_sweep(tx, &act, 10, &looked, &f), &f);
	commit();
	assert_int_equal(looked, 1);
	assert_true(served("shop.test", &name));
	assert_int_equal(name.record.count, 1);
	assert_int_equal(count("select count(*) from key_pair"), 1);

	act.now += 2 * STAMP_DAY; /* nothing valid is left: the least bad stays */
	begin();
	must_be(certificate_sweep(tx, &act, 10, &looked, &f), &f);
	commit();
	assert_true(served("shop.test", &name));
	assert_int_equal(name.record.count, 1);

	begin();
	must_be(hostname_delete(tx, &act, &zone.id, &h.id, &f), &f);
	commit();
	begin();
	must_be(certificate_sweep(tx, &act, 10, &looked, &f), &f);
	commit();
	assert_int_equal(count("select count(*) from certificate"), 0);
	assert_int_equal(count("select count(*) from key_pair"), 0);
	assert_int_equal(count("select count(*) from chain"), 0);
	assert_int_equal(count("select count(*) from origin"), 0);
}

/* The certificate of who held the name before is never listed for who holds it now. */
static void another_account_starts_anew(void **state)
{
	(void)state;
	struct zone_row zone = make_zone("one.example"), other_zone;
	struct account_row other = { .name = slice_lit("other") };
	struct zone_row want = { .name = slice_lit("two.example") };
	struct hostname_row h, h2;
	struct name_row name;
	struct order_row order;
	struct fail f = FAIL_INIT;

	begin();
	must_be(account_create(tx, &act, &other, &other, &f), &f);
	want.account = other.id;
	must_be(zone_create(tx, &act, &want, &other_zone, &f), &f);
	commit();
	assert_int_equal(add_hostname(&zone, "shop.test", "o.example.net", &h), 0);
	(void)give_certificate("shop.test", STAMP_DAY);
	assert_int_equal(add_hostname(&other_zone, "shop.test", "o.example.net", &h2), 0);
	assert_int_equal(h2.status, HOSTNAME_PENDING);

	begin(); /* the other account's proof is seen */
	must_be(hostname_activate(tx, &act, &h2.id, &h2, &f), &f);
	commit();
	assert_true(served("shop.test", &name));
	assert_true(id_eq(&name.account, &other.id));
	assert_int_equal(name.record.count, 0);
	assert_true(ordered("shop.test", &order));
	assert_true(id_eq(&order.account, &other.id));
	begin();
	must_be(hostname_find(tx, &arena, &zone.id, &h.id, &h, &f), &f);
	commit();
	assert_int_equal(h.status, HOSTNAME_MOVED);
}

static void a_txt_zone_waits_for_its_proof(void **state)
{
	(void)state;
	struct record_row r;
	struct name_row name;
	struct fail f = FAIL_INIT;

	config.activation = ACTIVATION_TXT;
	struct zone_row zone = make_zone("example.com");
	assert_int_equal(zone.status, ZONE_STATUS_PENDING);
	assert_int_equal(add_record(&zone, RECORD_A, "www", "93.184.216.34", true, &r), 0);
	assert_false(served("www.example.com", &name));
	begin();
	must_be(zone_activate(tx, &act, &zone.id, false, &zone, &f), &f);
	commit();
	assert_int_equal(zone.status, ZONE_STATUS_PENDING);
	begin();
	must_be(zone_activate(tx, &act, &zone.id, true, &zone, &f), &f);
	commit();
	assert_int_equal(zone.status, ZONE_STATUS_ACTIVE);
	assert_true(served("www.example.com", &name));
}

static void a_proven_zone_is_taken_over(void **state)
{
	(void)state;
	struct zone_row mine = make_zone("example.com"), theirs;
	struct account_row other = { .name = slice_lit("other") };
	struct zone_row want = { .name = slice_lit("example.com") };
	struct record_row r;
	struct name_row name;
	struct fail f = FAIL_INIT;

	assert_int_equal(add_record(&mine, RECORD_A, "www", "93.184.216.34", true, &r), 0);
	begin();
	must_be(account_create(tx, &act, &other, &other, &f), &f);
	want.account = other.id;
	must_be(zone_create(tx, &act, &want, &theirs, &f), &f);
	commit();
	assert_int_equal(theirs.status, ZONE_STATUS_PENDING);
	assert_int_equal(add_record(&theirs, RECORD_A, "www", "93.184.216.99", true, &r), 0);
	begin();
	must_be(zone_activate(tx, &act, &theirs.id, true, &theirs, &f), &f);
	must_be(zone_find(tx, &arena, &mine.id, &mine, &f), &f);
	commit();
	assert_int_equal(theirs.status, ZONE_STATUS_ACTIVE);
	assert_int_equal(mine.status, ZONE_STATUS_MOVED);
	assert_true(served("www.example.com", &name));
	assert_true(id_eq(&name.zone, &theirs.id));
}

/* A fallback origin and custom_origin_server name records of the zone, and follow them. */
static void origins_follow_their_record(void **state)
{
	(void)state;
	struct zone_row zone = make_zone("saas.example");
	struct origin_want fallback = { .host = slice_lit("origin.saas.example") };
	struct hostname_row h;
	struct record_row r;
	struct name_row served_row, own;
	struct fail f = FAIL_INIT;

	begin();
	assert_int_equal(outcome(zone_fallback_put(tx, &act, &zone.id, &fallback, &zone, &f), &f),
			 1421);
	assert_int_equal(add_record(&zone, RECORD_A, "origin", "93.184.216.34", true, &r), 0);
	begin();
	fail_clear(&f);
	must_be(zone_fallback_put(tx, &act, &zone.id, &fallback, &zone, &f), &f);
	commit();

	struct hostname_row want = { .zone = zone.id,
				     .name = slice_lit("shop.test"),
				     .origin_server = slice_lit("origin.saas.example") };
	begin();
	must_be(hostname_create(tx, &act, &want, &h, &f), &f);
	commit();
	r.content = slice_lit("93.184.216.77");
	begin();
	must_be(record_replace(tx, &act, &r, &r, &f), &f);
	must_be(zone_find(tx, &arena, &zone.id, &zone, &f), &f);
	commit();
	assert_true(served("shop.test", &served_row));
	assert_true(served("origin.saas.example", &own));
	assert_true(id_eq(&served_row.origin, &own.origin));
	assert_true(id_eq(&zone.fallback_origin, &own.origin));
	assert_int_equal(count("select count(*) from origin"), 1);
	assert_int_equal(count("select refs from origin"),
			 4); /* name, fallback, hostname, its name */
}

static void a_large_zone_goes_in_parts(void **state)
{
	(void)state;
	struct zone_row zone = make_zone("example.com");
	struct fail f = FAIL_INIT;
	struct record_row r;
	bool more = true;
	int parts = 0;

	for (int i = 0; i < 450; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "h%d", i);
		assert_int_equal(add_record(&zone, RECORD_A, name, "93.184.216.34", true, &r), 0);
	}
	int64_t before = count("select seq from change_head");
	begin();
	must_be(zone_delete(tx, &act, &zone.id, &f), &f);
	commit();
	assert_true(count("select seq from change_head") - before <= 1000);
	assert_int_equal(count("select count(*) from name"), 250);
	begin();
	fail_clear(&f);
	assert_int_equal(zone_find(tx, &arena, &zone.id, &zone, &f), -1);
	assert_int_equal(f.code, 1001);
	commit();
	for (; more; parts++) {
		begin();
		must_be(zone_work(tx, &act, &more, &f), &f);
		commit();
	}
	assert_true(parts >= 2);
	assert_int_equal(count("select count(*) from zone"), 0);
	assert_int_equal(count("select count(*) from name"), 0);
	assert_int_equal(count("select count(*) from origin"), 0);
}

static void the_change_log_loses_only_its_beginning(void **state)
{
	(void)state;
	struct zone_row zone = make_zone("example.com");
	struct fail f = FAIL_INIT;
	struct record_row r;
	int64_t n;

	for (int i = 0; i < 10; i++) {
		char name[16];

		if (i == 5)
			act.now -= STAMP_DAY; /* the clock jumps back */
		(void)snprintf(name, sizeof name, "h%d", i);
		assert_int_equal(add_record(&zone, RECORD_A, name, "93.184.216.34", true, &r), 0);
	}
	begin();
	must_be(change_forget(tx, act.now + 1, &n, &f), &f);
	commit();
	assert_int_equal(count("select max(seq) - min(seq) + 1 - count(*) from change"), 0);
	begin();
	must_be(change_forget(tx, act.now + 10 * STAMP_DAY, &n, &f), &f);
	commit();
	assert_int_equal(count("select count(*) from change"), 1);
}

static void tokens_are_stored_as_hashes(void **state)
{
	(void)state;
	struct token_row want = { .account = account,
				  .name = slice_lit("t"),
				  .access = TOKEN_WRITE },
			 t;
	char text[TOKEN_TEXT], rolled[TOKEN_TEXT];
	uint8_t hash[TOKEN_HASH];
	struct fail f = FAIL_INIT;

	begin();
	must_be(token_create(tx, &act, &want, &t, text, &f), &f);
	token_hash(slice_str(text), hash);
	must_be(token_find_hash(tx, &arena, hash, &t, &f), &f);
	must_be(token_roll(tx, &act, &t.id, rolled, &f), &f);
	assert_string_not_equal(text, rolled);
	assert_int_equal(token_find_hash(tx, &arena, hash, &t, &f), -1);
	assert_int_equal(f.kind, FAIL_ABSENT);
	commit();
	assert_int_equal(count("select count(*) from audit where value_after like '%cfat_%'"), 0);
}

/* ---- replay equals snapshot ---- */

struct follower {
	struct replica_writer *writer;
	struct replica_state state;
};

static bool follow_change(void *arg, const struct feed_change *c)
{
	struct follower *fo = arg;
	struct fail f = FAIL_INIT;
	enum replica_table t = (enum replica_table)c->kind;

	assert_int_equal(c->seq, fo->state.seq + 1);
	assert_int_equal(c->prev, fo->state.heads[c->shard]);
	must_be(c->tombstone ? replica_del(fo->writer, t, c->key, &f)
			     : replica_put(fo->writer, t, c->key, c->value, &f),
		&f);
	fo->state.seq = c->seq;
	fo->state.heads[c->shard] = c->seq;
	return true;
}

static void follow(struct follower *fo)
{
	struct replica_state truth;
	struct fail f = FAIL_INIT;
	uint64_t oldest;

	begin();
	must_be(change_state(tx, &truth, &oldest, &f), &f);
	fo->state.epoch = truth.epoch;
	must_be(replica_write_begin(fo->writer, &f), &f);
	must_be(change_each(tx, fo->state.seq, 1 << 20, follow_change, fo, &f), &f);
	must_be(replica_write_commit(fo->writer, &fo->state, &f), &f);
	commit();
	assert_memory_equal(&truth, &fo->state, sizeof truth);
}

struct loading {
	struct replica_writer *writer;
	enum replica_table table;
	struct buf last;
};

static bool load_record(void *arg, struct slice key, struct slice value)
{
	struct loading *l = arg;
	struct fail f = FAIL_INIT;

	must_be(replica_put(l->writer, l->table, key, value, &f), &f);
	buf_clear(&l->last);
	buf_add(&l->last, key);
	return true;
}

static void load_kind(struct loading *l, const struct kind *k)
{
	struct fail f = FAIL_INIT;
	size_t n = 1;

	l->table = k->table;
	buf_clear(&l->last);
	while (n > 0)
		must_be(kind_page(tx, k, buf_slice(&l->last), 7, load_record, l, &n, &f), &f);
}

static void snapshot(struct replica_writer *w)
{
	struct loading l = { .writer = w };
	struct replica_state state;
	struct fail f = FAIL_INIT;
	uint64_t oldest;

	begin();
	must_be(change_state(tx, &state, &oldest, &f), &f);
	must_be(replica_load_begin(w, &f), &f);
	must_be(replica_write_begin(w, &f), &f);
	for (size_t i = 0; i < kind_count; i++)
		load_kind(&l, &kinds[i]);
	must_be(replica_write_commit(w, NULL, &f), &f);
	must_be(replica_load_end(w, &state, &f), &f);
	commit();
	buf_free(&l.last);
}

static void digest_of(const char *path, uint8_t out[32])
{
	struct fail f = FAIL_INIT;
	struct replica *r;

	must_be(replica_open_reader(&r, path, &f), &f);
	replica_digest(r, out);
	replica_close(r);
}

/* What the random walk has made and may change again. */
static struct {
	struct zone_row zones[4];
	bool zone_there[4];
	struct record_row records[64];
	bool record_there[64];
	struct hostname_row hostnames[32];
	bool hostname_there[32];
} made;

static unsigned dice(unsigned below)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % below;
}

static const char *name_of(const char *prefix, unsigned i, const char *suffix)
{
	return arena_printf(&arena, "%s%u%s", prefix, i, suffix);
}

static void edit_zone(unsigned i)
{
	struct zone_row *z = &made.zones[i];
	struct fail f = FAIL_INIT;

	if (!made.zone_there[i]) {
		*z = make_zone(name_of("zone", i, ".example"));
		made.zone_there[i] = true;
		return;
	}
	begin();
	if (dice(8) == 0) {
		must_be(zone_delete(tx, &act, &z->id, &f), &f);
		made.zone_there[i] = false;
	} else if (dice(2) == 0) {
		z->paused = !z->paused;
		must_be(zone_replace(tx, &act, z, z, &f), &f);
	} else {
		const char *mode = dice(2) == 0 ? "\"flexible\"" : "\"strict\"";
		must_be(zone_setting_put(tx, &act, &z->id, zone_setting_named(slice_lit("ssl")),
					 slice_str(mode), &f),
			&f);
	}
	commit();
}

static void edit_record(unsigned i)
{
	struct record_row *r = &made.records[i];
	unsigned z = i % 4;
	char address[32];

	(void)snprintf(address, sizeof address, "93.184.216.%u", dice(20));
	if (!made.zone_there[z]) {
		made.record_there[i] = false;
	} else if (!made.record_there[i] || dice(3) == 0) {
		/* It may be refused: there already, or a custom hostname. */
		int code = add_record(&made.zones[z], RECORD_A, name_of("r", i % 8, ""), address,
				      dice(3) > 0, r);
		made.record_there[i] = code == 0;
	} else if (dice(2) == 0) {
		(void)drop_record(r);
		made.record_there[i] = false;
	} else {
		struct fail f = FAIL_INIT;

		r->content = arena_copy(&arena, slice_str(address));
		r->proxied = dice(2) == 0;
		begin();
		(void)outcome(record_replace(tx, &act, r, r, &f), &f);
	}
}

static void edit_hostname(unsigned i)
{
	struct hostname_row *h = &made.hostnames[i];
	unsigned z = i % 4;
	struct fail f = FAIL_INIT;

	if (!made.zone_there[z]) {
		made.hostname_there[i] = false;
	} else if (!made.hostname_there[i]) {
		made.hostname_there[i] =
			add_hostname(&made.zones[z], name_of("shop", i, ".test"),
				     name_of("o", dice(3), ".example.net"), h) == 0;
	} else if (dice(2) == 0) {
		begin();
		made.hostname_there[i] =
			outcome(hostname_delete(tx, &act, &h->zone, &h->id, &f), &f) != 0;
	} else {
		h->ssl_wildcard = dice(2) == 0;
		h->origin.http_port = (uint16_t)(8000 + dice(3));
		begin();
		(void)outcome(hostname_replace(tx, &act, h, h, &f), &f);
	}
}

static void edit_certificates(unsigned i)
{
	const char *name = name_of("shop", i, ".test");
	struct fail f = FAIL_INIT;
	struct name_row row;
	bool more;
	int looked;

	if (served(name, &row))
		(void)give_certificate(name, dice(2) == 0 ? STAMP_MINUTE : STAMP_DAY);
	if (dice(4) == 0)
		act.now += STAMP_HOUR;
	begin();
	must_be(certificate_sweep(tx, &act, 20, &looked, &f), &f);
	must_be(zone_work(tx, &act, &more, &f), &f);
	commit();
}

static void replay_equals_snapshot(void **state)
{
	(void)state;
	struct follower replay = { 0 };
	struct replica_writer *loaded;
	struct fail f = FAIL_INIT;
	uint8_t a[32], b[32];

	assert_int_equal(mkdir("replay", 0700) | mkdir("loaded", 0700), 0);
	must_be(replica_open_writer(&replay.writer, "replay", 64 << 20, &f), &f);
	must_be(replica_open_writer(&loaded, "loaded", 64 << 20, &f), &f);
	for (unsigned step = 0; step < 600; step++) {
		unsigned what = dice(20);

		if (what == 0)
			edit_zone(dice(4));
		else if (what < 8)
			edit_record(dice(64));
		else if (what < 15)
			edit_hostname(dice(32));
		else
			edit_certificates(dice(32));
		if (step % 60 != 59)
			continue;
		follow(&replay);
		snapshot(loaded);
		digest_of("replay", a);
		digest_of("loaded", b);
		assert_memory_equal(a, b, sizeof a);
	}
	assert_true(count("select count(*) from name") > 10); /* the walk went somewhere */
	assert_true(count("select count(*) from certificate") > 10);
	assert_true(count("select seq from change_head") > 500);
	replica_close_writer(replay.writer);
	replica_close_writer(loaded);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_proxied_record_is_served),
		TEST(records_are_refused_with_their_codes),
		TEST(certificates_come_and_go),
		TEST(another_account_starts_anew),
		TEST(a_txt_zone_waits_for_its_proof),
		TEST(a_proven_zone_is_taken_over),
		TEST(origins_follow_their_record),
		TEST(a_large_zone_goes_in_parts),
		TEST(the_change_log_loses_only_its_beginning),
		TEST(tokens_are_stored_as_hashes),
		TEST(replay_equals_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
