#include "run/sql/sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

static char folder[] = "/tmp/everseal-sql-XXXXXX";

static const char *const first[] = {
	"create table thing (id bytea primary key, name text not null unique, n bigint)", NULL
};
static const char *const second[] = { "alter table thing add column note text",
				      "create index thing_n on thing (n)", NULL };
static const char *const broken[] = { "create table other (x bigint)", "create nonsense", NULL };

static const struct sql_migration migrations[] = { { 1, first }, { 2, second }, { 3, broken } };

static const struct sql_stmt insert = { "insert into thing (id, name, n) values ($1, $2, $3)" };
static const struct sql_stmt by_name = { "select id, n, name from thing where name = $1" };
static const struct sql_stmt all = { "select name from thing order by name" };
static const struct sql_stmt set_n = { "update thing set n = $2 where name = $1" };
static const struct sql_stmt wrong = { "select \"no such column\" from thing" };

static int enter(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") == 0 ? system(command) : -1;
}

static struct sql *open_at(size_t version)
{
	struct fail f = FAIL_INIT;
	struct sql *db = NULL;
	struct sql_config config = { .file = "t.db", .create = true };

	assert_int_equal(sql_open(&db, &config, &f), 0);
	assert_int_equal(sql_migrate(db, migrations, version, NULL, NULL, &f), 0);
	return db;
}

static struct sql_tx *begin(struct sql *db)
{
	struct sql_tx *tx;

	assert_int_equal(sql_begin(db, SQL_WRITE, &tx, NULL), 0);
	return tx;
}

static int add(struct sql_tx *tx, uint8_t id, const char *name, int64_t n, struct fail *f)
{
	struct id it = { { id } };
	struct sql_query q;

	sql_start(&q, tx, &insert);
	sql_bind_id(&q, 1, &it);
	sql_bind_text(&q, 2, slice_str(name));
	sql_bind_i64(&q, 3, n);
	return sql_end(&q, f);
}

static int64_t count(struct sql_tx *tx)
{
	struct sql_query q;
	int64_t n = 0;

	for (sql_start(&q, tx, &all); sql_row(&q);)
		n++;
	assert_int_equal(sql_end(&q, NULL), 0);
	return n;
}

static void check_rewrite(const char *text, const char *want)
{
	struct buf out = BUF_INIT;

	sql_rewrite(text, &out);
	assert_string_equal(buf_str(&out), want);
	buf_free(&out);
}

static void rewrites_parameters_and_nothing_else(void **state)
{
	(void)state;
	check_rewrite("", "");
	check_rewrite("select $1, $22", "select ?1, ?22");
	check_rewrite("a = $1and b=$2", "a = ?1and b=?2");
	check_rewrite("'costs $1' || $1", "'costs $1' || ?1");
	check_rewrite("'it''s $1' || $1", "'it''s $1' || ?1");
	check_rewrite("\"odd $1 \"\" $2\" = $2", "\"odd $1 \"\" $2\" = ?2");
	check_rewrite("x -- $1 'here\n= $1", "x -- $1 'here\n= ?1");
	check_rewrite("x -- $1", "x -- $1");
	check_rewrite("/* $1 ' */ $1 /* $2", "/* $1 ' */ ?1 /* $2");
	check_rewrite("a$1 + b_$2 - $3", "a$1 + b_$2 - ?3");
	check_rewrite("'open $1", "'open $1");
	check_rewrite("$ $x 4-$1/$2", "$ $x 4-?1/?2");
}

static void keeps_types_and_null(void **state)
{
	(void)state;
	struct sql *db = open_at(1);
	struct sql_tx *tx = begin(db);
	assert_int_equal(add(tx, 7, "sev\xc3\xa9n", -5, NULL), 0);
	struct sql_query q;
	sql_start(&q, tx, &by_name);
	sql_bind_text(&q, 1, slice_str("sev\xc3\xa9n"));
	assert_true(sql_row(&q));
	struct id id;
	sql_id(&q, 0, &id);
	assert_int_equal(id.b[0], 7);
	assert_int_equal(sql_i64(&q, 1), -5);
	assert_true(slice_eq_str(sql_text(&q, 2), "sev\xc3\xa9n"));
	assert_false(sql_is_null(&q, 1));
	assert_false(sql_row(&q));
	assert_false(sql_row(&q));
	assert_int_equal(sql_end(&q, NULL), 0);
	sql_start(&q, tx, &set_n);
	sql_bind_text(&q, 1, slice_str("sev\xc3\xa9n"));
	sql_bind_null(&q, 2);
	assert_int_equal(sql_end(&q, NULL), 0);
	assert_int_equal(sql_changes(tx), 1);
	sql_start(&q, tx, &by_name);
	sql_bind_text(&q, 1, slice_str("sev\xc3\xa9n"));
	assert_true(sql_row(&q));
	assert_true(sql_is_null(&q, 1));
	assert_int_equal(sql_i64(&q, 1), 0);
	assert_int_equal(sql_end(&q, NULL), 0);
	assert_int_equal(sql_commit(tx, NULL), 0);
	sql_close(db);
}

static void tells_kinds_of_failure(void **state)
{
	(void)state;
	struct sql *db = open_at(1);
	struct sql_tx *tx = begin(db);
	struct fail f = FAIL_INIT;
	assert_int_equal(add(tx, 1, "one", 1, &f), 0);
	assert_int_equal(add(tx, 2, "one", 1, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFLICT);
	fail_clear(&f);
	assert_int_equal(sql_exec(tx, &wrong, &f), -1);
	assert_int_equal(f.kind, FAIL_SYSTEM);
	assert_int_equal(count(tx), 1);
	sql_rollback(tx);
	tx = begin(db);
	assert_int_equal(count(tx), 0);
	sql_rollback(tx);
	sql_close(db);
	struct sql_config config = { .file = "absent.db" };
	fail_clear(&f);
	assert_int_equal(sql_open(&db, &config, &f), -1);
	assert_int_equal(f.kind, FAIL_ABSENT);
}

static void runs_a_statement_inside_itself(void **state)
{
	(void)state;
	struct sql *db = open_at(1);
	struct sql_tx *tx = begin(db);
	for (uint8_t i = 0; i < 5; i++)
		assert_int_equal(add(tx, i, (char[]){ (char)('a' + i), 0 }, i, NULL), 0);
	struct sql_query q;
	int64_t rows = 0;
	for (sql_start(&q, tx, &all); sql_row(&q); rows++)
		assert_int_equal(count(tx), 5);
	assert_int_equal(sql_end(&q, NULL), 0);
	assert_int_equal(rows, 5);
	sql_rollback(tx);
	sql_close(db);
}

static void migrates_once_and_keeps_a_copy(void **state)
{
	(void)state;
	struct sql *db = open_at(1);
	struct sql_tx *tx = begin(db);
	assert_int_equal(add(tx, 1, "kept", 1, NULL), 0);
	assert_int_equal(sql_commit(tx, NULL), 0);
	assert_int_not_equal(access("t.db.v1", F_OK), 0);
	int from = -1, to = -1;
	assert_int_equal(sql_migrate(db, migrations, 2, &from, &to, NULL), 0);
	assert_int_equal(from, 1);
	assert_int_equal(to, 2);
	assert_int_equal(sql_migrate(db, migrations, 2, &from, &to, NULL), 0);
	assert_int_equal(from, 2);
	sql_close(db);
	struct sql_config copy = { .file = "t.db.v1" };
	assert_int_equal(sql_open(&db, &copy, NULL), 0);
	tx = begin(db);
	assert_int_equal(count(tx), 1);
	sql_rollback(tx);
	assert_int_equal(sql_migrate(db, migrations, 1, &from, &to, NULL), 0);
	assert_int_equal(from, 1);
	sql_close(db);
}

static void refuses_newer_and_undoes_failed_migrations(void **state)
{
	(void)state;
	struct sql *db = open_at(2);
	struct fail f = FAIL_INIT;
	assert_int_equal(sql_migrate(db, migrations, 1, NULL, NULL, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFLICT);
	assert_non_null(strstr(f.words, "version 2"));
	fail_clear(&f);
	assert_int_equal(sql_migrate(db, migrations, 3, NULL, NULL, &f), -1);
	assert_non_null(strstr(f.words, "migration to version 3"));
	int from = 0;
	assert_int_equal(sql_migrate(db, migrations, 2, &from, NULL, NULL), 0);
	assert_int_equal(from, 2);
	/* The first statement of the failed one is gone too, or this would say "exists". */
	fail_clear(&f);
	assert_int_equal(sql_migrate(db, migrations, 3, NULL, NULL, &f), -1);
	assert_non_null(strstr(f.words, "nonsense"));
	sql_close(db);
}

static void backs_up_while_open_and_finds_damage(void **state)
{
	(void)state;
	struct sql *db = open_at(1);
	struct sql_tx *tx = begin(db);
	assert_int_equal(add(tx, 1, "x", 1, NULL), 0);
	assert_int_equal(sql_commit(tx, NULL), 0);
	assert_int_equal(sql_backup(db, "copy.db", NULL), 0);
	struct fail f = FAIL_INIT;
	assert_int_equal(sql_backup(db, "copy.db", &f), -1);
	assert_int_equal(f.kind, FAIL_CONFLICT);
	sql_close(db);
	struct sql_config config = { .file = "copy.db" };
	assert_int_equal(sql_open(&db, &config, NULL), 0);
	assert_int_equal(sql_check(db, NULL), 0);
	tx = begin(db);
	assert_int_equal(count(tx), 1);
	sql_rollback(tx);
	sql_close(db);
	FILE *file = fopen("copy.db", "r+");
	assert_non_null(file);
	fseek(file, 4096, SEEK_SET);
	for (int i = 0; i < 4096; i++)
		fputc(0x5a, file);
	fclose(file);
	fail_clear(&f);
	assert_int_equal(sql_open(&db, &config, NULL), 0);
	assert_int_equal(sql_check(db, &f), -1);
	assert_non_null(strstr(f.words, "damaged"));
	sql_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rewrites_parameters_and_nothing_else),
		cmocka_unit_test_setup_teardown(keeps_types_and_null, enter, leave),
		cmocka_unit_test_setup_teardown(tells_kinds_of_failure, enter, leave),
		cmocka_unit_test_setup_teardown(runs_a_statement_inside_itself, enter, leave),
		cmocka_unit_test_setup_teardown(migrates_once_and_keeps_a_copy, enter, leave),
		cmocka_unit_test_setup_teardown(refuses_newer_and_undoes_failed_migrations, enter,
						leave),
		cmocka_unit_test_setup_teardown(backs_up_while_open_and_finds_damage, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
