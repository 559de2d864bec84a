/* One write job a second at the most does what is due: renewals, certificates that have expired,
 * work that was larger than one transaction, and once an hour the retention of logs. Each part takes
 * a bounded bite; while there is more, the next job follows at once, and what waits from the API
 * is committed between the two. */
#include "role/control/upkeep.h"

#include <stdlib.h>

#include "base/must.h"
#include "model/audit.h"
#include "model/certificate.h"
#include "model/change.h"
#include "model/event.h"
#include "model/name.h"
#include "model/order.h"
#include "model/zone.h"
#include "role/control/proof.h"
#include "role/control/truth.h"
#include "run/log/log.h"

#define BITE        100
#define TURN_MS     1000
#define RETRY_AFTER STAMP_HOUR /* a renewal whose order came to nothing is ordered again then */

struct upkeep {
	struct truth *truth;
	struct proof *proof;
	struct timer turn;
	struct sql_job job;
	struct act act;
	stamp forget_at; /* next retention */
	bool more;
	int64_t forgotten;
	bool running;
	bool closing;
};

/* ---- on the writer's thread ---- */

struct renewal {
	struct id cert;
	struct slice name;
	struct id zone;
	struct id account;
	struct renewal *next;
};

struct renewals {
	struct arena *arena;
	struct renewal *first;
	int count;
};

static bool note_renewal(void *arg, const struct certificate_row *row)
{
	struct renewals *all = arg;
	struct renewal *r = arena_new(all->arena, struct renewal);
	size_t end = slice_find(row->names, ' ');

	*r = (struct renewal){ row->id, arena_copy(all->arena, slice_sub(row->names, 0, end)),
			       row->zone, row->account, all->first };
	all->first = r;
	all->count++;
	return true;
}

/* Only the certificate that its name lists first: another one has a successor, or no name. */
static int renew_one(struct sql_tx *tx, struct upkeep *u, const struct renewal *r, struct fail *f)
{
	struct order_row want = { .name = r->name,
				  .zone = r->zone,
				  .account = r->account,
				  .reason = ORDER_FOR_RENEWAL,
				  .issuer = slice_lit("local") };
	struct fail absent = FAIL_INIT;
	struct name_row name;

	if (name_find(tx, u->act.arena, r->name, &name, &absent) < 0 || name.record.count == 0 ||
	    !id_eq(&name.record.candidates[0].cert, &r->cert))
		return certificate_set_renewal(tx, &r->cert, 0, f);
	if (order_create(tx, &u->act, &want, f) < 0)
		return -1;
	return certificate_set_renewal(tx, &r->cert, u->act.now + RETRY_AFTER, f);
}

static int renew(struct sql_tx *tx, struct upkeep *u, struct fail *f)
{
	struct renewals all = { .arena = &u->job.arena };

	if (certificate_each_renewal(tx, u->act.now, BITE, note_renewal, &all, f) < 0)
		return -1;
	for (struct renewal *r = all.first; r != NULL; r = r->next)
		if (renew_one(tx, u, r, f) < 0)
			return -1;
	u->more |= all.count == BITE;
	return 0;
}

static int sweep(struct sql_tx *tx, struct upkeep *u, struct fail *f)
{
	bool more = false;
	int looked = 0;

	if (certificate_sweep(tx, &u->act, BITE, &looked, f) < 0)
		return -1;
	if (zone_work(tx, &u->act, &more, f) < 0)
		return -1;
	u->more |= more || looked == BITE;
	return 0;
}

typedef int forget_f(struct sql_tx *tx, stamp before, int64_t *n, struct fail *f);

static int forget(struct sql_tx *tx, struct upkeep *u, struct fail *f)
{
	const struct settings *s = u->truth->settings;
	const struct {
		forget_f *forget;
		stamp keep;
	} logs[] = { { change_forget, s->retention_changes },
		     { audit_forget, s->retention_audit },
		     { event_forget, s->retention_events },
		     { order_forget, s->retention_events } };

	u->forgotten = 0;
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		int64_t n = 0;

		if (logs[i].forget(tx, u->act.now - logs[i].keep, &n, f) < 0)
			return -1;
		u->forgotten += n;
	}
	return 0;
}

static int upkeep_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct upkeep *u = container_of(job, struct upkeep, job);

	u->more = false;
	if (renew(tx, u, f) < 0 || sweep(tx, u, f) < 0)
		return -1;
	return u->act.now < u->forget_at ? 0 : forget(tx, u, f);
}

/* ---- on the loop ---- */

static void upkeep_free(struct upkeep *u)
{
	arena_free(&u->job.arena);
	free(u);
}

static void upkeep_done(struct sql_job *job, int result, const struct fail *f)
{
	struct upkeep *u = container_of(job, struct upkeep, job);

	u->running = false;
	if (u->closing) {
		upkeep_free(u);
		return;
	}
	if (result < 0) {
		log_line(LOG_WARNING, "upkeep.failed", "upkeep is tried again", LOG_FAIL(f));
		u->more = false;
	} else {
		if (u->act.now >= u->forget_at)
			u->forget_at = u->act.now + STAMP_HOUR;
		truth_committed(u->truth, &u->act);
	}
	timer_arm(u->truth->loop, &u->turn, u->more ? 0 : TURN_MS);
}

static void on_turn(struct timer *t)
{
	struct upkeep *u = container_of(t, struct upkeep, turn);

	arena_reset(&u->job.arena);
	truth_act(u->truth, &u->job.arena, &u->act);
	u->running = true;
	sql_submit(u->truth->pool, SQL_WRITE, &u->job);
}

int upkeep_open(struct upkeep **out, struct truth *truth, struct fail *f)
{
	struct upkeep *u = calloc(1, sizeof(*u));

	must(u != NULL);
	u->truth = truth;
	u->job.run = upkeep_run;
	u->job.done = upkeep_done;
	if (proof_open(&u->proof, truth, f) < 0) {
		free(u);
		return -1;
	}
	timer_init(&u->turn, on_turn);
	timer_arm(truth->loop, &u->turn, TURN_MS);
	*out = u;
	return 0;
}

void upkeep_close(struct upkeep *u)
{
	if (u == NULL)
		return;
	timer_stop(&u->turn);
	proof_close(u->proof);
	u->closing = true;
	if (!u->running)
		upkeep_free(u);
}

void upkeep_check_zone(struct upkeep *u, const struct id *zone)
{
	proof_check_zone(u->proof, zone);
}

void upkeep_check_hostname(struct upkeep *u, const struct id *hostname)
{
	proof_check_hostname(u->proof, hostname);
}
