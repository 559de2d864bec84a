/* role/ca: makes keys and issues certificates for control, and for nobody else. This file is the
 * process: channel, keyring, timer; desk.c does the work. */
#include <stdlib.h>

#include "proto/crypto/crypto.h"
#include "role/ca/desk.h"
#include "run/clock/clock.h"
#include "run/ipc/ipc.h"
#include "run/log/log.h"
#include "run/role/role.h"

#define BATCH        64           /* requests of one transaction */
#define WAITING_MOST 1024         /* then control waits */
#define QUEUED_MOST  (512 * 1024) /* bytes of answers not yet taken: then we wait */
#define FORGET_EVERY STAMP_HOUR
#define FORGET_FIRST STAMP_MINUTE

struct ca {
	struct role_env *env;
	struct desk desk;
	struct ipc *control; /* NULL: none */
	bool paused;
	struct deferred work;
	struct timer forget;
};

static void control_lost(struct ca *ca)
{
	ipc_close(ca->control);
	ca->control = NULL;
	ca->paused = false;
	desk_clear(&ca->desk);
}

static void answer(void *owner, uint16_t type, uint32_t id, struct slice payload)
{
	struct ca *ca = owner;
	struct fail f = FAIL_INIT;

	if (type == CA_REFUSED && ca_failed_decode(payload, &f))
		log_line(LOG_WARNING, "ca.refused", "a request was refused", LOG_FAIL(&f));
	if (ca->control != NULL && ipc_send(ca->control, type, id, payload, -1) < 0)
		log_line(LOG_ERROR, "ca.unanswered", "control does not take its answers");
}

static void on_work(struct deferred *d)
{
	struct ca *ca = container_of(d, struct ca, work);

	if (ca->control == NULL || ipc_queued(ca->control) > QUEUED_MOST)
		return; /* on_drained goes on */
	desk_work(&ca->desk, BATCH, clock_now(), answer, ca);
	if (ca->paused && ca->desk.waiting_count < WAITING_MOST / 2) {
		ca->paused = false;
		ipc_resume(ca->control);
	}
	if (ca->desk.waiting_count > 0)
		loop_defer(&ca->env->loop, d);
}

static void on_frame(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	struct ca *ca = ipc_owner(c);

	(void)fd; /* no row of the table carries one */
	desk_take(&ca->desk, type, id, payload);
	loop_defer(&ca->env->loop, &ca->work);
	if (!ca->paused && ca->desk.waiting_count >= WAITING_MOST) {
		ca->paused = true;
		ipc_pause(c);
	}
}

static void on_drained(struct ipc *c)
{
	struct ca *ca = ipc_owner(c);

	loop_defer(&ca->env->loop, &ca->work);
}

static void on_closed(struct ipc *c, const char *why)
{
	log_line(LOG_INFO, "ca.control_lost", "the channel to control is closed",
		 LOG_S("why", why));
	control_lost(ipc_owner(c));
}

static const struct ipc_events events = { on_frame, on_closed, on_drained };

static void on_forget(struct timer *t)
{
	struct ca *ca = container_of(t, struct ca, forget);
	struct fail f = FAIL_INIT;
	int64_t count = 0;

	timer_arm(&ca->env->loop, t, FORGET_EVERY);
	if (desk_forget(&ca->desk, clock_now() - ca->env->settings.ca_keep, &count, &f) < 0)
		log_line(LOG_ERROR, "ca.not_forgotten", "old records could not be dropped",
			 LOG_FAIL(&f));
	else if (count > 0)
		log_line(LOG_INFO, "ca.forgotten", "records of ended certificates were dropped",
			 LOG_I("count", count));
}

static int ca_prepare(struct role_env *env, struct fail *f)
{
	(void)env;
	(void)f;
	crypto_init();
	return 0;
}

static void roots_tell(struct ca *ca)
{
	struct buf pem = BUF_INIT;

	authorities_roots(&ca->desk.authorities, &pem);
	role_root(ca->env, buf_slice(&pem));
	buf_free(&pem);
}

static int ca_start(struct role_env *env, struct fail *f)
{
	struct ca *ca = calloc(1, sizeof(*ca));

	must(ca != NULL);
	ca->env = env;
	if (desk_open(&ca->desk, secret_slice(&env->keyring), clock_now(), f) < 0) {
		free(ca);
		return fail_pass(f, "ca");
	}
	env->state = ca;
	deferred_init(&ca->work, on_work);
	timer_init(&ca->forget, on_forget);
	timer_arm(&env->loop, &ca->forget, FORGET_FIRST);
	roots_tell(ca);
	return 0;
}

static void ca_on_peer(struct role_env *env, const char *name, int fd)
{
	struct ca *ca = env->state;

	(void)name; /* control is the only one */
	control_lost(ca);
	ca->control = ipc_open(&env->loop, fd, &ipc_control_ca, IPC_RIGHT, &events, ca);
}

static void ca_on_keyring(struct role_env *env)
{
	struct ca *ca = env->state;
	struct fail f = FAIL_INIT;

	if (desk_keyring(&ca->desk, secret_slice(&env->keyring), &f) < 0)
		log_line(LOG_ERROR, "ca.keyring", "the new keyring is not used", LOG_FAIL(&f));
	else
		log_line(LOG_INFO, "ca.keyring", "the new keyring is used");
}

/* What waits is answered first: it may be on its way to the disk already. */
static void ca_drain(struct role_env *env)
{
	struct ca *ca = env->state;

	desk_work(&ca->desk, ca->desk.waiting_count, clock_now(), answer, ca);
	if (ca->control != NULL)
		ipc_flush(ca->control);
	timer_stop(&ca->forget);
	control_lost(ca);
	desk_close(&ca->desk);
	role_finish(env);
}

static const struct sandbox_path ca_paths[] = {
	{ ".", SANDBOX_READ | SANDBOX_WRITE },
	{ NULL, 0 },
};

static const char *const ca_listens[] = { NULL };
static const char *const ca_peers[] = { "control", NULL };

const struct role ca_role = {
	.name = "ca",
	.folder = "ca",
	.alone = true,
	.wants_keyring = true,
	.listens = ca_listens,
	.peers = ca_peers,
	.sandbox = { .paths = ca_paths,
		     .calls = SANDBOX_CALLS_FILES | SANDBOX_CALLS_CHANGE,
		     .file_bytes = UINT64_MAX },
	.prepare = ca_prepare,
	.start = ca_start,
	.drain = ca_drain,
	.on_peer = ca_on_peer,
	.on_keyring = ca_on_keyring,
};
