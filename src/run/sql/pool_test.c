#include "run/loop/loop.h"
#include "run/sql/sql_priv.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define JOBS 100

static char folder[] = "/tmp/everseal-pool-XXXXXX";
static struct loop loop;
static struct sql_pool *pool;

static const char *const schema[] = { "create table n (v bigint primary key, pad text)", NULL };
static const struct sql_migration migrations[] = { { 1, schema } };
static const struct sql_stmt insert = { "insert into n (v, pad) values ($1, $2)" };
static const struct sql_stmt total = { "select count(*), coalesce(sum(v), 0) from n" };

struct job {
	struct sql_job sql;
	int64_t v;
	int64_t count, sum;
	int result;
	int calls;
	int order;
	struct fail why;
};

static int finished, wanted;
static struct job *again; /* submitted from inside a done() */

static int enter(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	struct sql_config config = { .file = "t.db", .create = true, .queue_max = JOBS };
	struct sql *db;
	assert_int_equal(sql_open(&db, &config, NULL), 0);
	assert_int_equal(sql_migrate(db, migrations, 1, NULL, NULL, NULL), 0);
	sql_close(db);
	loop_init(&loop);
	finished = 0;
	return sql_pool_open(&pool, &loop, &config, NULL);
}

static int leave(void **state)
{
	(void)state;
	sql_pool_close(pool);
	loop_fini(&loop);
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") == 0 ? system(command) : -1;
}

static int run_insert(struct sql_tx *tx, struct sql_job *sql, struct fail *f)
{
	struct job *j = container_of(sql, struct job, sql);
	struct sql_query q;
	char pad[512];

	memset(pad, 'x', sizeof(pad));
	sql_start(&q, tx, &insert);
	sql_bind_i64(&q, 1, j->v);
	sql_bind_text(&q, 2, slice_of(pad, sizeof(pad)));
	return sql_end(&q, f);
}

/* Writes, then finds that it must not. */
static int run_insert_and_refuse(struct sql_tx *tx, struct sql_job *sql, struct fail *f)
{
	if (run_insert(tx, sql, f) < 0)
		return -1;
	return fail_code(f, FAIL_DENIED, 0, "not you");
}

static int run_total(struct sql_tx *tx, struct sql_job *sql, struct fail *f)
{
	struct job *j = container_of(sql, struct job, sql);
	struct sql_query q;

	sql_start(&q, tx, &total);
	if (sql_row(&q)) {
		j->count = sql_i64(&q, 0);
		j->sum = sql_i64(&q, 1);
	}
	return sql_end(&q, f);
}

static void on_done(struct sql_job *sql, int result, const struct fail *f)
{
	struct job *j = container_of(sql, struct job, sql);

	j->result = result;
	j->calls++;
	j->order = finished++;
	j->why = *f;
	if (again != NULL) {
		struct job *next = again;
		again = NULL;
		sql_submit(pool, SQL_WRITE, &next->sql);
	}
	if (finished == wanted)
		loop_stop(&loop);
}

static void submit(struct job *j, enum sql_mode mode,
		   int (*run)(struct sql_tx *, struct sql_job *, struct fail *), int64_t v)
{
	*j = (struct job){ .sql = { .run = run, .done = on_done }, .v = v };
	sql_submit(pool, mode, &j->sql);
}

static void wait_for(int n)
{
	wanted = finished + n;
	loop_run(&loop);
}

static int64_t rows(void)
{
	struct job j;

	submit(&j, SQL_READ, run_total, 0);
	wait_for(1);
	assert_int_equal(j.result, 0);
	return j.count;
}

static void commits_in_groups_and_in_order(void **state)
{
	(void)state;
	static struct job jobs[JOBS];
	for (int i = 0; i < JOBS; i++)
		submit(&jobs[i], SQL_WRITE, run_insert, i);
	assert_int_equal(finished, 0);
	wait_for(JOBS);
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].result, 0);
		assert_int_equal(jobs[i].order, i);
	}
	assert_int_equal(rows(), JOBS);
	struct sql_pool_stats stats;
	sql_pool_stats(pool, &stats);
	assert_int_equal(stats.jobs, JOBS);
	assert_true(stats.commits < JOBS / 2);
	assert_int_equal(stats.waiting, 0);
}

static void a_job_that_fails_harms_no_neighbour(void **state)
{
	(void)state;
	struct job jobs[5];
	submit(&jobs[0], SQL_WRITE, run_insert, 1);
	submit(&jobs[1], SQL_WRITE, run_insert_and_refuse, 2);
	submit(&jobs[2], SQL_WRITE, run_insert, 1);
	submit(&jobs[3], SQL_WRITE, run_insert, 2);
	submit(&jobs[4], SQL_WRITE, run_insert, 3);
	wait_for(5);
	assert_int_equal(jobs[0].result, 0);
	assert_int_equal(jobs[1].result, -1);
	assert_int_equal(jobs[1].why.kind, FAIL_DENIED);
	assert_int_equal(jobs[2].result, -1);
	assert_int_equal(jobs[2].why.kind, FAIL_CONFLICT);
	assert_int_equal(jobs[3].result, 0);
	assert_int_equal(jobs[4].result, 0);
	assert_int_equal(rows(), 3);
}

static void refuses_beyond_the_queue_through_done(void **state)
{
	(void)state;
	static struct job jobs[3 * JOBS];
	for (int i = 0; i < 3 * JOBS; i++)
		submit(&jobs[i], SQL_WRITE, run_insert, i);
	assert_int_equal(finished, 0);
	wait_for(3 * JOBS);
	int good = 0;
	for (int i = 0; i < 3 * JOBS; i++) {
		good += jobs[i].result == 0;
		if (jobs[i].result < 0)
			assert_int_equal(jobs[i].why.kind, FAIL_UNAVAILABLE);
	}
	assert_true(good >= JOBS);
	assert_int_equal(rows(), good);
}

static void a_done_may_submit(void **state)
{
	(void)state;
	struct job one, two = { .sql = { .run = run_insert, .done = on_done }, .v = 2 };
	again = &two;
	submit(&one, SQL_WRITE, run_insert, 1);
	wait_for(2);
	assert_int_equal(two.result, 0);
	assert_int_equal(rows(), 2);
}

static void readers_do_not_write(void **state)
{
	(void)state;
	struct job j;
	submit(&j, SQL_READ, run_insert, 1);
	wait_for(1);
	assert_int_equal(j.result, -1);
	assert_int_equal(rows(), 0);
}

/* ---- the disk is full, then it is not ---- */

static int run_limit(struct sql_tx *tx, struct sql_job *sql, struct fail *f)
{
	struct job *j = container_of(sql, struct job, sql);
	char text[64];

	snprintf(text, sizeof(text), "pragma max_page_count = %d", (int)j->v);
	return sql_run_lite(tx->db, text) == SQLITE_OK ? 0 : fail_code(f, FAIL_SYSTEM, 0, "pragma");
}

/* Sends n writes at once; how many were answered with success. The others say it clearly. */
static int burst(int n, int from)
{
	static struct job jobs[JOBS];
	int good = 0;

	for (int i = 0; i < n; i++)
		submit(&jobs[i], SQL_WRITE, run_insert, from + i);
	wait_for(n);
	for (int i = 0; i < n; i++) {
		assert_int_equal(jobs[i].calls, 1);
		if (jobs[i].result < 0)
			assert_int_equal(jobs[i].why.kind, FAIL_UNAVAILABLE);
		good += jobs[i].result == 0;
	}
	return good;
}

static void set_limit(int pages)
{
	struct job j;

	submit(&j, SQL_WRITE, run_limit, pages);
	wait_for(1);
	assert_int_equal(j.result, 0);
}

static void a_full_disk_is_said_and_survived(void **state)
{
	(void)state;
	int good = burst(10, 0);
	assert_int_equal(good, 10);
	set_limit(8);
	for (int i = 1; i < 20; i++)
		good += burst(10, i * 10);
	assert_true(good < 200);
	assert_int_equal(rows(), good);
	set_limit(1000000);
	assert_int_equal(burst(50, 1000), 50);
	assert_int_equal(rows(), good + 50);
}

static void set_file_limit(rlim_t bytes)
{
	struct rlimit now;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &now), 0);
	now.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
}

static void a_failing_disk_is_said_and_survived(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	int good = burst(10, 0);
	assert_int_equal(good, 10);
	set_file_limit(48 * 1024);
	for (int i = 1; i < 20; i++)
		good += burst(10, i * 10);
	assert_true(good < 200);
	assert_int_equal(rows(), good);
	set_file_limit(RLIM_INFINITY);
	assert_int_equal(burst(50, 1000), 50);
	assert_int_equal(rows(), good + 50);
}

static void closing_finishes_what_was_submitted(void **state)
{
	(void)state;
	static struct job jobs[20];
	wanted = -1;
	for (int i = 0; i < 20; i++)
		submit(&jobs[i], SQL_WRITE, run_insert, i);
	struct job late = { .sql = { .run = run_insert, .done = on_done }, .v = 99 };
	again = &late;
	sql_pool_close(pool);
	for (int i = 0; i < 20; i++)
		assert_int_equal(jobs[i].result, 0);
	assert_int_equal(late.calls, 1);
	assert_int_equal(late.result, -1);
	pool = NULL;
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(commits_in_groups_and_in_order),
		TEST(a_job_that_fails_harms_no_neighbour),
		TEST(refuses_beyond_the_queue_through_done),
		TEST(a_done_may_submit),
		TEST(readers_do_not_write),
		TEST(a_full_disk_is_said_and_survived),
		TEST(a_failing_disk_is_said_and_survived),
		TEST(closing_finishes_what_was_submitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
