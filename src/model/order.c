/* The states, and what each event means in them:
 *
 *	            due      keyed     issued      live     failed        denied     gone
 *	new         key      → keyed               -        later         → failed   → removed
 *	keyed       issue    -         → issued    -        later         → failed   → removed
 *	issued      watch    -         -           → live   later         -          → removed
 *	failed      as before it failed            -        -             -          → removed
 *	live, removed: nothing matters any more
 *
 * due_at stays set while an action runs, so that whoever starts after a crash finds the order. */
#include "model/order.h"

#define RETRY_FIRST  (STAMP_SECOND / 4)
#define RETRY_MOST   (5 * STAMP_MINUTE)
#define DENIED_AGAIN STAMP_DAY
#define WATCH_AGAIN  (10 * STAMP_SECOND) /* should nobody tell that it is live */

const char *order_state_name(enum order_state s)
{
	static const char *const names[ORDER_STATES] = {
		[ORDER_NEW] = "new",       [ORDER_KEYED] = "keyed", [ORDER_ISSUED] = "issued",
		[ORDER_FAILED] = "failed", [ORDER_LIVE] = "live",   [ORDER_REMOVED] = "removed",
	};

	must((unsigned)s < ORDER_STATES);
	return names[s];
}

stamp order_backoff(uint32_t attempts)
{
	stamp wait = RETRY_FIRST;

	while (attempts-- > 1 && wait < RETRY_MOST)
		wait *= 2;
	return wait < RETRY_MOST ? wait : RETRY_MOST;
}

static enum order_action advance(struct order_row *row, stamp now, enum order_state state,
				 enum order_action action)
{
	row->state = state;
	row->attempts = 0;
	row->error = SLICE_NONE;
	row->who = SLICE_NONE;
	row->due_at = action == ORDER_DO_NOTHING ? 0 : now;
	row->modified_at = now;
	return action;
}

static enum order_action try_later(struct order_row *row, stamp now, const struct order_event *e)
{
	row->attempts++;
	row->error = e->words;
	row->who = slice_lit("nobody");
	row->due_at = now + order_backoff(row->attempts);
	row->modified_at = now;
	return ORDER_DO_NOTHING;
}

static enum order_action give_up(struct order_row *row, stamp now, const struct order_event *e)
{
	row->state = ORDER_FAILED;
	row->attempts++;
	row->error = e->words;
	row->who = slice_lit("operator");
	row->due_at = now + DENIED_AGAIN;
	row->modified_at = now;
	return ORDER_DO_NOTHING;
}

static enum order_action step_new(struct order_row *row, stamp now, const struct order_event *e)
{
	if (e->kind == ORDER_EVENT_DUE)
		return ORDER_DO_KEY;
	if (e->kind == ORDER_EVENT_KEYED) {
		row->key = e->key;
		row->proof = e->proof;
		return advance(row, now, ORDER_KEYED, ORDER_DO_ISSUE);
	}
	if (e->kind == ORDER_EVENT_FAILED)
		return try_later(row, now, e);
	return e->kind == ORDER_EVENT_DENIED ? give_up(row, now, e) : ORDER_DO_NOTHING;
}

static enum order_action step_keyed(struct order_row *row, stamp now, const struct order_event *e)
{
	if (e->kind == ORDER_EVENT_DUE)
		return ORDER_DO_ISSUE;
	if (e->kind == ORDER_EVENT_ISSUED) {
		row->cert = e->cert;
		row->seq = e->seq;
		(void)advance(row, now, ORDER_ISSUED, ORDER_DO_WATCH);
		row->due_at = now + WATCH_AGAIN;
		return ORDER_DO_WATCH;
	}
	if (e->kind == ORDER_EVENT_FAILED)
		return try_later(row, now, e);
	return e->kind == ORDER_EVENT_DENIED ? give_up(row, now, e) : ORDER_DO_NOTHING;
}

static enum order_action step_issued(struct order_row *row, stamp now, const struct order_event *e)
{
	if (e->kind == ORDER_EVENT_DUE)
		return ORDER_DO_WATCH;
	if (e->kind == ORDER_EVENT_LIVE)
		return advance(row, now, ORDER_LIVE, ORDER_DO_NOTHING);
	return e->kind == ORDER_EVENT_FAILED ? try_later(row, now, e) : ORDER_DO_NOTHING;
}

/* The key stays: the issuer may have recorded its answer for it. */
static enum order_action step_failed(struct order_row *row, stamp now, const struct order_event *e)
{
	if (e->kind != ORDER_EVENT_DUE)
		return ORDER_DO_NOTHING;
	if (id_is_zero(&row->key))
		return advance(row, now, ORDER_NEW, ORDER_DO_KEY);
	return advance(row, now, ORDER_KEYED, ORDER_DO_ISSUE);
}

enum order_action order_step(struct order_row *row, stamp now, const struct order_event *event)
{
	if (row->state == ORDER_LIVE || row->state == ORDER_REMOVED)
		return ORDER_DO_NOTHING;
	if (event->kind == ORDER_EVENT_GONE)
		return advance(row, now, ORDER_REMOVED, ORDER_DO_NOTHING);
	switch (row->state) {
	case ORDER_NEW: return step_new(row, now, event);
	case ORDER_KEYED: return step_keyed(row, now, event);
	case ORDER_ISSUED: return step_issued(row, now, event);
	case ORDER_FAILED: return step_failed(row, now, event);
	case ORDER_LIVE:
	case ORDER_REMOVED: break;
	}
	must_not_reach();
}

stamp order_renewal_at(const struct id *cert, stamp issued_at, stamp not_after)
{
	stamp life = not_after > issued_at ? not_after - issued_at : 0;
	stamp jitter = (life / 20) * cert->b[0] / 256;

	return issued_at + life / 3 * 2 - jitter;
}
