/* A writer is killed at random moments; what it was told is committed must be there. */
#include "run/sql/sql.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ROUNDS 20

static const char *const schema[] = { "create table n (v bigint primary key, twice bigint)", NULL };
static const struct sql_migration migrations[] = { { 1, schema } };
static const struct sql_stmt insert = { "insert into n (v, twice) values ($1, $2)" };
static const struct sql_stmt report = { "select count(*), coalesce(max(v), 0), "
					"coalesce(sum(twice - 2 * v), 0) from n" };

static struct sql *open_db(void)
{
	struct sql_config config = { .file = "crash.db", .create = true };
	struct sql *db;

	assert_int_equal(sql_open(&db, &config, NULL), 0);
	assert_int_equal(sql_migrate(db, migrations, 1, NULL, NULL, NULL), 0);
	return db;
}

static int write_one(struct sql *db, int64_t v)
{
	struct sql_tx *tx;
	struct sql_query q;

	if (sql_begin(db, SQL_WRITE, &tx, NULL) < 0)
		return -1;
	sql_start(&q, tx, &insert);
	sql_bind_i64(&q, 1, v);
	sql_bind_i64(&q, 2, 2 * v);
	return sql_end(&q, NULL) < 0 ? -1 : sql_commit(tx, NULL);
}

/* Commits v + 1, v + 2 ... and says each on the pipe when it is told that it is durable. */
static void write_until_killed(int64_t v, int pipe_end)
{
	struct sql *db = open_db();

	while (write_one(db, ++v) == 0) {
		if (write(pipe_end, &v, sizeof(v)) != sizeof(v))
			break;
	}
	_exit(1);
}

static int64_t told_before_kill(int64_t from)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		write_until_killed(from, ends[1]);
	close(ends[1]);
	int64_t told = from, v;
	int lines = 1 + rand() % 40;
	while (lines-- > 0 && read(ends[0], &v, sizeof(v)) == sizeof(v))
		told = v;
	usleep((useconds_t)(rand() % 2000));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	while (read(ends[0], &v, sizeof(v)) == sizeof(v))
		told = v;
	close(ends[0]);
	return told;
}

static int64_t newest_whole(void)
{
	struct sql *db = open_db();
	struct sql_tx *tx;
	struct sql_query q;

	assert_int_equal(sql_check(db, NULL), 0);
	assert_int_equal(sql_begin(db, SQL_READ, &tx, NULL), 0);
	sql_start(&q, tx, &report);
	assert_true(sql_row(&q));
	int64_t newest = sql_i64(&q, 1);
	assert_int_equal(sql_i64(&q, 0), newest);
	assert_int_equal(sql_i64(&q, 2), 0);
	assert_int_equal(sql_end(&q, NULL), 0);
	sql_rollback(tx);
	sql_close(db);
	return newest;
}

static void keeps_what_was_acknowledged(void **state)
{
	(void)state;
	char folder[] = "/tmp/everseal-crash-XXXXXX";
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	int64_t newest = 0;
	for (int round = 0; round < ROUNDS; round++) {
		int64_t told = told_before_kill(newest);
		newest = newest_whole();
		assert_true(newest >= told);
		assert_true(newest <= told + 1);
	}
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(keeps_what_was_acknowledged) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
