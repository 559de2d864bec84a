/* Ninety days of orders in a moment: order_step() and order_renewal_at() on a clock of the test's own,
 * with an issuer that is away for hours, answers late, and crashes of control that lose all that
 * was not a row. No name is ever without a valid certificate once it had one. */
#include "model/order.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NAMES 200
#define LIFE  (7 * STAMP_DAY)
#define TICK  (10 * STAMP_MINUTE)

struct name {
	struct order_row order;
	enum order_action running; /* lost when control crashes */
	stamp issued_at;           /* of the newest certificate; 0: none yet */
	stamp ends_at;
	struct id cert;
	unsigned renewals;
};

static struct name names[NAMES];
static uint32_t seed = 20261121;

static uint32_t dice(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* The issuer is away for up to 30 hours, about a third of the time. */
static bool issuer_away(stamp now)
{
	static stamp until, back;

	if (now >= back) {
		until = now + (stamp)dice(30) * STAMP_HOUR;
		back = until + (stamp)(20 + dice(60)) * STAMP_HOUR;
	}
	return now < until;
}

static void new_order(struct name *n, stamp now, enum order_reason reason)
{
	n->order = (struct order_row){ .reason = reason, .due_at = now, .created_at = now };
	n->running = ORDER_DO_NOTHING;
}

/* What came of the action, as the next event. */
static struct order_event outcome(struct name *n, stamp now)
{
	struct order_event e = { .kind = ORDER_EVENT_LIVE, .words = slice_lit("no answer") };

	if (n->running != ORDER_DO_WATCH && (issuer_away(now) || dice(10) == 0))
		e.kind = ORDER_EVENT_FAILED;
	else if (n->running == ORDER_DO_KEY)
		e.kind = ORDER_EVENT_KEYED;
	else if (n->running == ORDER_DO_ISSUE)
		e.kind = ORDER_EVENT_ISSUED;
	if (e.kind == ORDER_EVENT_KEYED)
		e.key.b[0] = 1;
	if (e.kind != ORDER_EVENT_ISSUED)
		return e;
	e.cert.b[0] = (uint8_t)dice(256);
	n->cert = e.cert;
	n->issued_at = now;
	n->ends_at = now + LIFE;
	n->renewals += n->order.reason == ORDER_FOR_RENEWAL;
	return e;
}

static void run(struct name *n, stamp now)
{
	static const struct order_event due = { .kind = ORDER_EVENT_DUE };

	if (n->running == ORDER_DO_NOTHING && n->order.due_at > 0 && n->order.due_at <= now)
		n->running = order_step(&n->order, now, &due);
	while (n->running != ORDER_DO_NOTHING && dice(8) > 0) { /* else it answers later */
		struct order_event e = outcome(n, now);

		n->running = order_step(&n->order, now, &e);
	}
	if (n->order.state == ORDER_LIVE &&
	    now >= order_renewal_at(&n->cert, n->issued_at, n->ends_at))
		new_order(n, now, ORDER_FOR_RENEWAL);
}

static void crash(void)
{
	for (size_t i = 0; i < NAMES; i++)
		names[i].running = ORDER_DO_NOTHING;
}

static void ninety_days_without_a_gap(void **state)
{
	const stamp start = 1800000000000;

	(void)state;
	for (size_t i = 0; i < NAMES; i++)
		new_order(&names[i], start, ORDER_FOR_NEW_NAME);
	for (stamp now = start; now < start + 90 * STAMP_DAY; now += TICK) {
		if (dice(200) == 0)
			crash();
		for (size_t i = 0; i < NAMES; i++) {
			run(&names[i], now);
			if (now > start + 2 * STAMP_DAY)
				assert_true(names[i].ends_at > now);
		}
	}
	for (size_t i = 0; i < NAMES; i++) {
		assert_true(names[i].renewals >= 14); /* 90 days / two thirds of 7, and outages */
		assert_true(names[i].renewals <= 22);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ninety_days_without_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
