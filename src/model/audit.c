#include "model/audit.h"

#include "model/row.h"
#include "run/random/random.h"

#include <stdlib.h>

void audit_set(json_t *object, const char *key, struct slice text)
{
	json_t *value = text.p == NULL ? json_null() : json_stringn((const char *)text.p, text.n);

	(void)json_object_set_new(object, key, value == NULL ? json_null() : value);
}

void audit_set_id(json_t *object, const char *key, const struct id *id)
{
	char hex[ID_HEX + 1];

	id_hex(id, hex);
	(void)json_object_set_new(object, key, id_is_zero(id) ? json_null() : json_string(hex));
}

void audit_set_int(json_t *object, const char *key, int64_t n)
{
	(void)json_object_set_new(object, key, json_integer(n));
}

void audit_set_bool(json_t *object, const char *key, bool b)
{
	(void)json_object_set_new(object, key, json_boolean(b));
}

struct slice audit_json(struct arena *a, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	must(text != NULL);
	struct slice out = arena_copy(a, slice_str(text));
	free(text);
	json_decref(object);
	return out;
}

static const struct sql_stmt audit_insert = {
	"insert into audit (id, at, token, account, zone, address, action, object_kind, object,"
	" object_name, value_before, value_after)"
	" values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
};

int audit_append(struct sql_tx *tx, const struct act *act, const struct audit_note *note,
		 struct fail *f)
{
	struct sql_query q;
	struct id id;

	random_id(&id);
	sql_start(&q, tx, &audit_insert);
	sql_bind_id(&q, 1, &id);
	sql_bind_i64(&q, 2, act->now);
	row_bind_id(&q, 3, &act->token);
	row_bind_id(&q, 4, &note->account);
	row_bind_id(&q, 5, &note->zone);
	sql_bind_text(&q, 6, slice_str(act->address == NULL ? "" : act->address));
	sql_bind_text(&q, 7, slice_str(note->action));
	sql_bind_text(&q, 8, slice_str(note->object_kind));
	row_bind_id(&q, 9, &note->object);
	row_bind_text(&q, 10, note->object_name);
	row_bind_text(&q, 11, note->before);
	row_bind_text(&q, 12, note->after);
	return sql_end(&q, f);
}

static const struct sql_stmt audit_of_account = {
	"select id, at, token, account, zone, address, action, object_kind, object, object_name,"
	" value_before, value_after from audit where account = $1 and at < $2 order by at desc"
};

int audit_each(struct sql_tx *tx, const struct id *account, stamp before, audit_each_f *each,
	       void *arg, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &audit_of_account);
	sql_bind_id(&q, 1, account);
	sql_bind_i64(&q, 2, before);
	while (sql_row(&q)) {
		struct audit_row row = { .at = sql_i64(&q, 1) };

		sql_id(&q, 0, &row.id);
		sql_id(&q, 2, &row.token);
		sql_id(&q, 3, &row.account);
		sql_id(&q, 4, &row.zone);
		row.address = row_text(&q, 5, NULL);
		row.action = row_text(&q, 6, NULL);
		row.object_kind = row_text(&q, 7, NULL);
		sql_id(&q, 8, &row.object);
		row.object_name = row_text(&q, 9, NULL);
		row.before = row_text(&q, 10, NULL);
		row.after = row_text(&q, 11, NULL);
		if (!each(arg, &row))
			break;
	}
	return sql_end(&q, f);
}

static const struct sql_stmt audit_cut = {
	"delete from audit where id in (select id from audit where at < $1 order by at limit 5000)"
};

int audit_forget(struct sql_tx *tx, stamp before, int64_t *n, struct fail *f)
{
	return row_forget(tx, &audit_cut, before, n, f);
}

const struct sql_stmt *const audit_statements[] = { &audit_insert, &audit_of_account, &audit_cut,
						    NULL };
