/* run/loop.h: the event loop of a process: libuv with timers that are embedded in their owners
 * and calls that wait for the end of the present callbacks.
 *
 * One thread, one loop. Nothing here may be called from another thread (use uv_async_t for that).
 *
 *	struct conn { struct timer idle; ... };
 *	timer_init(&c->idle, on_idle);
 *	timer_arm(loop, &c->idle, 60 * 1000);
 *
 *	static void on_idle(struct timer *t)
 *	{
 *		struct conn *c = container_of(t, struct conn, idle);
 *
 * Arming a timer cannot fail, arming it again moves it, and stopping it is done when the call
 * returns: its owner may be freed at once. All timers share one uv_timer_t.
 */
#pragma once

#include <uv.h>

#include "base/list.h"
#include "base/slice.h"

struct loop;

struct timer {
	void (*on_due)(struct timer *t);
	struct loop *loop; /* private from here on; NULL: not armed */
	int64_t due;
	size_t place; /* in the heap */
};

/* A call that runs after the present callbacks and before the loop sleeps. */
struct deferred {
	void (*on_call)(struct deferred *d);
	struct list link; /* private */
};

struct loop {
	uv_loop_t uv;
	/* private */
	uv_timer_t alarm;
	uv_prepare_t prepare;
	uv_idle_t busy; /* keeps the loop from sleeping while calls wait */
	struct timer **heap;
	size_t armed, room;
	struct list calls;
};

void loop_init(struct loop *l);

/* Runs until loop_stop() or until nothing is left to wait for. */
void loop_run(struct loop *l);

/* Ends loop_run() after the present callbacks. */
void loop_stop(struct loop *l);

/* Everything opened on the loop must have been closed; runs the close callbacks that wait. */
void loop_fini(struct loop *l);

/* Monotonic milliseconds as of the start of the present callbacks. */
int64_t loop_now(const struct loop *l);

void timer_init(struct timer *t, void (*on_due)(struct timer *t));

/* Due in `ms` milliseconds, at once (from the loop, never inside this call) when 0 or less. */
void timer_arm(struct loop *l, struct timer *t, int64_t ms);

/* A timer that is not armed may be stopped. */
void timer_stop(struct timer *t);

static inline bool timer_armed(const struct timer *t)
{
	return t->loop != NULL;
}

void deferred_init(struct deferred *d, void (*on_call)(struct deferred *d));

/* Once, however often it is asked for. */
void loop_defer(struct loop *l, struct deferred *d);

/* A call that does not wait may be cancelled. */
void deferred_cancel(struct deferred *d);
