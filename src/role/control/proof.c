/* A check goes: look (a read: what is pending and what its record must say), ask DNS, settle (a
 * write: active, or checked). What was read may be gone by the time it is written: the
 * operations look again. Somebody who asks for a check moves its row to the front of the queue. */
#include "role/control/proof.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/must.h"
#include "model/hostname.h"
#include "model/zone.h"
#include "net/resolve/txt.h"
#include "role/control/truth.h"
#include "run/clock/clock.h"
#include "run/log/log.h"

#define VALUE_MOST 128

/* Records that may hold the proof, asked in this order. */
static const char *const zone_owners[] = { "everseal-verify.", "cloudflare-verify.", NULL };
static const char *const hostname_owners[] = { "_cf-custom-hostname.", NULL };

enum thing { THING_ZONE, THING_HOSTNAME };

struct proof {
	struct truth *truth;
	struct resolver *resolver; /* NULL: no name servers */
	struct timer turn;
	struct list checks; /* struct check: being asked or settled */
	unsigned count;
	bool looking;
	bool again; /* somebody wants a look as soon as this one is over */
	bool closing;
};

struct check {
	struct list link; /* in proof.checks, later in look.found */
	struct proof *proof;
	struct id id;
	enum thing thing;
	const char *const *owners; /* those not yet asked */
	char name[DNS_NAME_MAX + 1];
	char value[VALUE_MOST];
	struct txt_wait wait;
	struct sql_job job;
	struct act act;
	bool proven;
};

static void turn_soon(struct proof *p, int64_t ms)
{
	if (!p->closing && p->resolver != NULL)
		timer_arm(p->truth->loop, &p->turn, ms);
}

/* The last one out frees. */
static void leave(struct proof *p)
{
	if (!p->closing || p->looking || p->count > 0)
		return;
	resolver_free(p->resolver);
	free(p);
}

static void check_end(struct check *c)
{
	struct proof *p = c->proof;

	list_remove(&c->link);
	arena_free(&c->job.arena);
	free(c);
	p->count--;
	leave(p);
}

/* ---- settle ---- */

static int settle_zone(struct sql_tx *tx, struct check *c, struct fail *f)
{
	struct zone_row row;

	if (c->proven)
		return zone_activate(tx, &c->act, &c->id, true, &row, f);
	return zone_checked(tx, &c->id, c->act.now, f);
}

static int settle_hostname(struct sql_tx *tx, struct check *c, struct fail *f)
{
	struct hostname_row row;

	if (c->proven)
		return hostname_activate(tx, &c->act, &c->id, &row, f);
	return hostname_checked(tx, &c->id, c->act.now, f);
}

static int settle_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct check *c = container_of(job, struct check, job);

	return c->thing == THING_ZONE ? settle_zone(tx, c, f) : settle_hostname(tx, c, f);
}

static void settle_done(struct sql_job *job, int result, const struct fail *f)
{
	struct check *c = container_of(job, struct check, job);

	if (result < 0 && f->kind != FAIL_ABSENT)
		log_line(LOG_WARNING, "proof.unsettled", "the outcome of a proof was not stored",
			 LOG_S("name", c->name), LOG_FAIL(f));
	if (result >= 0 && c->proven) {
		log_line(LOG_INFO, "proof.seen", "a TXT record proved a name",
			 LOG_S("name", c->name));
		if (!c->proof->closing)
			truth_committed(c->proof->truth, &c->act);
	}
	check_end(c);
}

static void settle(struct check *c)
{
	truth_act(c->proof->truth, &c->job.arena, &c->act);
	c->job.run = settle_run;
	c->job.done = settle_done;
	sql_submit(c->proof->truth->pool, SQL_WRITE, &c->job);
}

/* ---- ask ---- */

static void ask_next(struct check *c);

static void on_txt(struct txt_wait *w, enum resolve_outcome outcome, const struct slice *texts,
		   size_t count)
{
	struct check *c = container_of(w, struct check, wait);

	(void)outcome; /* a server that failed proves nothing, like an absent record */
	for (size_t i = 0; i < count; i++)
		c->proven |= slice_eq_str(texts[i], c->value);
	ask_next(c);
}

static void ask_next(struct check *c)
{
	char owner[DNS_NAME_MAX + 64];

	if (c->proven || *c->owners == NULL) {
		settle(c);
		return;
	}
	(void)snprintf(owner, sizeof(owner), "%s%s", *c->owners++, c->name);
	txt_ask(c->proof->resolver, owner, &c->wait);
}

static void check_start(struct check *c)
{
	struct proof *p = c->proof;

	list_append(&p->checks, &c->link);
	p->count++;
	txt_wait_init(&c->wait, on_txt);
	ask_next(c);
}

/* ---- look ---- */

struct look {
	struct sql_job job;
	struct proof *proof;
	stamp before;
	struct list found; /* struct check */
};

static struct check *found(struct look *l, const struct id *id, struct slice name)
{
	struct check *c = calloc(1, sizeof(*c));

	must(c != NULL);
	c->proof = l->proof;
	c->id = *id;
	(void)snprintf(c->name, sizeof(c->name), "%.*s", SLICE_ARG(name));
	list_append(&l->found, &c->link);
	return c;
}

static bool found_zone(void *arg, const struct zone_row *z)
{
	struct check *c = found(arg, &z->id, z->name);

	c->thing = THING_ZONE;
	c->owners = zone_owners;
	(void)snprintf(c->value, sizeof(c->value), "%.*s", SLICE_ARG(z->verification_key));
	return true;
}

static bool found_hostname(void *arg, const struct hostname_row *h)
{
	struct check *c = found(arg, &h->id, h->name);

	c->thing = THING_HOSTNAME;
	c->owners = hostname_owners;
	id_uuid(&h->ownership_token, c->value);
	return true;
}

static int look_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct look *l = container_of(job, struct look, job);

	if (zone_each_pending(tx, l->before, PROOF_MOST / 2, found_zone, l, f) < 0)
		return -1;
	return hostname_each_pending(tx, l->before, PROOF_MOST / 2, found_hostname, l, f);
}

static bool is_running(const struct proof *p, const struct check *wanted)
{
	list_for_each (link, &p->checks) {
		const struct check *c = container_of(link, struct check, link);

		if (c->thing == wanted->thing && id_eq(&c->id, &wanted->id))
			return true;
	}
	return false;
}

static void take_up(struct proof *p, struct check *c)
{
	if (p->closing || p->count >= PROOF_MOST || is_running(p, c))
		free(c);
	else
		check_start(c);
}

static void look_done(struct sql_job *job, int result, const struct fail *f)
{
	struct look *l = container_of(job, struct look, job);
	struct proof *p = l->proof;
	struct list *link;

	p->looking = false;
	if (result < 0)
		log_line(LOG_WARNING, "proof.unread", "pending names could not be read",
			 LOG_FAIL(f));
	while ((link = list_first(&l->found)) != NULL) {
		list_remove(link);
		take_up(p, container_of(link, struct check, link));
	}
	arena_free(&job->arena);
	free(l);
	turn_soon(p, p->again ? 0 : STAMP_SECOND);
	leave(p);
}

static void on_turn(struct timer *t)
{
	struct proof *p = container_of(t, struct proof, turn);
	struct look *l = calloc(1, sizeof(*l));

	must(l != NULL);
	l->proof = p;
	l->before = clock_now() - p->truth->settings->dns_proof_interval;
	list_init(&l->found);
	l->job.run = look_run;
	l->job.done = look_done;
	p->looking = true;
	p->again = false;
	sql_submit(p->truth->pool, SQL_READ, &l->job);
}

/* ---- to the front of the queue ---- */

struct hurry {
	struct sql_job job;
	struct proof *proof;
	struct id id;
	enum thing thing;
};

static int hurry_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct hurry *h = container_of(job, struct hurry, job);

	return h->thing == THING_ZONE ? zone_checked(tx, &h->id, 0, f)
				      : hostname_checked(tx, &h->id, 0, f);
}

static void hurry_done(struct sql_job *job, int result, const struct fail *f)
{
	struct hurry *h = container_of(job, struct hurry, job);
	struct proof *p = h->proof;

	if (result < 0)
		log_line(LOG_WARNING, "proof.unread", "a check that was asked for waits its turn",
			 LOG_FAIL(f));
	arena_free(&job->arena);
	free(h);
	p->count--;
	p->again = true;
	if (!p->looking)
		turn_soon(p, 0);
	leave(p);
}

static void hurry(struct proof *p, const struct id *id, enum thing thing)
{
	struct hurry *h = calloc(1, sizeof(*h));

	must(h != NULL);
	h->proof = p;
	h->id = *id;
	h->thing = thing;
	h->job.run = hurry_run;
	h->job.done = hurry_done;
	p->count++;
	sql_submit(p->truth->pool, SQL_WRITE, &h->job);
}

void proof_check_zone(struct proof *p, const struct id *zone)
{
	hurry(p, zone, THING_ZONE);
}

void proof_check_hostname(struct proof *p, const struct id *hostname)
{
	hurry(p, hostname, THING_HOSTNAME);
}

/* ---- beginning and end ---- */

static int open_resolver(struct proof *p, struct fail *f)
{
	const struct settings *s = p->truth->settings;
	struct buf servers = BUF_INIT;
	int r = 0;

	resolve_servers_choose(s->dns_resolvers.items, s->dns_resolvers.count, &servers);
	if (servers.n == 0) {
		log_line(LOG_WARNING, "proof.no_servers",
			 "no name servers: set dns.resolvers, or pending names stay pending");
	} else {
		struct resolve_config config = { .servers = buf_str(&servers),
						 .timeout_ms = s->dns_timeout,
						 .tries = 2,
						 .names_max = 1 };
		r = resolver_new(p->truth->loop, &config, &p->resolver, f);
	}
	buf_free(&servers);
	return r;
}

int proof_open(struct proof **out, struct truth *truth, struct fail *f)
{
	struct proof *p = calloc(1, sizeof(*p));

	must(p != NULL);
	p->truth = truth;
	list_init(&p->checks);
	timer_init(&p->turn, on_turn);
	if (open_resolver(p, f) < 0) {
		free(p);
		return -1;
	}
	turn_soon(p, 0);
	*out = p;
	return 0;
}

void proof_close(struct proof *p)
{
	struct list *link;
	struct list *next;

	if (p == NULL)
		return;
	p->closing = true;
	timer_stop(&p->turn);
	p->count++; /* holds p while its checks end */
	for (link = p->checks.next; link != &p->checks; link = next) {
		struct check *c = container_of(link, struct check, link);

		next = link->next;
		if (c->wait.query != NULL) { /* asking: nothing is written for it */
			txt_cancel(&c->wait);
			check_end(c);
		}
	}
	p->count--;
	leave(p);
}
