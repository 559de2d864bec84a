#include "role/ca/store.h"

static const char *const version_1[] = {
	"create table authority ("
	" id bytea primary key,"
	" kind text not null,"
	" root bytea not null,"
	" root_key bytea not null,"
	" intermediate bytea not null,"
	" intermediate_key bytea not null,"
	" created_at bigint not null)",

	"create table issued ("
	" order_id bytea primary key,"
	" authority_id bytea not null references authority (id),"
	" serial bytea not null unique,"
	" asked bytea not null,"
	" leaf bytea not null,"
	" not_after bigint not null,"
	" issued_at bigint not null,"
	" revoked_at bigint,"
	" revocation_reason bigint)",

	"create index issued_by_end on issued (not_after)",
	NULL,
};

const struct sql_migration ca_migrations[] = {
	{ 1, version_1 },
};
const size_t ca_migration_count = sizeof(ca_migrations) / sizeof(*ca_migrations);

static const struct sql_stmt authority_insert = {
	"insert into authority (id, kind, root, root_key, intermediate, intermediate_key, "
	"created_at) "
	"values ($1, $2, $3, $4, $5, $6, $7)"
};
static const struct sql_stmt authority_all = {
	"select id, kind, root, root_key, intermediate, intermediate_key, created_at "
	"from authority order by created_at, id"
};
static const struct sql_stmt authority_rewrap = {
	"update authority set root_key = $2, intermediate_key = $3 where id = $1"
};
static const struct sql_stmt issued_insert = {
	"insert into issued (order_id, authority_id, serial, asked, leaf, not_after, issued_at) "
	"values ($1, $2, $3, $4, $5, $6, $7)"
};
static const struct sql_stmt issued_find = {
	"select authority_id, serial, asked, leaf, not_after, issued_at "
	"from issued where order_id = $1"
};
static const struct sql_stmt issued_revoke = {
	"update issued set revoked_at = coalesce(revoked_at, $2), "
	"revocation_reason = coalesce(revocation_reason, $3) where order_id = $1"
};
static const struct sql_stmt issued_forget = { "delete from issued where not_after < $1" };

const struct sql_stmt *const ca_statements[] = {
	&authority_insert, &authority_all, &authority_rewrap, &issued_insert,
	&issued_find,      &issued_revoke, &issued_forget,    NULL,
};

int ca_authority_insert(struct sql_tx *tx, const struct ca_authority_row *row, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &authority_insert);
	sql_bind_id(&q, 1, &row->id);
	sql_bind_text(&q, 2, row->kind);
	sql_bind_blob(&q, 3, row->root);
	sql_bind_blob(&q, 4, row->root_key);
	sql_bind_blob(&q, 5, row->intermediate);
	sql_bind_blob(&q, 6, row->intermediate_key);
	sql_bind_i64(&q, 7, row->created_at);
	return sql_end(&q, f);
}

int ca_authority_all(struct sql_tx *tx, struct arena *a, struct ca_authority_row *out, size_t max,
		     size_t *count, struct fail *f)
{
	struct sql_query q;
	size_t n = 0;

	sql_start(&q, tx, &authority_all);
	for (; sql_row(&q); n++) {
		if (n == max)
			continue;
		sql_id(&q, 0, &out[n].id);
		out[n].kind = arena_copy(a, sql_text(&q, 1));
		out[n].root = arena_copy(a, sql_blob(&q, 2));
		out[n].root_key = arena_copy(a, sql_blob(&q, 3));
		out[n].intermediate = arena_copy(a, sql_blob(&q, 4));
		out[n].intermediate_key = arena_copy(a, sql_blob(&q, 5));
		out[n].created_at = sql_i64(&q, 6);
	}
	if (sql_end(&q, f) < 0)
		return -1;
	if (n > max)
		return fail(f, FAIL_LIMIT, "%zu authorities are more than the %zu that one ca has",
			    n, max);
	*count = n;
	return 0;
}

int ca_authority_rewrap(struct sql_tx *tx, const struct ca_authority_row *row, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &authority_rewrap);
	sql_bind_id(&q, 1, &row->id);
	sql_bind_blob(&q, 2, row->root_key);
	sql_bind_blob(&q, 3, row->intermediate_key);
	return sql_end(&q, f);
}

int ca_issued_insert(struct sql_tx *tx, const struct ca_issued_row *row, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &issued_insert);
	sql_bind_id(&q, 1, &row->order);
	sql_bind_id(&q, 2, &row->authority);
	sql_bind_blob(&q, 3, row->serial);
	sql_bind_blob(&q, 4, row->asked);
	sql_bind_blob(&q, 5, row->leaf);
	sql_bind_i64(&q, 6, row->not_after);
	sql_bind_i64(&q, 7, row->issued_at);
	return sql_end(&q, f);
}

int ca_issued_find(struct sql_tx *tx, const struct id *order, struct arena *a,
		   struct ca_issued_row *out, struct fail *f)
{
	struct sql_query q;
	int found = 0;

	sql_start(&q, tx, &issued_find);
	sql_bind_id(&q, 1, order);
	if (sql_row(&q)) {
		found = 1;
		out->order = *order;
		sql_id(&q, 0, &out->authority);
		out->serial = arena_copy(a, sql_blob(&q, 1));
		out->asked = arena_copy(a, sql_blob(&q, 2));
		out->leaf = arena_copy(a, sql_blob(&q, 3));
		out->not_after = sql_i64(&q, 4);
		out->issued_at = sql_i64(&q, 5);
	}
	return sql_end(&q, f) < 0 ? -1 : found;
}

int ca_issued_revoke(struct sql_tx *tx, const struct id *order, int reason, stamp at,
		     struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &issued_revoke);
	sql_bind_id(&q, 1, order);
	sql_bind_i64(&q, 2, at);
	sql_bind_i64(&q, 3, reason);
	if (sql_end(&q, f) < 0)
		return -1;
	return sql_changes(tx) > 0;
}

int ca_issued_forget(struct sql_tx *tx, stamp before, int64_t *count, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &issued_forget);
	sql_bind_i64(&q, 1, before);
	if (sql_end(&q, f) < 0)
		return -1;
	*count = sql_changes(tx);
	return 0;
}
