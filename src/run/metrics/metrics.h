/* run/metrics.h: figures in one page of shared memory, a slot per process, written without locks
 * by the slot's owner and read by whoever has the page mapped (control renders /metrics; `everseal
 * status` reads the process table).
 *
 *	metrics_add(METRIC_log_dropped, 1);
 *	metrics_observe(HISTOGRAM_request, clock_micros() - began);
 *
 * Counters live in the page, so they go on over restarts of a process. Rows: run/metrics/rows.h.
 * Before metrics_attach() figures go to a page of the process's own.
 */
#pragma once

#include "base/buf.h"
#include "base/stamp.h"

enum metric {
#define METRIC_COUNTER(role, id, name, labels, help) METRIC_##id,
#define METRIC_GAUGE(role, id, name, labels, help)   METRIC_##id,
#define METRIC_HISTOGRAM(role, id, name, labels, help)
#include "run/metrics/rows.h"
#undef METRIC_COUNTER
#undef METRIC_GAUGE
#undef METRIC_HISTOGRAM
	METRIC_COUNT
};

enum histogram {
#define METRIC_COUNTER(role, id, name, labels, help)
#define METRIC_GAUGE(role, id, name, labels, help)
#define METRIC_HISTOGRAM(role, id, name, labels, help) HISTOGRAM_##id,
#include "run/metrics/rows.h"
#undef METRIC_COUNTER
#undef METRIC_GAUGE
#undef METRIC_HISTOGRAM
	HISTOGRAM_COUNT
};

#define METRICS_SLOTS   80 /* processes of one machine */
#define METRICS_BUCKETS 16 /* of a histogram, the last without end */

enum process_state {
	PROCESS_NONE,     /* the row is not in use */
	PROCESS_STARTING, /* started, has not said ready */
	PROCESS_READY,
	PROCESS_DRAINING, /* finishes what it has and ends */
	PROCESS_WAITING,  /* died; started again after a pause */
	PROCESS_STOPPED,
};

/* One process, written by the supervisor (sandbox: by the process itself, once). */
struct process_row {
	char role[16];
	int32_t slot; /* of the role: 0 .. */
	int32_t pid;
	int32_t state; /* enum process_state */
	uint32_t restarts;
	stamp started;
	char sandbox[1024]; /* what it is locked into, "name: words" lines */
	char ended[128];    /* how the process before it ended, "" when there was none */
};

struct metrics_page;

/* The page in a memory file of its own (the supervisor makes it); fd is passed to the roles. */
struct metrics_page *metrics_create(int *fd);

/* Maps the whole page to read it; NULL when fd is not one of this build. */
const struct metrics_page *metrics_map(int fd);

/* From now on the figures of this process are those of the slot; gauges begin at 0. Only the slot
 * is mapped: a process cannot touch the figures of another once fd is closed. Returns the row of
 * the process in the process table, or NULL when fd is not such a page. */
struct process_row *metrics_attach(int fd, size_t slot);

/* The row of a slot, for the supervisor, and for whoever shows them. */
struct process_row *metrics_process(struct metrics_page *page, size_t slot);
const struct process_row *metrics_process_read(const struct metrics_page *page, size_t slot);

const char *process_state_name(int32_t state);

void metrics_add(enum metric m, uint64_t n);
void metrics_set(enum metric m, uint64_t v);
uint64_t metrics_get(enum metric m);
void metrics_observe(enum histogram h, uint64_t micros);

/* Prometheus text (version 0.0.4) of every slot in use, with labels role and slot. */
void metrics_render(const struct metrics_page *page, struct buf *out);
