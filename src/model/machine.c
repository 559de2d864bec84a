#include "model/machine.h"

#include "model/audit.h"
#include "model/row.h"

static const struct sql_stmt machine_insert = {
	"insert into machine (id, name, drained, epoch, seq, enrolled_at, seen_at)"
	" values ($1, $2, 0, $3, $4, $5, $6) on conflict (id) do update set name = excluded.name,"
	" seen_at = excluded.seen_at"
};

int machine_enrol(struct sql_tx *tx, const struct machine_row *row, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &machine_insert);
	sql_bind_id(&q, 1, &row->id);
	sql_bind_text(&q, 2, row->name);
	row_bind_id(&q, 3, &row->epoch);
	sql_bind_i64(&q, 4, (int64_t)row->seq);
	sql_bind_i64(&q, 5, row->enrolled_at);
	sql_bind_i64(&q, 6, row->seen_at);
	return sql_end(&q, f);
}

static const struct sql_stmt machine_set = {
	"update machine set epoch = $2, seq = $3, seen_at = $4 where id = $1"
};

int machine_report(struct sql_tx *tx, const struct machine_row *row, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &machine_set);
	sql_bind_id(&q, 1, &row->id);
	row_bind_id(&q, 2, &row->epoch);
	sql_bind_i64(&q, 3, (int64_t)row->seq);
	sql_bind_i64(&q, 4, row->seen_at);
	return sql_end(&q, f);
}

static const struct sql_stmt machine_drain = { "update machine set drained = $2 where id = $1" };

int machine_set_drained(struct sql_tx *tx, struct act *act, const struct id *id, bool drained,
			struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &machine_drain);
	sql_bind_id(&q, 1, id);
	sql_bind_i64(&q, 2, drained);
	if (sql_end(&q, f) < 0)
		return -1;
	if (sql_changes(tx) == 0)
		return fail(f, FAIL_ABSENT, "there is no machine of this id");
	return audit_append(
		tx, act,
		&(struct audit_note){ .action = drained ? "machine.drain" : "machine.undrain",
				      .object_kind = "machine",
				      .object = *id,
				      .account = act->account },
		f);
}

static const struct sql_stmt machines_all = {
	"select id, name, drained, epoch, seq, enrolled_at, seen_at from machine order by name, id"
};

int machine_each(struct sql_tx *tx, machine_each_f *each, void *arg, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &machines_all);
	while (sql_row(&q)) {
		struct machine_row row = { .name = sql_text(&q, 1),
					   .drained = sql_i64(&q, 2) != 0,
					   .seq = (uint64_t)sql_i64(&q, 4),
					   .enrolled_at = sql_i64(&q, 5),
					   .seen_at = sql_i64(&q, 6) };

		sql_id(&q, 0, &row.id);
		sql_id(&q, 3, &row.epoch);
		if (!each(arg, &row))
			break;
	}
	return sql_end(&q, f);
}

const struct sql_stmt *const machine_statements[] = { &machine_insert, &machine_set, &machine_drain,
						      &machines_all, NULL };
