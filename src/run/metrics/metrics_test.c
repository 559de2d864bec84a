#include "run/metrics/metrics_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static struct metrics_page *page;
static int fd;

static int make(void **state)
{
	(void)state;
	page = metrics_create(&fd);
	return 0;
}

static void name_slot(size_t slot, const char *role)
{
	struct process_row *row = metrics_process(page, slot);

	snprintf(row->role, sizeof(row->role), "%s", role);
	row->state = PROCESS_READY;
}

static void test_figures_reach_the_reader(void **state)
{
	const struct metrics_page *seen = metrics_map(fd);
	struct buf out = BUF_INIT;

	(void)state;
	name_slot(3, "ca");
	assert_non_null(metrics_attach(fd, 3));
	metrics_add(METRIC_log_dropped, 2);
	metrics_add(METRIC_log_dropped, 5);
	metrics_set(METRIC_started, 1700000000);
	assert_non_null(seen);
	metrics_render(seen, &out);
	assert_non_null(strstr(buf_str(&out),
			       "everseal_log_lines_dropped_total{role=\"ca\",slot=\"0\"} 7\n"));
	assert_non_null(strstr(buf_str(&out), "# TYPE everseal_log_lines_dropped_total counter\n"));
	assert_non_null(strstr(buf_str(&out), "everseal_process_up{role=\"ca\",slot=\"0\"} 1\n"));
	assert_null(strstr(buf_str(&out), "role=\"\""));
	buf_free(&out);
}

static void test_counters_go_on_and_gauges_begin_anew(void **state)
{
	(void)state;
	assert_non_null(metrics_attach(fd, 4));
	metrics_add(METRIC_log_dropped, 1);
	metrics_set(METRIC_started, 7);
	assert_non_null(metrics_attach(fd, 5));
	assert_int_equal(metrics_get(METRIC_log_dropped), 0);
	assert_non_null(metrics_attach(fd, 4));
	assert_int_equal(metrics_get(METRIC_log_dropped), 1);
	assert_int_equal(metrics_get(METRIC_started), 0);
}

static void test_other_files_are_refused(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_null(metrics_map(ends[0]));
	assert_null(metrics_attach(ends[0], 0));
	assert_null(metrics_attach(fd, METRICS_SLOTS));
	close(ends[0]);
	close(ends[1]);
}

/* Names, sentences and neighbours are what Prometheus and people rely on. */
static void test_rows_are_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < metric_row_count; i++) {
		const struct metric_row *row = &metric_rows[i];

		assert_true(slice_starts(slice_str(row->name), slice_lit("everseal_")));
		assert_true(slice_ends(slice_str(row->help), slice_lit(".")));
		if (row->kind == METRIC_KIND_COUNTER)
			assert_true(slice_ends(slice_str(row->name), slice_lit("_total")));
		for (size_t j = 0; j + 1 < i; j++)
			if (strcmp(metric_rows[j].name, row->name) == 0)
				assert_string_equal(metric_rows[i - 1].name, row->name);
	}
}

static void test_states_have_names(void **state)
{
	(void)state;
	assert_string_equal(process_state_name(PROCESS_READY), "ready");
	assert_string_equal(process_state_name(PROCESS_STOPPED), "stopped");
	assert_string_equal(process_state_name(99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures_reach_the_reader),
		cmocka_unit_test(test_counters_go_on_and_gauges_begin_anew),
		cmocka_unit_test(test_other_files_are_refused),
		cmocka_unit_test(test_rows_are_well_formed),
		cmocka_unit_test(test_states_have_names),
	};

	return cmocka_run_group_tests(tests, make, NULL);
}
