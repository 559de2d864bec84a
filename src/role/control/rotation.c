#include "role/control/rotation.h"

#include "role/control/fleet.h"
#include "role/control/truth.h"
#include "run/clock/clock.h"
#include "run/ipc/pairs.h"
#include "run/log/log.h"
#include "run/role/role.h"

#define SPREAD 500 /* ms until every role has surely read its new keyring */
#define FOLLOW 50  /* ms between two looks at the machines */

const char *rotation_phase_name(enum rotation_phase phase)
{
	static const char *const names[] = { "idle",     "making",    "spreading",
					     "wrapping", "following", "retiring" };

	return names[phase];
}

static void finish(struct rotation *r, const char *error)
{
	r->phase = ROTATION_IDLE;
	r->finished_at = clock_now();
	(void)snprintf(r->error, sizeof(r->error), "%s", error);
	log_line(error[0] == '\0' ? LOG_INFO : LOG_ERROR, "kek.rotation_ended",
		 error[0] == '\0' ? "every key is wrapped by the new key-encryption key"
				  : "the rotation of the key-encryption key did not end",
		 LOG_ID("kek", &r->current), LOG_S("error", error));
}

static int ask(struct rotation *r, uint16_t type, struct slice payload)
{
	if (r->env->supervisor == NULL) /* it was killed, and we serve on without it */
		return -1;
	return ipc_send(r->env->supervisor, type, 1, payload, -1);
}

/* One old key after the other; the last answer ends the rotation. */
static void retire_next(struct rotation *r)
{
	char hex[ID_HEX + 1];

	while (r->old_count > 0 && id_eq(&r->old[r->old_count - 1], &r->current))
		r->old_count--;
	if (r->old_count == 0) {
		finish(r, "");
		return;
	}
	r->phase = ROTATION_RETIRING;
	id_hex(&r->old[--r->old_count], hex);
	if (ask(r, STEER_KEK_RETIRE, slice_str(hex)) < 0)
		finish(r, "the supervisor does not listen");
}

static void wait_for(struct rotation *r, enum rotation_phase phase, int64_t ms)
{
	r->phase = phase;
	timer_arm(r->truth->loop, &r->wait, ms);
}

/* A pass that found nothing to wrap was the last: what is stored from now on is wrapped by the new
 * key. */
static void on_rewrapped(struct issue_rewrap *w, const struct fail *f)
{
	struct rotation *r = container_of(w, struct rotation, rewrap);

	if (f != NULL) {
		finish(r, f->words);
		return;
	}
	r->keys += w->total;
	r->seq = fleet_seq(r->truth->fleet);
	if (w->total == 0)
		retire_next(r);
	else
		wait_for(r, ROTATION_FOLLOWING, 0);
}

static void wrap(struct rotation *r)
{
	struct fail f = FAIL_INIT;

	r->phase = ROTATION_WRAPPING;
	r->rewrap = (struct issue_rewrap){ .kek = r->current, .on_done = on_rewrapped };
	if (issue_rewrap(r->truth->issue, &r->rewrap, &f) < 0)
		finish(r, f.words);
}

static bool all_follow(const struct rotation *r)
{
	struct arena a = ARENA_INIT;
	struct deployment where;

	fleet_deployment(r->truth->fleet, r->seq, &a, &where);
	arena_free(&a);
	return where.live == where.of;
}

static void on_wait(struct timer *t)
{
	struct rotation *r = container_of(t, struct rotation, wait);

	if (r->phase == ROTATION_SPREADING || all_follow(r))
		wrap(r);
	else
		wait_for(r, ROTATION_FOLLOWING, FOLLOW);
}

void rotation_init(struct rotation *r, struct truth *truth, struct role_env *env)
{
	*r = (struct rotation){ .env = env, .truth = truth };
	timer_init(&r->wait, on_wait);
}

void rotation_fini(struct rotation *r)
{
	timer_stop(&r->wait);
}

int rotation_begin(struct rotation *r, const struct id *old, size_t old_count, struct fail *f)
{
	if (r->phase != ROTATION_IDLE)
		return fail(f, FAIL_CONFLICT, "a rotation is under way: it is %s",
			    rotation_phase_name(r->phase));
	if (ask(r, STEER_KEK_ROTATE, SLICE_NONE) < 0)
		return fail(f, FAIL_UNAVAILABLE, "the supervisor does not listen: try again");
	r->old_count = old_count < ROTATION_OLD_MAX ? old_count : ROTATION_OLD_MAX;
	memcpy(r->old, old, r->old_count * sizeof(*old));
	r->phase = ROTATION_MAKING;
	r->keys = 0;
	r->started_at = clock_now();
	r->finished_at = 0;
	r->error[0] = '\0';
	return 0;
}

/* u8: 0 and the key's id in hex, or 1 and words. */
void rotation_on_steer(struct rotation *r, uint16_t type, struct slice payload)
{
	char words[FAIL_WORDS_MAX];
	struct slice rest = slice_from(payload, 1);
	bool good = payload.n > 0 && payload.p[0] == 0;

	(void)snprintf(words, sizeof(words), "%.*s", SLICE_ARG(rest));
	if (type == STEER_KEK_ROTATED && r->phase == ROTATION_MAKING) {
		if (good && id_parse(rest, &r->current))
			wait_for(r, ROTATION_SPREADING, SPREAD);
		else
			finish(r, words);
	}
	if (type == STEER_KEK_RETIRED && r->phase == ROTATION_RETIRING) {
		if (good)
			retire_next(r);
		else
			finish(r, words);
	}
}
