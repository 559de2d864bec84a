#include "model/account.h"

#include "model/audit.h"
#include "model/row.h"
#include "run/random/random.h"

#define COLUMNS "id, name, type, created_at, modified_at"

static void account_read(struct sql_query *q, struct arena *a, struct account_row *out)
{
	sql_id(q, 0, &out->id);
	out->name = row_text(q, 1, a);
	out->type = row_text(q, 2, a);
	out->created_at = sql_i64(q, 3);
	out->modified_at = sql_i64(q, 4);
}

static struct slice account_json(const struct account_row *row, struct arena *a)
{
	json_t *o = json_object();

	audit_set(o, "name", row->name);
	audit_set(o, "type", row->type);
	return audit_json(a, o);
}

static int account_check(const struct account_row *want, struct fail *f)
{
	if (want->name.n == 0 || want->name.n > ACCOUNT_NAME_MAX)
		return fail(f, FAIL_INPUT, "an account's name has 1 to %d bytes", ACCOUNT_NAME_MAX);
	if (want->type.n != 0 && !slice_eq_str(want->type, "standard") &&
	    !slice_eq_str(want->type, "enterprise"))
		return fail(f, FAIL_INPUT, "an account's type is standard or enterprise");
	return 0;
}

static const struct sql_stmt account_insert = { "insert into account (" COLUMNS
						") values ($1, $2, $3, $4, $5)" };

int account_create(struct sql_tx *tx, struct act *act, const struct account_row *want,
		   struct account_row *out, struct fail *f)
{
	struct sql_query q;

	if (account_check(want, f) < 0)
		return -1;
	*out = (struct account_row){
		.name = arena_copy(act->arena, want->name),
		.type = want->type.n == 0 ? slice_lit("standard")
					  : arena_copy(act->arena, want->type),
		.created_at = act->now,
		.modified_at = act->now,
	};
	random_id(&out->id);
	sql_start(&q, tx, &account_insert);
	sql_bind_id(&q, 1, &out->id);
	sql_bind_text(&q, 2, out->name);
	sql_bind_text(&q, 3, out->type);
	sql_bind_i64(&q, 4, out->created_at);
	sql_bind_i64(&q, 5, out->modified_at);
	if (sql_end(&q, f) < 0)
		return -1;
	return audit_append(tx, act,
			    &(struct audit_note){ .action = "account.create",
						  .object_kind = "account",
						  .object = out->id,
						  .object_name = out->name,
						  .account = out->id,
						  .after = account_json(out, act->arena) },
			    f);
}

static const struct sql_stmt account_by_id = { "select " COLUMNS " from account where id = $1" };

int account_find(struct sql_tx *tx, struct arena *a, const struct id *id, struct account_row *out,
		 struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &account_by_id);
	sql_bind_id(&q, 1, id);
	bool found = sql_row(&q);
	if (found)
		account_read(&q, a, out);
	if (sql_end(&q, f) < 0)
		return -1;
	return found ? 0 : fail(f, FAIL_ABSENT, "there is no account of this id");
}

static const struct sql_stmt account_update = {
	"update account set name = $2, type = $3, modified_at = $4 where id = $1"
};

int account_replace(struct sql_tx *tx, struct act *act, const struct account_row *want,
		    struct account_row *out, struct fail *f)
{
	struct account_row was;
	struct sql_query q;

	if (account_check(want, f) < 0 || account_find(tx, act->arena, &want->id, &was, f) < 0)
		return -1;
	*out = was;
	out->name = arena_copy(act->arena, want->name);
	if (want->type.n != 0)
		out->type = arena_copy(act->arena, want->type);
	out->modified_at = act->now;
	sql_start(&q, tx, &account_update);
	sql_bind_id(&q, 1, &out->id);
	sql_bind_text(&q, 2, out->name);
	sql_bind_text(&q, 3, out->type);
	sql_bind_i64(&q, 4, out->modified_at);
	if (sql_end(&q, f) < 0)
		return -1;
	return audit_append(tx, act,
			    &(struct audit_note){ .action = "account.update",
						  .object_kind = "account",
						  .object = out->id,
						  .object_name = out->name,
						  .account = out->id,
						  .before = account_json(&was, act->arena),
						  .after = account_json(out, act->arena) },
			    f);
}

static const struct sql_stmt account_count = { "select count(*) from account" };
static const struct sql_stmt account_zones = { "select count(*) from zone where account = $1" };
static const struct sql_stmt account_no_tokens = { "delete from token where account = $1" };
static const struct sql_stmt account_remove = { "delete from account where id = $1" };

int account_delete(struct sql_tx *tx, struct act *act, const struct id *id, struct fail *f)
{
	struct account_row was;
	int64_t accounts, zones;

	if (account_find(tx, act->arena, id, &was, f) < 0 ||
	    row_number(tx, &account_count, NULL, &accounts, f) < 0 ||
	    row_number(tx, &account_zones, id, &zones, f) < 0)
		return -1;
	if (zones > 0)
		return fail(f, FAIL_CONFLICT, "the account has %lld zones: delete them first",
			    (long long)zones);
	if (accounts <= 1)
		return fail(f, FAIL_CONFLICT, "this is the last account: make another one first");
	if (row_exec_id(tx, &account_no_tokens, id, f) < 0 ||
	    row_exec_id(tx, &account_remove, id, f) < 0)
		return -1;
	return audit_append(tx, act,
			    &(struct audit_note){ .action = "account.delete",
						  .object_kind = "account",
						  .object = *id,
						  .object_name = was.name,
						  .account = *id,
						  .before = account_json(&was, act->arena) },
			    f);
}

static const struct sql_stmt account_all = { "select " COLUMNS " from account order by name, id" };

int account_each(struct sql_tx *tx, account_each_f *each, void *arg, struct fail *f)
{
	struct account_row row;
	struct sql_query q;

	sql_start(&q, tx, &account_all);
	while (sql_row(&q)) {
		account_read(&q, NULL, &row);
		if (!each(arg, &row))
			break;
	}
	return sql_end(&q, f);
}

const struct sql_stmt *const account_statements[] = {
	&account_insert,    &account_by_id,  &account_update, &account_count, &account_zones,
	&account_no_tokens, &account_remove, &account_all,    NULL,
};
