#include "model/token.h"

#include "base/text.h"
#include "model/audit.h"
#include "model/row.h"
#include "proto/crypto/crypto.h"
#include "run/random/random.h"

#define COLUMNS                                                                                    \
	"id, account, zone, hash, name, access, status, not_before, expires_at, last_used_at,"     \
	" created_at, modified_at"

enum token_status token_status_at(const struct token_row *t, stamp now)
{
	if (t->status != TOKEN_ACTIVE)
		return t->status;
	if ((t->expires_at != 0 && now >= t->expires_at) || now < t->not_before)
		return TOKEN_EXPIRED;
	return TOKEN_ACTIVE;
}

bool token_allows(const struct token_row *t, const struct id *account, const struct id *zone,
		  enum token_access access)
{
	bool own_zone = id_is_zero(&t->zone) || id_eq(&t->zone, zone);

	if (!id_eq(&t->account, account) || access > t->access)
		return false;
	return own_zone || (id_is_zero(zone) && access == TOKEN_READ);
}

void token_hash(struct slice text, uint8_t out[TOKEN_HASH])
{
	crypto_sha256(text, out);
}

/* 40 characters of an alphabet of 64: 240 random bits. */
static void token_text(char text[TOKEN_TEXT])
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	static const char prefix[] = "cfat_";
	size_t n = sizeof(prefix) - 1;
	uint8_t bytes[40];

	random_bytes(bytes, sizeof(bytes));
	memcpy(text, prefix, n);
	for (size_t i = 0; i < sizeof(bytes); i++)
		text[n++] = alphabet[bytes[i] & 63];
	text[n] = '\0';
}

static void token_read(struct sql_query *q, struct arena *a, struct token_row *out)
{
	struct slice hash = sql_blob(q, 3);

	must(hash.n == TOKEN_HASH);
	memcpy(out->hash, hash.p, TOKEN_HASH);
	sql_id(q, 0, &out->id);
	sql_id(q, 1, &out->account);
	sql_id(q, 2, &out->zone);
	out->name = row_text(q, 4, a);
	out->access = (enum token_access)sql_i64(q, 5);
	out->status = (enum token_status)sql_i64(q, 6);
	out->not_before = sql_i64(q, 7);
	out->expires_at = sql_i64(q, 8);
	out->last_used_at = sql_i64(q, 9);
	out->created_at = sql_i64(q, 10);
	out->modified_at = sql_i64(q, 11);
}

static struct slice token_json(const struct token_row *t, struct arena *a)
{
	json_t *o = json_object();

	audit_set(o, "name", t->name);
	audit_set_id(o, "zone", &t->zone);
	audit_set_bool(o, "write", t->access == TOKEN_WRITE);
	audit_set_bool(o, "active", t->status == TOKEN_ACTIVE);
	audit_set_int(o, "not_before", t->not_before);
	audit_set_int(o, "expires_at", t->expires_at);
	return audit_json(a, o);
}

static int token_note(struct sql_tx *tx, const struct act *act, const char *action,
		      const struct token_row *was, const struct token_row *is, struct fail *f)
{
	const struct token_row *t = is == NULL ? was : is;
	struct audit_note note = { .action = action,
				   .object_kind = "token",
				   .object = t->id,
				   .object_name = t->name,
				   .account = t->account,
				   .zone = t->zone };

	note.before = was == NULL ? SLICE_NONE : token_json(was, act->arena);
	note.after = is == NULL ? SLICE_NONE : token_json(is, act->arena);
	return audit_append(tx, act, &note, f);
}

static const struct sql_stmt zone_account = { "select count(*) from zone where id = $1"
					      " and account = $2" };

static int token_check(struct sql_tx *tx, const struct token_row *want, struct fail *f)
{
	struct sql_query q;

	if (want->name.n == 0 || want->name.n > TOKEN_NAME_MAX)
		return fail(f, FAIL_INPUT, "a token's name has 1 to %d bytes", TOKEN_NAME_MAX);
	if (want->expires_at != 0 && want->expires_at <= want->not_before)
		return fail(f, FAIL_INPUT, "the token would end before it begins");
	if (id_is_zero(&want->zone))
		return 0;
	sql_start(&q, tx, &zone_account);
	sql_bind_id(&q, 1, &want->zone);
	sql_bind_id(&q, 2, &want->account);
	bool own = sql_row(&q) && sql_i64(&q, 0) > 0;
	if (sql_end(&q, f) < 0)
		return -1;
	return own ? 0 : fail(f, FAIL_INPUT, "the account has no zone of this id");
}

static const struct sql_stmt token_insert = {
	"insert into token (" COLUMNS ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
};

static int token_write(struct sql_tx *tx, const struct token_row *t, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &token_insert);
	sql_bind_id(&q, 1, &t->id);
	sql_bind_id(&q, 2, &t->account);
	row_bind_id(&q, 3, &t->zone);
	sql_bind_blob(&q, 4, slice_of(t->hash, TOKEN_HASH));
	sql_bind_text(&q, 5, t->name);
	sql_bind_i64(&q, 6, t->access);
	sql_bind_i64(&q, 7, t->status);
	sql_bind_i64(&q, 8, t->not_before);
	sql_bind_i64(&q, 9, t->expires_at);
	sql_bind_i64(&q, 10, t->last_used_at);
	sql_bind_i64(&q, 11, t->created_at);
	sql_bind_i64(&q, 12, t->modified_at);
	return sql_end(&q, f);
}

int token_create(struct sql_tx *tx, struct act *act, const struct token_row *want,
		 struct token_row *out, char text[TOKEN_TEXT], struct fail *f)
{
	if (token_check(tx, want, f) < 0)
		return -1;
	*out = *want;
	out->name = arena_copy(act->arena, want->name);
	out->status = TOKEN_ACTIVE;
	out->last_used_at = 0;
	out->created_at = act->now;
	out->modified_at = act->now;
	random_id(&out->id);
	token_text(text);
	token_hash(slice_str(text), out->hash);
	if (token_write(tx, out, f) < 0)
		return -1;
	return token_note(tx, act, "token.create", NULL, out, f);
}

static const struct sql_stmt token_by_id = { "select " COLUMNS " from token where id = $1" };
static const struct sql_stmt token_by_hash = { "select " COLUMNS " from token where hash = $1" };

static int token_one(struct sql_query *q, struct arena *a, struct token_row *out, struct fail *f)
{
	bool found = sql_row(q);

	if (found)
		token_read(q, a, out);
	if (sql_end(q, f) < 0)
		return -1;
	return found ? 0 : fail(f, FAIL_ABSENT, "there is no such token");
}

int token_find(struct sql_tx *tx, struct arena *a, const struct id *id, struct token_row *out,
	       struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &token_by_id);
	sql_bind_id(&q, 1, id);
	return token_one(&q, a, out, f);
}

int token_find_hash(struct sql_tx *tx, struct arena *a, const uint8_t hash[TOKEN_HASH],
		    struct token_row *out, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &token_by_hash);
	sql_bind_blob(&q, 1, slice_of(hash, TOKEN_HASH));
	return token_one(&q, a, out, f);
}

static const struct sql_stmt token_set_hash = {
	"update token set hash = $2, modified_at = $3 where id = $1"
};

int token_roll(struct sql_tx *tx, struct act *act, const struct id *id, char text[TOKEN_TEXT],
	       struct fail *f)
{
	struct token_row t;
	struct sql_query q;

	if (token_find(tx, act->arena, id, &t, f) < 0)
		return -1;
	token_text(text);
	token_hash(slice_str(text), t.hash);
	sql_start(&q, tx, &token_set_hash);
	sql_bind_id(&q, 1, id);
	sql_bind_blob(&q, 2, slice_of(t.hash, TOKEN_HASH));
	sql_bind_i64(&q, 3, act->now);
	if (sql_end(&q, f) < 0)
		return -1;
	return token_note(tx, act, "token.roll", &t, &t, f);
}

static const struct sql_stmt token_update = {
	"update token set name = $2, zone = $3, access = $4, status = $5, not_before = $6,"
	" expires_at = $7, modified_at = $8 where id = $1"
};

int token_replace(struct sql_tx *tx, struct act *act, const struct token_row *want,
		  struct token_row *out, struct fail *f)
{
	struct token_row was;
	struct sql_query q;

	if (token_find(tx, act->arena, &want->id, &was, f) < 0)
		return -1;
	*out = was;
	out->name = arena_copy(act->arena, want->name);
	out->zone = want->zone;
	out->access = want->access;
	out->status = want->status == TOKEN_DISABLED ? TOKEN_DISABLED : TOKEN_ACTIVE;
	out->not_before = want->not_before;
	out->expires_at = want->expires_at;
	out->modified_at = act->now;
	if (token_check(tx, out, f) < 0)
		return -1;
	sql_start(&q, tx, &token_update);
	sql_bind_id(&q, 1, &out->id);
	sql_bind_text(&q, 2, out->name);
	row_bind_id(&q, 3, &out->zone);
	sql_bind_i64(&q, 4, out->access);
	sql_bind_i64(&q, 5, out->status);
	sql_bind_i64(&q, 6, out->not_before);
	sql_bind_i64(&q, 7, out->expires_at);
	sql_bind_i64(&q, 8, out->modified_at);
	if (sql_end(&q, f) < 0)
		return -1;
	return token_note(tx, act, "token.update", &was, out, f);
}

static const struct sql_stmt token_remove = { "delete from token where id = $1" };

int token_delete(struct sql_tx *tx, struct act *act, const struct id *id, struct fail *f)
{
	struct token_row was;

	if (token_find(tx, act->arena, id, &was, f) < 0 ||
	    row_exec_id(tx, &token_remove, id, f) < 0)
		return -1;
	return token_note(tx, act, "token.delete", &was, NULL, f);
}

static const struct sql_stmt token_touch = {
	"update token set last_used_at = $2 where id = $1 and last_used_at < $2"
};

int token_used(struct sql_tx *tx, const struct id *id, stamp now, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &token_touch);
	sql_bind_id(&q, 1, id);
	sql_bind_i64(&q, 2, now - now % STAMP_HOUR);
	return sql_end(&q, f);
}

static const struct sql_stmt token_of_account = {
	"select " COLUMNS " from token where account = $1 order by name, id"
};

int token_each(struct sql_tx *tx, const struct id *account, token_each_f *each, void *arg,
	       struct fail *f)
{
	struct token_row row;
	struct sql_query q;

	sql_start(&q, tx, &token_of_account);
	sql_bind_id(&q, 1, account);
	while (sql_row(&q)) {
		token_read(&q, NULL, &row);
		if (!each(arg, &row))
			break;
	}
	return sql_end(&q, f);
}

const struct sql_stmt *const token_statements[] = {
	&zone_account, &token_insert, &token_by_id, &token_by_hash,    &token_set_hash,
	&token_update, &token_remove, &token_touch, &token_of_account, NULL,
};
