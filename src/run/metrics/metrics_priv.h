/* run/metrics/metrics_priv.h: the layout of the page and the rows, for metrics.c and render.c. */
#pragma once

#include <stdatomic.h>

#include "run/metrics/metrics.h"

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE, METRIC_KIND_HISTOGRAM };

struct metric_row {
	enum metric_kind kind;
	size_t index; /* enum metric or enum histogram */
	const char *role;
	const char *name;
	const char *labels;
	const char *help;
};

extern const struct metric_row metric_rows[];
extern const size_t metric_row_count;

struct metrics_histogram {
	_Atomic uint64_t buckets[METRICS_BUCKETS]; /* not cumulative */
	_Atomic uint64_t sum;                      /* µs */
};

#define METRICS_MAP 4096 /* slots begin where a map can begin */

struct metrics_slot {
	_Alignas(METRICS_MAP) _Atomic uint64_t values[METRIC_COUNT];
	struct metrics_histogram histograms[HISTOGRAM_COUNT + 1];
	struct process_row process;
};

struct metrics_page {
	struct metrics_slot slots[METRICS_SLOTS];
};

/* Upper ends of the buckets in µs; the last has none. */
extern const uint64_t metrics_bounds[METRICS_BUCKETS - 1];
