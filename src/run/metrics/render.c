#include <stdio.h>

#include "run/metrics/metrics_priv.h"

static bool row_applies(const struct metric_row *row, const struct process_row *process)
{
	return process->state != PROCESS_NONE &&
	       (strcmp(row->role, "any") == 0 || strcmp(row->role, process->role) == 0);
}

/* {role="edge",slot="0",labels,extra} */
static void render_labels(struct buf *out, const struct metric_row *row,
			  const struct process_row *process, const char *extra)
{
	buf_addf(out, "{role=\"%s\",slot=\"%d\"", process->role, (int)process->slot);
	if (row->labels[0] != '\0')
		buf_addf(out, ",%s", row->labels);
	buf_addf(out, "%s}", extra);
}

static void render_value(struct buf *out, const struct metric_row *row,
			 const struct metrics_slot *slot)
{
	buf_add_str(out, row->name);
	render_labels(out, row, &slot->process, "");
	buf_addf(out, " %llu\n", (unsigned long long)slot->values[row->index]);
}

static void render_bucket(struct buf *out, const struct metric_row *row,
			  const struct process_row *process, const char *end, uint64_t count)
{
	char extra[48];

	snprintf(extra, sizeof(extra), ",le=\"%s\"", end);
	buf_addf(out, "%s_bucket", row->name);
	render_labels(out, row, process, extra);
	buf_addf(out, " %llu\n", (unsigned long long)count);
}

static void render_histogram(struct buf *out, const struct metric_row *row,
			     const struct metrics_slot *slot)
{
	const struct metrics_histogram *h = &slot->histograms[row->index];
	uint64_t count = 0;
	char end[32];

	for (size_t i = 0; i < METRICS_BUCKETS - 1; i++) {
		count += h->buckets[i];
		snprintf(end, sizeof(end), "%g", (double)metrics_bounds[i] / 1e6);
		render_bucket(out, row, &slot->process, end, count);
	}
	count += h->buckets[METRICS_BUCKETS - 1];
	render_bucket(out, row, &slot->process, "+Inf", count);
	buf_addf(out, "%s_sum", row->name);
	render_labels(out, row, &slot->process, "");
	buf_addf(out, " %.6f\n%s_count", (double)h->sum / 1e6, row->name);
	render_labels(out, row, &slot->process, "");
	buf_addf(out, " %llu\n", (unsigned long long)count);
}

static void render_row(struct buf *out, const struct metric_row *row,
		       const struct metrics_page *page)
{
	for (size_t i = 0; i < METRICS_SLOTS; i++) {
		const struct metrics_slot *slot = &page->slots[i];

		if (!row_applies(row, &slot->process))
			continue;
		if (row->kind == METRIC_KIND_HISTOGRAM)
			render_histogram(out, row, slot);
		else
			render_value(out, row, slot);
	}
}

static void render_process(struct buf *out, const char *name, const struct process_row *process,
			   uint64_t value)
{
	if (process->state == PROCESS_NONE)
		return;
	buf_addf(out, "%s{role=\"%s\",slot=\"%d\"} %llu\n", name, process->role, (int)process->slot,
		 (unsigned long long)value);
}

/* What the process table knows: the same shape as the rows, without a row of its own. */
static void render_processes(struct buf *out, const struct metrics_page *page)
{
	buf_add_str(out, "# HELP everseal_process_up Whether the process is ready.\n"
			 "# TYPE everseal_process_up gauge\n");
	for (size_t i = 0; i < METRICS_SLOTS; i++)
		render_process(out, "everseal_process_up", &page->slots[i].process,
			       page->slots[i].process.state == PROCESS_READY);
	buf_add_str(out, "# HELP everseal_process_restarts_total How often it was started again.\n"
			 "# TYPE everseal_process_restarts_total counter\n");
	for (size_t i = 0; i < METRICS_SLOTS; i++)
		render_process(out, "everseal_process_restarts_total", &page->slots[i].process,
			       page->slots[i].process.restarts);
}

void metrics_render(const struct metrics_page *page, struct buf *out)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };
	const char *name = "";

	for (size_t i = 0; i < metric_row_count; i++) {
		const struct metric_row *row = &metric_rows[i];

		if (strcmp(name, row->name) != 0)
			buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help,
				 row->name, types[row->kind]);
		name = row->name;
		render_row(out, row, page);
	}
	render_processes(out, page);
}
