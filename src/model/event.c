#include "model/event.h"

#include "model/row.h"
#include "run/random/random.h"

static const struct sql_stmt event_insert = {
	"insert into event (id, at, zone, kind, name, words) values ($1, $2, $3, $4, $5, $6)"
};

int event_append(struct sql_tx *tx, const struct event_row *row, struct fail *f)
{
	struct sql_query q;
	struct id id;

	random_id(&id);
	sql_start(&q, tx, &event_insert);
	sql_bind_id(&q, 1, &id);
	sql_bind_i64(&q, 2, row->at);
	row_bind_id(&q, 3, &row->zone);
	sql_bind_text(&q, 4, row->kind);
	row_bind_text(&q, 5, row->name);
	sql_bind_text(&q, 6, row->words);
	return sql_end(&q, f);
}

static const struct sql_stmt event_of_zone = {
	"select at, zone, kind, name, words from event where zone = $1 order by at desc"
};

int event_each(struct sql_tx *tx, const struct id *zone, event_each_f *each, void *arg,
	       struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &event_of_zone);
	sql_bind_id(&q, 1, zone);
	while (sql_row(&q)) {
		struct event_row row = { .at = sql_i64(&q, 0) };

		sql_id(&q, 1, &row.zone);
		row.kind = row_text(&q, 2, NULL);
		row.name = row_text(&q, 3, NULL);
		row.words = row_text(&q, 4, NULL);
		if (!each(arg, &row))
			break;
	}
	return sql_end(&q, f);
}

static const struct sql_stmt event_cut = {
	"delete from event where id in (select id from event where at < $1 order by at limit 5000)"
};

int event_forget(struct sql_tx *tx, stamp before, int64_t *n, struct fail *f)
{
	return row_forget(tx, &event_cut, before, n, f);
}

const struct sql_stmt *const event_statements[] = { &event_insert, &event_of_zone, &event_cut,
						    NULL };
