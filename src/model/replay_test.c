/* A random walk edits the truth. After each stretch two replicas are held against each other: one
 * fed by change records, one loaded from a snapshot. */
#include "model/truth_fixture.h"

#include "model/certificate.h"
#include "model/change.h"
#include "model/kind.h"
#include "model/zone_setting.h"
#include "run/replica/replica.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

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
	fx_ok(c->tombstone ? replica_del(fo->writer, t, c->key, &f)
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

	fx_begin();
	fx_ok(change_state(fx.tx, &truth, &oldest, &f), &f);
	fo->state.epoch = truth.epoch;
	fx_ok(replica_write_begin(fo->writer, &f), &f);
	fx_ok(change_each(fx.tx, fo->state.seq, 1 << 20, follow_change, fo, &f), &f);
	fx_ok(replica_write_commit(fo->writer, &fo->state, &f), &f);
	fx_commit();
	assert_memory_equal(&truth, &fo->state, sizeof(truth));
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

	fx_ok(replica_put(l->writer, l->table, key, value, &f), &f);
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
		fx_ok(kind_page(fx.tx, k, buf_slice(&l->last), 7, load_record, l, &n, &f), &f);
}

static void snapshot(struct replica_writer *w)
{
	struct loading l = { .writer = w };
	struct replica_state state;
	struct fail f = FAIL_INIT;
	uint64_t oldest;

	fx_begin();
	fx_ok(change_state(fx.tx, &state, &oldest, &f), &f);
	fx_ok(replica_load_begin(w, &f), &f);
	fx_ok(replica_write_begin(w, &f), &f);
	for (size_t i = 0; i < kind_count; i++)
		load_kind(&l, &kinds[i]);
	fx_ok(replica_write_commit(w, NULL, &f), &f);
	fx_ok(replica_load_end(w, &state, &f), &f);
	fx_commit();
	buf_free(&l.last);
}

static void digest_of(const char *path, uint8_t out[32])
{
	struct fail f = FAIL_INIT;
	struct replica *r;

	fx_ok(replica_open_reader(&r, path, &f), &f);
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
	return arena_printf(&fx.arena, "%s%u%s", prefix, i, suffix);
}

static void edit_zone(unsigned i)
{
	struct zone_row *z = &made.zones[i];
	struct fail f = FAIL_INIT;

	if (!made.zone_there[i]) {
		*z = fx_zone(name_of("zone", i, ".example"));
		made.zone_there[i] = true;
		return;
	}
	fx_begin();
	if (dice(8) == 0) {
		fx_ok(zone_delete(fx.tx, &fx.act, &z->id, &f), &f);
		made.zone_there[i] = false;
	} else if (dice(2) == 0) {
		z->paused = !z->paused;
		fx_ok(zone_replace(fx.tx, &fx.act, z, z, &f), &f);
	} else {
		const char *mode = dice(2) == 0 ? "\"flexible\"" : "\"strict\"";
		fx_ok(zone_setting_put(fx.tx, &fx.act, &z->id, zone_setting_named(slice_lit("ssl")),
				       slice_str(mode), &f),
		      &f);
	}
	fx_commit();
}

static void edit_record(unsigned i)
{
	struct record_row *r = &made.records[i];
	unsigned z = i % 4;
	char address[32];

	(void)snprintf(address, sizeof(address), "93.184.216.%u", dice(20));
	if (!made.zone_there[z]) {
		made.record_there[i] = false;
	} else if (!made.record_there[i] || dice(3) == 0) {
		/* It may be refused: there already, or a custom hostname. */
		int code = fx_record(&made.zones[z], RECORD_A, name_of("r", i % 8, ""), address,
				     dice(3) > 0, r);
		made.record_there[i] = code == 0;
	} else if (dice(2) == 0) {
		(void)fx_drop_record(r);
		made.record_there[i] = false;
	} else {
		struct fail f = FAIL_INIT;

		r->content = arena_copy(&fx.arena, slice_str(address));
		r->proxied = dice(2) == 0;
		fx_begin();
		(void)fx_outcome(record_replace(fx.tx, &fx.act, r, r, &f), &f);
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
		made.hostname_there[i] = fx_hostname(&made.zones[z], name_of("shop", i, ".test"),
						     name_of("o", dice(3), ".example.net"), h) == 0;
	} else if (dice(2) == 0) {
		fx_begin();
		made.hostname_there[i] =
			fx_outcome(hostname_delete(fx.tx, &fx.act, &h->zone, &h->id, &f), &f) != 0;
	} else {
		h->ssl_wildcard = dice(2) == 0;
		h->origin.http_port = (uint16_t)(8000 + dice(3));
		fx_begin();
		(void)fx_outcome(hostname_replace(fx.tx, &fx.act, h, h, &f), &f);
	}
}

static void edit_certificates(unsigned i)
{
	const char *name = name_of("shop", i, ".test");
	struct fail f = FAIL_INIT;
	struct name_row row;
	bool more;
	int looked;

	if (fx_served(name, &row))
		(void)fx_certificate(name, dice(2) == 0 ? STAMP_MINUTE : STAMP_DAY);
	if (dice(4) == 0)
		fx.act.now += STAMP_HOUR;
	fx_begin();
	fx_ok(certificate_sweep(fx.tx, &fx.act, 20, &looked, &f), &f);
	fx_ok(zone_work(fx.tx, &fx.act, &more, &f), &f);
	fx_commit();
}

static void replay_equals_snapshot(void **state)
{
	(void)state;
	struct follower replay = { 0 };
	struct replica_writer *loaded;
	struct fail f = FAIL_INIT;
	uint8_t a[32], b[32];

	assert_int_equal(mkdir("replay", 0700) | mkdir("loaded", 0700), 0);
	fx_ok(replica_open_writer(&replay.writer, "replay", 64 << 20, &f), &f);
	fx_ok(replica_open_writer(&loaded, "loaded", 64 << 20, &f), &f);
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
		assert_memory_equal(a, b, sizeof(a));
	}
	assert_true(fx_count("select count(*) from name") > 10); /* the walk went somewhere */
	assert_true(fx_count("select count(*) from certificate") > 10);
	assert_true(fx_count("select seq from change_head") > 500);
	replica_close_writer(replay.writer);
	replica_close_writer(loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(replay_equals_snapshot, fx_enter, fx_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
