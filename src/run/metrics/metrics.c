/* Each slot has one writer, so an increment is a relaxed load and store: no locked instruction on
 * the path of a request. Readers may see a figure a moment late, never torn. */
#include "run/metrics/metrics.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/must.h"
#include "run/metrics/metrics_priv.h"

#define METRIC_COUNTER(role, id, name, labels, help)                                               \
	{ METRIC_KIND_COUNTER, METRIC_##id, #role, name, labels, help },
#define METRIC_GAUGE(role, id, name, labels, help)                                                 \
	{ METRIC_KIND_GAUGE, METRIC_##id, #role, name, labels, help },
#define METRIC_HISTOGRAM(role, id, name, labels, help)                                             \
	{ METRIC_KIND_HISTOGRAM, HISTOGRAM_##id, #role, name, labels, help },
const struct metric_row metric_rows[] = {
#include "run/metrics/rows.h"
};
#undef METRIC_COUNTER
#undef METRIC_GAUGE
#undef METRIC_HISTOGRAM
const size_t metric_row_count = sizeof(metric_rows) / sizeof(metric_rows[0]);

const uint64_t metrics_bounds[METRICS_BUCKETS - 1] = {
	100,   250,    500,    1000,    2500,    5000,     10000,    25000,
	50000, 100000, 250000, 1000000, 5000000, 15000000, 60000000,
};

static struct metrics_slot own; /* until a slot of the page is attached */
static struct metrics_slot *present = &own;

struct metrics_page *metrics_create(int *fd)
{
	struct metrics_page *page;

	*fd = memfd_create("everseal-metrics", MFD_CLOEXEC);
	must(*fd >= 0 && ftruncate(*fd, sizeof(struct metrics_page)) == 0);
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	must(page != MAP_FAILED);
	return page;
}

/* All processes run one build (the supervisor starts itself), so the size says enough. */
static bool is_page(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size == sizeof(struct metrics_page);
}

const struct metrics_page *metrics_map(int fd)
{
	void *page = MAP_FAILED;

	if (is_page(fd))
		page = mmap(NULL, sizeof(struct metrics_page), PROT_READ, MAP_SHARED, fd, 0);
	return page == MAP_FAILED ? NULL : page;
}

struct process_row *metrics_attach(int fd, size_t slot)
{
	off_t at =
		(off_t)(offsetof(struct metrics_page, slots) + slot * sizeof(struct metrics_slot));
	void *p = MAP_FAILED;

	if (slot < METRICS_SLOTS && is_page(fd))
		p = mmap(NULL, sizeof(*present), PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
	if (p == MAP_FAILED)
		return NULL;
	present = p;
	for (size_t i = 0; i < metric_row_count; i++)
		if (metric_rows[i].kind == METRIC_KIND_GAUGE)
			atomic_store(&present->values[metric_rows[i].index], 0);
	return &present->process;
}

struct process_row *metrics_process(struct metrics_page *page, size_t slot)
{
	must(slot < METRICS_SLOTS);
	return &page->slots[slot].process;
}

const struct process_row *metrics_process_read(const struct metrics_page *page, size_t slot)
{
	must(slot < METRICS_SLOTS);
	return &page->slots[slot].process;
}

const char *process_state_name(int32_t state)
{
	static const char *const names[] = { "none",     "starting", "ready",
					     "draining", "waiting",  "stopped" };

	return state < 0 || state > PROCESS_STOPPED ? "unknown" : names[state];
}

static void bump(_Atomic uint64_t *v, uint64_t n)
{
	atomic_store_explicit(v, atomic_load_explicit(v, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

void metrics_add(enum metric m, uint64_t n)
{
	bump(&present->values[m], n);
}

void metrics_set(enum metric m, uint64_t v)
{
	atomic_store_explicit(&present->values[m], v, memory_order_relaxed);
}

uint64_t metrics_get(enum metric m)
{
	return atomic_load_explicit(&present->values[m], memory_order_relaxed);
}

void metrics_observe(enum histogram h, uint64_t micros)
{
	struct metrics_histogram *to = &present->histograms[h];
	size_t i = 0;

	while (i < METRICS_BUCKETS - 1 && micros > metrics_bounds[i])
		i++;
	bump(&to->buckets[i], 1);
	bump(&to->sum, micros);
}
