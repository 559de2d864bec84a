#include "role/control/kek.h"

#include "role/control/truth.h"
#include "run/clock/clock.h"
#include "run/ipc/pairs.h"
#include "run/log/log.h"
#include "run/role/role.h"

void kek_init(struct kek *k, struct truth *truth, struct role_env *env)
{
	*k = (struct kek){ .env = env, .truth = truth };
}

const char *kek_phase_name(enum kek_phase phase)
{
	static const char *const names[] = { "idle", "making", "wrapping", "retiring" };
	return names[phase];
}

static void finish(struct kek *k, const char *error)
{
	k->phase = KEK_IDLE;
	k->finished_at = clock_now();
	(void)snprintf(k->error, sizeof(k->error), "%s", error);
	log_line(error[0] == '\0' ? LOG_INFO : LOG_ERROR, "kek.rotation_ended",
		 error[0] == '\0' ? "every key is wrapped by the new key-encryption key"
				  : "the rotation of the key-encryption key did not end",
		 LOG_ID("kek", &k->current), LOG_S("error", error));
}

static int ask(struct kek *k, uint16_t type, struct slice payload)
{
	return ipc_send(k->env->supervisor, type, 1, payload, -1);
}

/* One old key after the other; the last answer ends the rotation. */
static void retire_next(struct kek *k)
{
	char hex[ID_HEX + 1];
	while (k->old_count > 0 && id_eq(&k->old[k->old_count - 1], &k->current))
		k->old_count--;
	if (k->old_count == 0) {
		finish(k, "");
		return;
	}
	k->phase = KEK_RETIRING;
	id_hex(&k->old[--k->old_count], hex);
	if (ask(k, STEER_KEK_RETIRE, slice_str(hex)) < 0)
		finish(k, "the supervisor does not listen");
}

static void on_rewrapped(struct issue_rewrap *r, const struct fail *f)
{
	struct kek *k = container_of(r, struct kek, rewrap);
	if (f != NULL)
		finish(k, f->words);
	else
		retire_next(k);
}

static void on_made(struct kek *k)
{
	struct fail f = FAIL_INIT;
	k->phase = KEK_WRAPPING;
	k->rewrap = (struct issue_rewrap){ .on_done = on_rewrapped };
	if (issue_rewrap(k->truth->issue, &k->rewrap, &f) < 0)
		finish(k, f.words);
}

int kek_rotate(struct kek *k, const struct id *old, size_t old_count, struct fail *f)
{
	if (k->phase != KEK_IDLE)
		return fail(f, FAIL_CONFLICT, "a rotation is under way: it is %s",
			    kek_phase_name(k->phase));
	if (ask(k, STEER_KEK_ROTATE, SLICE_NONE) < 0)
		return fail(f, FAIL_UNAVAILABLE, "the supervisor does not listen: try again");
	k->old_count = old_count < KEK_OLD_MAX ? old_count : KEK_OLD_MAX;
	memcpy(k->old, old, k->old_count * sizeof(*old));
	k->phase = KEK_MAKING;
	k->started_at = clock_now();
	k->finished_at = 0;
	k->error[0] = '\0';
	return 0;
}

/* u8: 0 and the key's id in hex, or 1 and words. */
void kek_on_steer(struct kek *k, uint16_t type, struct slice payload)
{
	char words[FAIL_WORDS_MAX];
	struct slice rest = slice_from(payload, 1);
	bool good = payload.n > 0 && payload.p[0] == 0;
	(void)snprintf(words, sizeof(words), "%.*s", SLICE_ARG(rest));
	if (type == STEER_KEK_ROTATED && k->phase == KEK_MAKING) {
		if (good && id_parse(rest, &k->current))
			on_made(k);
		else
			finish(k, words);
	}
	if (type == STEER_KEK_RETIRED && k->phase == KEK_RETIRING) {
		if (good)
			retire_next(k);
		else
			finish(k, words);
	}
}
