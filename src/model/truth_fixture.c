#include "model/truth_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/account.h"
#include "model/certificate.h"
#include "model/change.h"
#include "model/key_store.h"
#include "model/schema.h"
#include "proto/crypto/crypto.h"

struct fixture fx;

void fx_ok(int r, const struct fail *f)
{
	if (r < 0)
		print_error("%d %s\n", f->code, f->words);
	assert_int_equal(r, 0);
}

void fx_begin(void)
{
	struct fail f = FAIL_INIT;

	fx_ok(sql_begin(fx.db, SQL_WRITE, &fx.tx, &f), &f);
	fx.act.seq = 0;
	fx.act.ordered = false;
	fx.act.now += 1000;
}

void fx_commit(void)
{
	struct fail f = FAIL_INIT;

	fx_ok(sql_commit(fx.tx, &f), &f);
}

int fx_enter(void **state)
{
	static const uint8_t kek[KEYRING_KEY] = { 1 };
	struct account_row row = { .name = slice_lit("test") };
	struct sql_config file = { .file = "truth.db", .create = true };
	struct fail f = FAIL_INIT;

	(void)state;
	strcpy(fx.folder, "/tmp/everseal-model-XXXXXX");
	assert_non_null(mkdtemp(fx.folder));
	assert_int_equal(chdir(fx.folder), 0);
	fx_ok(sql_open(&fx.db, &file, &f), &f);
	fx_ok(sql_migrate(fx.db, schema_migrations, schema_migration_count, NULL, NULL, &f), &f);
	fx.ring = keyring_new(kek, 0);
	fx.config = (struct model_config){ .leaf_lifetime = STAMP_DAY };
	fx.act = (struct act){ .arena = &fx.arena, .config = &fx.config, .now = 1000000 };
	fx_begin();
	fx_ok(change_new_epoch(fx.tx, &f), &f);
	fx_ok(account_create(fx.tx, &fx.act, &row, &row, &f), &f);
	fx.account = row.id;
	fx_commit();
	return 0;
}

int fx_leave(void **state)
{
	char command[128];

	(void)state;
	sql_close(fx.db);
	keyring_free(fx.ring);
	arena_free(&fx.arena);
	(void)snprintf(command, sizeof(command), "rm -rf %s", fx.folder);
	return chdir("/") == 0 ? system(command) : -1;
}

/* ---- short words for operations ---- */

struct zone_row fx_zone(const char *name)
{
	struct zone_row want = { .account = fx.account, .name = slice_str(name) }, out;
	struct fail f = FAIL_INIT;

	fx_begin();
	fx_ok(zone_create(fx.tx, &fx.act, &want, &out, &f), &f);
	fx_commit();
	return out;
}

/* The code it was refused with, 0 when it was not, -1 when there is no code. */
int fx_outcome(int r, const struct fail *f)
{
	if (r < 0) {
		sql_rollback(fx.tx);
		return f->code == 0 ? -1 : f->code;
	}
	fx_commit();
	return 0;
}

int fx_record(const struct zone_row *zone, enum record_type type, const char *name,
	      const char *content, bool proxied, struct record_row *out)
{
	struct record_row want = { .zone = zone->id,
				   .type = type,
				   .name = slice_str(name),
				   .content = slice_str(content),
				   .ttl = 1,
				   .proxied = proxied };
	struct fail f = FAIL_INIT;

	fx_begin();
	return fx_outcome(record_create(fx.tx, &fx.act, &want, out, &f), &f);
}

int fx_drop_record(const struct record_row *r)
{
	struct fail f = FAIL_INIT;

	fx_begin();
	return fx_outcome(record_delete(fx.tx, &fx.act, &r->zone, &r->id, &f), &f);
}

int fx_hostname(const struct zone_row *zone, const char *name, const char *origin,
		struct hostname_row *out)
{
	struct hostname_row want = { .zone = zone->id,
				     .name = slice_str(name),
				     .has_ssl = true,
				     .ssl_method = slice_lit("http"),
				     .ssl_type = slice_lit("dv"),
				     .origin = { .host = slice_str(origin) } };
	struct fail f = FAIL_INIT;

	fx_begin();
	return fx_outcome(hostname_create(fx.tx, &fx.act, &want, out, &f), &f);
}

bool fx_served(const char *name, struct name_row *out)
{
	struct fail f = FAIL_INIT;

	fx_begin();
	int r = name_find(fx.tx, &fx.arena, slice_str(name), out, &f);
	fx_commit();
	return r == 0;
}

bool fx_ordered(const char *name, struct order_row *out)
{
	struct fail f = FAIL_INIT;

	fx_begin();
	int r = order_latest(fx.tx, &fx.arena, slice_str(name), out, &f);
	fx_commit();
	return r == 0;
}

/* A certificate as an issuer would give it; only its bytes are not one. */
struct id fx_certificate(const char *name, stamp life)
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

	assert_true(fx_served(name, &served_row));
	fx_begin();
	fx_ok(key_make(fx.ring, &pub, &wrapped, &f), &f);
	fx_ok(key_store_put(fx.tx, &fx.act, &served_row.zone, buf_slice(&wrapped), &pub, &f), &f);
	crypto_random(row.id.b, ID_LEN);
	row.zone = served_row.zone;
	row.account = served_row.account;
	row.key = pub.id;
	row.not_before = fx.act.now;
	row.not_after = fx.act.now + life;
	row.created_at = fx.act.now;
	fx_ok(certificate_store(fx.tx, &fx.act, &row, &chain, &f), &f);
	fx_commit();
	buf_free(&wrapped);
	return row.id;
}

int64_t fx_count(const char *text)
{
	struct sql_stmt *stmt = arena_new(&fx.arena, struct sql_stmt);
	struct fail f = FAIL_INIT;
	struct sql_query q;

	stmt->text = text;
	fx_begin();
	sql_start(&q, fx.tx, stmt);
	int64_t n = sql_row(&q) ? sql_i64(&q, 0) : -1;
	fx_ok(sql_end(&q, &f), &f);
	fx_commit();
	return n;
}
