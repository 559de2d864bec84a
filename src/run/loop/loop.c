/* Timers are a binary heap of pointers ordered by due time; each timer knows its place, so that
 * stopping one is O(log n) and needs no search. The uv timer is set to the earliest.
 *
 * Deferred calls run in the prepare phase, right before the loop would sleep. Calls deferred by
 * deferred calls wait for the next turn, which the idle handle makes come at once: a pair that
 * defers each other cannot keep sockets from being read.
 */
#include "run/loop/loop.h"

#include <stdlib.h>

#include "base/must.h"

static void heap_put(struct loop *l, size_t place, struct timer *t)
{
	l->heap[place] = t;
	t->place = place;
}

static void heap_rise(struct loop *l, struct timer *t)
{
	size_t at = t->place;

	while (at > 0 && l->heap[(at - 1) / 2]->due > t->due) {
		heap_put(l, at, l->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(l, at, t);
}

static void heap_sink(struct loop *l, struct timer *t)
{
	size_t at = t->place;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < l->armed && l->heap[child + 1]->due < l->heap[child]->due)
			child++;
		if (child >= l->armed || l->heap[child]->due >= t->due)
			break;
		heap_put(l, at, l->heap[child]);
		at = child;
	}
	heap_put(l, at, t);
}

static void heap_add(struct loop *l, struct timer *t)
{
	if (l->armed == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		l->heap = realloc(l->heap, l->room * sizeof(struct timer *));
		must(l->heap != NULL);
	}
	heap_put(l, l->armed++, t);
	heap_rise(l, t);
}

static void heap_remove(struct loop *l, struct timer *t)
{
	struct timer *last = l->heap[--l->armed];

	if (last == t)
		return;
	heap_put(l, t->place, last);
	heap_rise(l, last);
	heap_sink(l, last);
}

static void on_alarm(uv_timer_t *alarm);

static void alarm_set(struct loop *l)
{
	int64_t wait;

	if (l->armed == 0) {
		uv_timer_stop(&l->alarm);
		return;
	}
	wait = l->heap[0]->due - loop_now(l);
	must(uv_timer_start(&l->alarm, on_alarm, wait < 0 ? 0 : (uint64_t)wait, 0) == 0);
}

/* Only those due before this turn began: a timer that arms itself with 0 waits for the next. */
static void on_alarm(uv_timer_t *alarm)
{
	struct loop *l = container_of(alarm, struct loop, alarm);
	int64_t now = loop_now(l);
	size_t most = l->armed;

	while (most-- > 0 && l->armed > 0 && l->heap[0]->due <= now) {
		struct timer *t = l->heap[0];

		heap_remove(l, t);
		t->loop = NULL;
		t->on_due(t);
	}
	alarm_set(l);
}

static void on_busy(uv_idle_t *busy)
{
	(void)busy; /* being active is all it does */
}

static void calls_run(struct list *calls)
{
	struct list *link;

	while ((link = list_first(calls)) != NULL) {
		struct deferred *d = container_of(link, struct deferred, link);

		list_remove(&d->link);
		d->on_call(d);
	}
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct loop *l = container_of(prepare, struct loop, prepare);
	struct list present;

	uv_idle_stop(&l->busy);
	if (list_empty(&l->calls))
		return;
	present = l->calls; /* the links move to a head of our own */
	present.next->prev = &present;
	present.prev->next = &present;
	list_init(&l->calls);
	calls_run(&present);
}

/* libuv keeps a spare descriptor (to /dev/null) for the day they run out, opened with the first
 * stream: that must be before the sandbox, or it is tried in vain for every connection. */
static void spare_descriptor(struct loop *l)
{
	uv_pipe_t first;

	must(uv_pipe_init(&l->uv, &first, 0) == 0);
	uv_close((uv_handle_t *)&first, NULL);
	(void)uv_run(&l->uv, UV_RUN_NOWAIT);
}

void loop_init(struct loop *l)
{
	must(uv_loop_init(&l->uv) == 0);
	spare_descriptor(l);
	must(uv_timer_init(&l->uv, &l->alarm) == 0);
	must(uv_prepare_init(&l->uv, &l->prepare) == 0);
	must(uv_idle_init(&l->uv, &l->busy) == 0);
	must(uv_prepare_start(&l->prepare, on_prepare) == 0);
	uv_unref((uv_handle_t *)&l->prepare);
	l->heap = NULL;
	l->armed = l->room = 0;
	list_init(&l->calls);
}

void loop_run(struct loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

void loop_fini(struct loop *l)
{
	uv_close((uv_handle_t *)&l->alarm, NULL);
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->busy, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	must(uv_loop_close(&l->uv) == 0);
	free(l->heap);
	l->heap = NULL;
}

int64_t loop_now(const struct loop *l)
{
	return (int64_t)uv_now(&l->uv);
}

void timer_init(struct timer *t, void (*on_due)(struct timer *t))
{
	*t = (struct timer){ .on_due = on_due };
}

void timer_arm(struct loop *l, struct timer *t, int64_t ms)
{
	timer_stop(t);
	t->loop = l;
	t->due = loop_now(l) + (ms < 0 ? 0 : ms);
	heap_add(l, t);
	if (t->place == 0)
		alarm_set(l);
}

void timer_stop(struct timer *t)
{
	struct loop *l = t->loop;
	bool first = l != NULL && t->place == 0;

	if (l == NULL)
		return;
	t->loop = NULL;
	heap_remove(l, t);
	if (first)
		alarm_set(l);
}

void deferred_init(struct deferred *d, void (*on_call)(struct deferred *d))
{
	d->on_call = on_call;
	list_init(&d->link);
}

void loop_defer(struct loop *l, struct deferred *d)
{
	if (!list_empty(&d->link))
		return;
	list_append(&l->calls, &d->link);
	must(uv_idle_start(&l->busy, on_busy) == 0);
}

void deferred_cancel(struct deferred *d)
{
	list_remove(&d->link);
}
