#include "run/loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct ticker {
	struct timer timer;
	struct deferred call;
	struct loop *loop;
	int number;
	int left; /* times to go on */
};

static int order[64];
static int *at;

static void note(struct timer *t)
{
	*at++ = container_of(t, struct ticker, timer)->number;
}

static void test_timers_come_in_order_of_due_time(void **state)
{
	struct loop l;
	struct ticker t[20];

	(void)state;
	loop_init(&l);
	at = order;
	for (int i = 0; i < 20; i++) {
		t[i].number = (i * 7) % 20;
		timer_init(&t[i].timer, note);
		timer_arm(&l, &t[i].timer, t[i].number);
	}
	loop_run(&l);
	assert_int_equal(at - order, 20);
	for (int i = 0; i < 20; i++)
		assert_int_equal(order[i], i);
	loop_fini(&l);
}

static void test_stopped_and_moved_timers(void **state)
{
	struct loop l;
	struct ticker t[5];

	(void)state;
	loop_init(&l);
	at = order;
	for (int i = 0; i < 5; i++) {
		t[i].number = i;
		timer_init(&t[i].timer, note);
		timer_arm(&l, &t[i].timer, i);
	}
	timer_stop(&t[0].timer);
	timer_stop(&t[0].timer);
	assert_false(timer_armed(&t[0].timer));
	timer_stop(&t[3].timer);
	timer_arm(&l, &t[1].timer, 10); /* moved behind the others */
	loop_run(&l);
	assert_int_equal(at - order, 3);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[1], 4);
	assert_int_equal(order[2], 1);
	loop_fini(&l);
}

static void free_and_note(struct timer *t)
{
	struct ticker *owner = container_of(t, struct ticker, timer);

	*at++ = owner->number;
	free(owner);
}

static void test_owner_may_be_freed_when_due(void **state)
{
	struct loop l;

	(void)state;
	loop_init(&l);
	at = order;
	for (int i = 0; i < 8; i++) {
		struct ticker *t = calloc(1, sizeof(*t));

		assert_non_null(t);
		t->number = i;
		timer_init(&t->timer, free_and_note);
		timer_arm(&l, &t->timer, i % 3);
	}
	loop_run(&l);
	assert_int_equal(at - order, 8);
	loop_fini(&l);
}

static void again(struct timer *t)
{
	struct ticker *owner = container_of(t, struct ticker, timer);

	if (owner->left-- > 0)
		timer_arm(owner->loop, t, 0);
}

static void test_a_timer_that_arms_itself_does_not_starve_another(void **state)
{
	struct loop l;
	struct ticker busy = { .loop = &l, .left = 100 };
	struct ticker other = { .number = 1 };

	(void)state;
	loop_init(&l);
	at = order;
	timer_init(&busy.timer, again);
	timer_init(&other.timer, note);
	timer_arm(&l, &busy.timer, 0);
	timer_arm(&l, &other.timer, 1);
	loop_run(&l);
	assert_int_equal(at - order, 1);
	assert_int_equal(busy.left, -1);
	loop_fini(&l);
}

static void call_note(struct deferred *d)
{
	struct ticker *owner = container_of(d, struct ticker, call);

	*at++ = owner->number;
	if (owner->left-- > 0)
		loop_defer(owner->loop, d);
}

static void test_deferred_calls_run_once_in_order(void **state)
{
	struct loop l;
	struct ticker a = { .number = 1 }, b = { .number = 2 }, c = { .number = 3 };

	(void)state;
	loop_init(&l);
	at = order;
	deferred_init(&a.call, call_note);
	deferred_init(&b.call, call_note);
	deferred_init(&c.call, call_note);
	loop_defer(&l, &a.call);
	loop_defer(&l, &b.call);
	loop_defer(&l, &a.call);
	loop_defer(&l, &c.call);
	deferred_cancel(&c.call);
	assert_int_equal(at - order, 0);
	loop_run(&l);
	assert_int_equal(at - order, 2);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 2);
	loop_fini(&l);
}

static void test_deferring_again_waits_for_the_next_turn(void **state)
{
	struct loop l;
	struct ticker a = { .number = 1, .left = 3 };
	struct ticker t = { .number = 9 };

	(void)state;
	loop_init(&l);
	at = order;
	a.loop = &l;
	deferred_init(&a.call, call_note);
	timer_init(&t.timer, note);
	timer_arm(&l, &t.timer, 0);
	loop_defer(&l, &a.call);
	loop_run(&l);
	assert_int_equal(at - order, 5);
	assert_int_not_equal(order[4], 9); /* the timer had its turn in between */
	loop_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers_come_in_order_of_due_time),
		cmocka_unit_test(test_stopped_and_moved_timers),
		cmocka_unit_test(test_owner_may_be_freed_when_due),
		cmocka_unit_test(test_a_timer_that_arms_itself_does_not_starve_another),
		cmocka_unit_test(test_deferred_calls_run_once_in_order),
		cmocka_unit_test(test_deferring_again_waits_for_the_next_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
