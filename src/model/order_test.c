#include "model/order.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW 5000000

/* The whole table: what each event makes of each state. "-": nothing changes. */
struct step_row {
	enum order_state from;
	enum order_event_kind event;
	enum order_state to;
	enum order_action action;
};

#define SAME(state, event)                                                                         \
	{                                                                                          \
		state, event, state, ORDER_DO_NOTHING                                              \
	}

static const struct step_row rows[] = {
	{ ORDER_NEW, ORDER_EVENT_DUE, ORDER_NEW, ORDER_DO_KEY },
	{ ORDER_NEW, ORDER_EVENT_KEYED, ORDER_KEYED, ORDER_DO_ISSUE },
	SAME(ORDER_NEW, ORDER_EVENT_ISSUED),
	SAME(ORDER_NEW, ORDER_EVENT_LIVE),
	SAME(ORDER_NEW, ORDER_EVENT_FAILED),
	{ ORDER_NEW, ORDER_EVENT_DENIED, ORDER_FAILED, ORDER_DO_NOTHING },
	{ ORDER_NEW, ORDER_EVENT_GONE, ORDER_REMOVED, ORDER_DO_NOTHING },

	{ ORDER_KEYED, ORDER_EVENT_DUE, ORDER_KEYED, ORDER_DO_ISSUE },
	SAME(ORDER_KEYED, ORDER_EVENT_KEYED),
	{ ORDER_KEYED, ORDER_EVENT_ISSUED, ORDER_ISSUED, ORDER_DO_WATCH },
	SAME(ORDER_KEYED, ORDER_EVENT_LIVE),
	SAME(ORDER_KEYED, ORDER_EVENT_FAILED),
	{ ORDER_KEYED, ORDER_EVENT_DENIED, ORDER_FAILED, ORDER_DO_NOTHING },
	{ ORDER_KEYED, ORDER_EVENT_GONE, ORDER_REMOVED, ORDER_DO_NOTHING },

	{ ORDER_ISSUED, ORDER_EVENT_DUE, ORDER_ISSUED, ORDER_DO_WATCH },
	SAME(ORDER_ISSUED, ORDER_EVENT_KEYED),
	SAME(ORDER_ISSUED, ORDER_EVENT_ISSUED),
	{ ORDER_ISSUED, ORDER_EVENT_LIVE, ORDER_LIVE, ORDER_DO_NOTHING },
	SAME(ORDER_ISSUED, ORDER_EVENT_FAILED),
	SAME(ORDER_ISSUED, ORDER_EVENT_DENIED),
	{ ORDER_ISSUED, ORDER_EVENT_GONE, ORDER_REMOVED, ORDER_DO_NOTHING },

	/* the test's orders have a key */
	{ ORDER_FAILED, ORDER_EVENT_DUE, ORDER_KEYED, ORDER_DO_ISSUE },
	SAME(ORDER_FAILED, ORDER_EVENT_KEYED),
	SAME(ORDER_FAILED, ORDER_EVENT_ISSUED),
	SAME(ORDER_FAILED, ORDER_EVENT_LIVE),
	SAME(ORDER_FAILED, ORDER_EVENT_FAILED),
	SAME(ORDER_FAILED, ORDER_EVENT_DENIED),
	{ ORDER_FAILED, ORDER_EVENT_GONE, ORDER_REMOVED, ORDER_DO_NOTHING },

	SAME(ORDER_LIVE, ORDER_EVENT_DUE),
	SAME(ORDER_LIVE, ORDER_EVENT_KEYED),
	SAME(ORDER_LIVE, ORDER_EVENT_ISSUED),
	SAME(ORDER_LIVE, ORDER_EVENT_LIVE),
	SAME(ORDER_LIVE, ORDER_EVENT_FAILED),
	SAME(ORDER_LIVE, ORDER_EVENT_DENIED),
	SAME(ORDER_LIVE, ORDER_EVENT_GONE),

	SAME(ORDER_REMOVED, ORDER_EVENT_DUE),
	SAME(ORDER_REMOVED, ORDER_EVENT_KEYED),
	SAME(ORDER_REMOVED, ORDER_EVENT_ISSUED),
	SAME(ORDER_REMOVED, ORDER_EVENT_LIVE),
	SAME(ORDER_REMOVED, ORDER_EVENT_FAILED),
	SAME(ORDER_REMOVED, ORDER_EVENT_DENIED),
	SAME(ORDER_REMOVED, ORDER_EVENT_GONE),
};

static struct order_row order_in(enum order_state state)
{
	struct order_row row = { .name = slice_lit("shop.example.com"),
				 .state = state,
				 .due_at = NOW };

	memset(row.key.b, 7, ID_LEN);
	return row;
}

static void every_event_in_every_state(void **state)
{
	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), ORDER_STATES * ORDER_EVENTS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct order_row row = order_in(rows[i].from);
		struct order_event e = { .kind = rows[i].event, .words = slice_lit("words") };
		enum order_action got = order_step(&row, NOW, &e);

		if (row.state != rows[i].to || got != rows[i].action)
			print_error("%s, event %d\n", order_state_name(rows[i].from),
				    rows[i].event);
		assert_int_equal(row.state, rows[i].to);
		assert_int_equal(got, rows[i].action);
	}
}

/* Whoever starts after a crash finds every order that has not come to its end. */
static void open_orders_stay_due(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct order_row row = order_in(rows[i].from);
		struct order_event e = { .kind = rows[i].event };

		(void)order_step(&row, NOW, &e);
		if (row.state < ORDER_LIVE)
			assert_true(row.due_at > 0);
		else if (rows[i].from < ORDER_LIVE)
			assert_int_equal(row.due_at, 0);
	}
}

static void failures_wait_longer_each_time(void **state)
{
	(void)state;
	struct order_row row = order_in(ORDER_NEW);
	struct order_event e = { .kind = ORDER_EVENT_FAILED, .words = slice_lit("no answer") };
	stamp last = 0;

	for (int i = 1; i < 40; i++) {
		(void)order_step(&row, NOW, &e);
		assert_int_equal(row.attempts, i);
		assert_true(row.due_at - NOW >= last);
		last = row.due_at - NOW;
	}
	assert_int_equal(last, 5 * STAMP_MINUTE);
	assert_true(slice_eq_str(row.who, "nobody"));
	assert_true(slice_eq_str(row.error, "no answer"));
	e = (struct order_event){ .kind = ORDER_EVENT_KEYED };
	(void)order_step(&row, NOW, &e);
	assert_int_equal(row.attempts, 0);
	assert_null(row.error.p);
}

static void a_refusal_asks_for_the_operator_and_a_day(void **state)
{
	(void)state;
	struct order_row row = order_in(ORDER_KEYED);
	struct order_event e = { .kind = ORDER_EVENT_DENIED, .words = slice_lit("not held") };

	(void)order_step(&row, NOW, &e);
	assert_true(slice_eq_str(row.who, "operator"));
	assert_int_equal(row.due_at, NOW + STAMP_DAY);

	row = order_in(ORDER_FAILED);
	row.key = (struct id){ 0 };
	e = (struct order_event){ .kind = ORDER_EVENT_DUE };
	assert_int_equal(order_step(&row, NOW, &e), ORDER_DO_KEY);
	assert_int_equal(row.state, ORDER_NEW);
}

static void renewal_comes_at_two_thirds(void **state)
{
	(void)state;
	const stamp lives[] = { 60 * STAMP_SECOND, 7 * STAMP_DAY, 90 * STAMP_DAY };
	struct id id = { 0 };

	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		stamp life = lives[i], last = -1;

		for (int b = 0; b < 256; b++) {
			id.b[0] = (uint8_t)b;
			stamp at = order_renewal_at(&id, NOW, NOW + life) - NOW;

			assert_true(at <= life / 3 * 2 && at >= life / 3 * 2 - life / 20);
			assert_true(last == -1 || at <= last); /* spread evenly by the id */
			last = at;
		}
	}
	assert_int_equal(order_renewal_at(&id, NOW, NOW - 1), NOW); /* ended before it began */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state),
		cmocka_unit_test(open_orders_stay_due),
		cmocka_unit_test(failures_wait_longer_each_time),
		cmocka_unit_test(a_refusal_asks_for_the_operator_and_a_day),
		cmocka_unit_test(renewal_comes_at_two_thirds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
