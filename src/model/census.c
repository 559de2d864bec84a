#include "model/census.h"

#include "model/row.h"
#include "run/sql/sql.h"

static const struct sql_stmt counts = {
	"select (select count(*) from zone), (select count(*) from hostname),"
	" (select count(*) from name), (select count(*) from certificate),"
	" (select count(*) from cert_order where state < 4),"
	" (select count(*) from cert_order where state < 4 and attempts > 0)"
};

int census_take(struct sql_tx *tx, struct census *out, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &counts);
	if (sql_row(&q))
		*out = (struct census){ sql_i64(&q, 0), sql_i64(&q, 1), sql_i64(&q, 2),
					sql_i64(&q, 3), sql_i64(&q, 4), sql_i64(&q, 5) };
	return sql_end(&q, f);
}

static const struct sql_stmt keks = {
	"select kek, count(*), min(created_at) from key_pair group by kek order by 3"
};

int census_keks(struct sql_tx *tx, census_kek_f *each, void *arg, struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &keks);
	while (sql_row(&q)) {
		struct id kek;
		sql_id(&q, 0, &kek);
		each(arg, &kek, sql_i64(&q, 1), sql_i64(&q, 2));
	}
	return sql_end(&q, f);
}

const struct sql_stmt *const census_statements[] = { &counts, &keks, NULL };
