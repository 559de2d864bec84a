/* An order in hand is a struct work. It goes round:
 *
 *	order_step() says what to do -> the ca (or another issuer) is asked -> what came of it is
 *	stored together with the order's next state, in one transaction -> order_step() ...
 *
 * What is stored is decided on the SQL thread, from the order's row as it is then: an order that was
 * removed meanwhile stores nothing. A crash at any point leaves a row that is due.
 *
 * Orders that wait to be live cost a struct each; beyond WATCHED_MOST they are let go and looked at
 * again when their row is due. */
#include "role/control/issue_priv.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/must.h"
#include "model/certificate.h"
#include "model/event.h"
#include "model/key_store.h"
#include "model/name.h"
#include "model/order.h"
#include "proto/x509/x509.h"
#include "role/control/fleet.h"
#include "role/control/issuer/issuer.h"
#include "role/control/truth.h"
#include "run/clock/clock.h"
#include "run/log/log.h"

#define WORKS_MOST   64
#define WATCHED_MOST 4096
#define LOOK_MOST    1024
#define TICK_MOST    (60 * 1000) /* ms */
#define WATCH_EVERY  1000        /* ms, should no acknowledgement come */
#define TROUBLE_WAIT 1000        /* ms after the disk refused */

struct work {
	struct list link; /* in issue.works or issue.watched */
	struct issue *is;
	struct order_row order;
	struct slice wrapped; /* the key, once there is one */
	struct key_public key;
	struct arena arena; /* of order, wrapped and what is to be stored */

	struct ca_wait key_wait;
	struct issuance issuance;
	const struct issuer *issuer;

	/* what is to be stored */
	struct sql_job job;
	struct act act;
	bool storing;
	struct order_event event;
	struct ca_issued issued;
	struct x509_facts facts;
	enum order_action action; /* what to do when it is */
	bool stored;              /* else the order was removed meanwhile */
};

static void look(struct issue *is);
static void work_do(struct work *w, enum order_action action);

void issue_hold(struct issue *is)
{
	is->holds++;
}

void issue_release(struct issue *is)
{
	if (--is->holds == 0)
		free(is);
}

/* ---- a work's life ---- */

static struct work *work_new(struct issue *is, const struct order_row *order)
{
	struct work *w = calloc(1, sizeof(*w));

	must(w != NULL);
	w->is = is;
	w->order = *order;
	list_init(&w->link);
	return w;
}

static void work_free(struct work *w)
{
	list_remove(&w->link);
	arena_free(&w->arena);
	arena_free(&w->job.arena);
	free(w);
}

/* There is room for another one: what is due may come. */
static void work_end(struct work *w)
{
	struct issue *is = w->is;

	work_free(w);
	is->work_count--;
	if (is->look_again)
		look(is);
}

static bool in_hand(const struct list *works, const struct id *order)
{
	list_for_each (link, works) {
		const struct work *w = container_of(link, struct work, link);

		if (id_eq(&w->order.id, order))
			return true;
	}
	return false;
}

/* ---- storing what came of an action ---- */

static int store_key(struct sql_tx *tx, struct work *w, const struct order_row *order,
		     struct fail *f)
{
	if (key_store_put(tx, &w->act, &order->zone, w->wrapped, &w->key, f) < 0)
		return -1;
	w->event.key = w->key.id;
	return 0;
}

static bool facts_list(const struct x509_facts *x, struct slice name)
{
	for (size_t i = 0; i < x->name_count; i++)
		if (slice_eq(x->names[i], name))
			return true;
	return false;
}

static struct slice facts_names(const struct x509_facts *x, struct arena *a)
{
	const char *names = "";

	for (size_t i = 0; i < x->name_count; i++)
		names = arena_printf(a, "%s%s%.*s", names, i == 0 ? "" : " ",
				     SLICE_ARG(x->names[i]));
	return slice_str(names);
}

static struct certificate_row certificate_of(struct work *w, const struct order_row *order,
					     const struct name_row *name)
{
	const struct x509_facts *x = &w->facts;
	struct certificate_row row = {
		.zone = order->zone,
		.account = order->account,
		.order = order->id,
		.key = order->key,
		.key_type = (uint8_t)w->key.type,
		.source = name->source == NAME_FROM_HOSTNAME ? CERTIFICATE_HOSTNAME
							     : CERTIFICATE_UNIVERSAL,
		.issuer = x->issuer,
		.signature = slice_lit("ECDSAWithSHA256"),
		.serial = slice_of(x->serial, x->serial_len),
		.names = facts_names(x, w->act.arena),
		.not_before = x->not_before,
		.not_after = x->not_after,
		.created_at = w->act.now,
		.leaf = w->issued.leaf,
	};

	memcpy(row.id.b, x->sha256, ID_LEN);
	memcpy(row.fingerprint, x->sha256, sizeof(row.fingerprint));
	memcpy(row.spki, x->spki_hash, sizeof(row.spki));
	return row;
}

static int chain_of(const struct ca_issued *issued, struct chain_record *out, struct fail *f)
{
	if (issued->chain_count > CHAIN_MAX)
		return fail(f, FAIL_PEER, "the issuer's chain has more than %d certificates",
			    CHAIN_MAX);
	out->count = (uint8_t)issued->chain_count;
	for (size_t i = 0; i < issued->chain_count; i++)
		out->certs[i] = issued->chain[i];
	return 0;
}

static int store_certificate(struct sql_tx *tx, struct work *w, const struct order_row *order,
			     const struct name_row *name, struct fail *f)
{
	struct certificate_row row = certificate_of(w, order, name);
	struct chain_record chain = { 0 };

	if (chain_of(&w->issued, &chain, f) < 0 ||
	    certificate_store(tx, &w->act, &row, &chain, f) < 0)
		return -1;
	w->event.cert = row.id;
	w->event.seq = w->act.seq;
	return 0;
}

static int note_event(struct sql_tx *tx, const struct work *w, const struct order_row *order,
		      struct fail *f)
{
	struct event_row row = { .at = w->act.now, .zone = order->zone, .name = order->name };

	switch (w->event.kind) {
	case ORDER_EVENT_ISSUED:
		row.kind = slice_lit("certificate.issued");
		row.words = order->reason == ORDER_FOR_RENEWAL ? slice_lit("renewed")
							       : slice_lit("issued");
		return event_append(tx, &row, f);
	case ORDER_EVENT_DENIED:
		row.kind = slice_lit("certificate.denied");
		row.words = w->event.words;
		return event_append(tx, &row, f);
	case ORDER_EVENT_FAILED:
		row.kind = slice_lit("certificate.failed");
		row.words = w->event.words;
		return order->attempts == 1 ? event_append(tx, &row, f) : 0;
	case ORDER_EVENT_DUE:
	case ORDER_EVENT_KEYED:
	case ORDER_EVENT_LIVE:
	case ORDER_EVENT_GONE: return 0;
	}
	must_not_reach();
}

/* Who the certificate is for must still be who ordered it. */
static int order_still_wanted(struct sql_tx *tx, struct work *w, const struct order_row *order,
			      struct name_row *name, bool *wanted, struct fail *f)
{
	struct fail absent = FAIL_INIT;

	*wanted = name_find(tx, w->act.arena, order->name, name, &absent) == 0 &&
		  id_eq(&name->account, &order->account);
	if (*wanted || absent.kind == FAIL_NONE || absent.kind == FAIL_ABSENT)
		return 0;
	return fail(f, absent.kind, "%s", absent.words);
}

static int store_event(struct sql_tx *tx, struct work *w, const struct order_row *order,
		       struct fail *f)
{
	struct name_row name;
	bool wanted;

	if (order_still_wanted(tx, w, order, &name, &wanted, f) < 0)
		return -1;
	if (!wanted)
		w->event.kind = ORDER_EVENT_GONE;
	if (w->event.kind == ORDER_EVENT_KEYED)
		return store_key(tx, w, order, f);
	if (w->event.kind == ORDER_EVENT_ISSUED)
		return store_certificate(tx, w, order, &name, f);
	return 0;
}

static int store_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct work *w = container_of(job, struct work, job);
	const struct order_event due = { .kind = ORDER_EVENT_DUE };
	struct order_row order;

	truth_act(w->is->truth, &job->arena, &w->act);
	w->action = ORDER_DO_NOTHING;
	w->stored = false;
	if (order_find(tx, &job->arena, &w->order.id, &order, f) < 0)
		return -1;
	if (order.state == ORDER_FAILED) /* taken up again, as here in hand */
		(void)order_step(&order, w->act.now, &due);
	if (order.state != w->order.state)
		return 0; /* removed meanwhile */
	if (store_event(tx, w, &order, f) < 0)
		return -1;
	w->action = order_step(&order, w->act.now, &w->event);
	if (order_update(tx, &order, f) < 0 || note_event(tx, w, &order, f) < 0)
		return -1;
	w->order.state = order.state;
	w->order.key = order.key;
	w->order.proof = w->event.kind == ORDER_EVENT_KEYED ? w->event.proof : w->order.proof;
	w->order.seq = order.seq;
	w->stored = true;
	return 0;
}

static void say_stored(const struct work *w)
{
	if (w->event.kind == ORDER_EVENT_ISSUED)
		log_line(LOG_INFO, "certificate.issued", "a certificate is on its way to the edges",
			 LOG_B("name", w->order.name), LOG_ID("certificate", &w->event.cert),
			 LOG_I("seq", w->event.seq));
	else if (w->event.kind == ORDER_EVENT_FAILED || w->event.kind == ORDER_EVENT_DENIED)
		log_line(LOG_WARNING, "certificate.failed", "a certificate could not be had",
			 LOG_B("name", w->order.name), LOG_B("error", w->event.words),
			 LOG_YES("again", w->event.kind == ORDER_EVENT_FAILED));
}

static void store_done(struct sql_job *job, int result, const struct fail *f)
{
	struct work *w = container_of(job, struct work, job);
	struct issue *is = w->is;

	w->storing = false;
	if (is->closed) {
		work_free(w);
	} else if (result < 0) {
		log_line(LOG_ERROR, "order.unsaved", "an order's step could not be stored",
			 LOG_B("name", w->order.name), LOG_FAIL(f));
		timer_arm(is->truth->loop, &is->tick, TROUBLE_WAIT);
		work_end(w);
	} else {
		if (w->stored)
			say_stored(w);
		truth_committed(is->truth, &w->act);
		timer_arm(is->truth->loop, &is->tick, WATCH_EVERY);
		work_do(w, w->action);
	}
	issue_release(is);
}

static void store(struct work *w, enum order_event_kind kind)
{
	w->event.kind = kind;
	w->storing = true;
	arena_reset(&w->job.arena);
	w->job.run = store_run;
	w->job.done = store_done;
	issue_hold(w->is);
	sql_submit(w->is->truth->pool, SQL_WRITE, &w->job);
}

/* The ca being away is nobody's failure: the order stays due, and the ca's return wakes us. */
static void store_failure(struct work *w, const struct fail *f)
{
	bool lasting = f->kind == FAIL_INPUT || f->kind == FAIL_DENIED || f->kind == FAIL_CONFLICT;

	if (!ca_link_is_up(&w->is->ca)) {
		work_end(w);
		return;
	}
	w->event = (struct order_event){ .words = arena_copy(&w->arena, slice_str(f->words)) };
	store(w, lasting ? ORDER_EVENT_DENIED : ORDER_EVENT_FAILED);
}

static void store_failure_words(struct work *w, enum fail_kind kind, const char *words)
{
	struct fail f = FAIL_INIT;

	(void)fail(&f, kind, "%s", words);
	store_failure(w, &f);
}

/* ---- a key ---- */

static void on_key(struct ca_wait *wait, struct slice payload, const struct fail *f)
{
	struct work *w = container_of(wait, struct work, key_wait);
	struct ca_key got;

	if (f != NULL) {
		store_failure(w, f);
		return;
	}
	if (!ca_key_decode(payload, &got)) {
		store_failure_words(w, FAIL_SYSTEM, "the ca role's key cannot be read");
		return;
	}
	w->wrapped = arena_copy(&w->arena, got.wrapped);
	w->event = (struct order_event){ .proof = arena_copy(&w->arena, got.proof) };
	store(w, ORDER_EVENT_KEYED);
}

static void do_key(struct work *w)
{
	struct ca_key_ask ask = { w->order.id };
	struct buf payload = BUF_INIT;

	ca_key_ask_encode(&ask, &payload);
	w->key_wait.on_answer = on_key;
	ca_ask(&w->is->ca, &w->key_wait, CA_KEY_MAKE, CA_KEY_MADE, buf_slice(&payload));
	buf_free(&payload);
}

/* ---- a certificate ---- */

static void keep_issued(struct work *w, const struct ca_issued *got)
{
	w->issued = (struct ca_issued){ .leaf = arena_copy(&w->arena, got->leaf),
					.chain_count = got->chain_count };
	for (size_t i = 0; i < got->chain_count; i++)
		w->issued.chain[i] = arena_copy(&w->arena, got->chain[i]);
}

static void on_issued(struct issuance *i, const struct ca_issued *got, const struct fail *f)
{
	struct work *w = container_of(i, struct work, issuance);
	struct fail broken = FAIL_INIT;

	if (f != NULL) {
		store_failure(w, f);
		return;
	}
	keep_issued(w, got);
	if (x509_facts_read(w->issued.leaf, &w->arena, &w->facts, &broken) < 0)
		store_failure(w, &broken);
	else if (memcmp(w->facts.spki_hash, w->key.spki_hash, sizeof(w->key.spki_hash)) != 0)
		store_failure_words(w, FAIL_CONFLICT, "the certificate is for another key");
	else if (!facts_list(&w->facts, w->order.name))
		store_failure_words(w, FAIL_CONFLICT, "the certificate does not list the name");
	else
		store(w, ORDER_EVENT_ISSUED);
}

static void do_issue(struct work *w)
{
	stamp now = clock_now();
	stamp life = w->is->truth->config.leaf_lifetime;
	stamp early = life / 10 < STAMP_HOUR ? life / 10 : STAMP_HOUR; /* slow clocks */
	struct id kek;

	w->issuer = issuer_named(w->order.issuer);
	if (w->issuer == NULL || !key_wrapped_read(w->wrapped, &w->key, &kek)) {
		store_failure_words(w, FAIL_CONFLICT, "the order's issuer or key is gone");
		return;
	}
	w->issuance = (struct issuance){ .order = w->order.id,
					 .name = w->order.name,
					 .spki = slice_of(w->key.spki, sizeof(w->key.spki)),
					 .proof = w->order.proof,
					 .not_before = now - early,
					 .not_after = now + life,
					 .ca = &w->is->ca,
					 .on_done = on_issued };
	w->issuer->issue(&w->issuance);
}

/* ---- live ---- */

static bool is_live(const struct work *w)
{
	struct arena a = ARENA_INIT;
	struct deployment d;

	fleet_deployment(w->is->truth->fleet, w->order.seq, &a, &d);
	arena_free(&a);
	return d.live > 0 && d.live + d.silent == d.of;
}

static void do_watch(struct work *w)
{
	struct issue *is = w->is;

	if (is_live(w)) {
		w->event = (struct order_event){ 0 };
		store(w, ORDER_EVENT_LIVE);
		return;
	}
	if (is->watch_count >= WATCHED_MOST) {
		work_end(w);
		return;
	}
	list_remove(&w->link);
	list_append(&is->watched, &w->link);
	is->work_count--;
	is->watch_count++;
}

/* ---- what to do next ---- */

static void work_do(struct work *w, enum order_action action)
{
	switch (action) {
	case ORDER_DO_NOTHING: work_end(w); return;
	case ORDER_DO_KEY: do_key(w); return;
	case ORDER_DO_ISSUE: do_issue(w); return;
	case ORDER_DO_WATCH: do_watch(w); return;
	}
	must_not_reach();
}

/* ---- finding what is due ---- */

static bool look_one(void *arg, const struct order_row *row)
{
	struct issue *is = arg;
	struct work *w = work_new(is, row);
	struct arena *a = &w->arena;

	w->order.name = arena_copy(a, row->name);
	w->order.issuer = arena_copy(a, row->issuer);
	w->order.proof = arena_copy(a, row->proof);
	w->order.error = SLICE_NONE;
	w->order.who = SLICE_NONE;
	list_append(&is->found, &w->link);
	return true;
}

/* An order that was keyed before needs its key again. One without it will say so itself. */
static void look_for_key(struct sql_tx *tx, struct work *w)
{
	struct fail absent = FAIL_INIT;

	if (!id_is_zero(&w->order.key) &&
	    key_store_find(tx, &w->arena, &w->order.key, &w->wrapped, &absent) < 0)
		w->wrapped = SLICE_NONE;
}

static int look_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct issue *is = container_of(job, struct issue, look);
	stamp now = clock_now();

	if (order_each_due(tx, now, LOOK_MOST, look_one, is, f) < 0)
		return -1;
	list_for_each (link, &is->found)
		look_for_key(tx, container_of(link, struct work, link));
	return order_next_due(tx, now, &is->next_due, f);
}

static void take_up(struct issue *is, struct work *w)
{
	struct order_event due = { .kind = ORDER_EVENT_DUE };

	list_append(&is->works, &w->link);
	is->work_count++;
	work_do(w, order_step(&w->order, clock_now(), &due));
}

static void look_take(struct issue *is)
{
	struct list *first;

	while ((first = list_first(&is->found)) != NULL) {
		struct work *w = container_of(first, struct work, link);
		bool known =
			in_hand(&is->works, &w->order.id) || in_hand(&is->watched, &w->order.id);

		list_remove(first);
		is->look_again |= !known && is->work_count >= WORKS_MOST;
		if (known || is->closed || is->work_count >= WORKS_MOST || !ca_link_is_up(&is->ca))
			work_free(w);
		else
			take_up(is, w);
	}
}

static void rearm(struct issue *is)
{
	stamp wait = is->next_due == 0 ? TICK_MOST : is->next_due - clock_now();

	if (is->watch_count > 0 && wait > WATCH_EVERY)
		wait = WATCH_EVERY;
	timer_arm(is->truth->loop, &is->tick, wait < TICK_MOST ? wait : TICK_MOST);
}

static void look_done(struct sql_job *job, int result, const struct fail *f)
{
	struct issue *is = container_of(job, struct issue, look);

	arena_reset(&job->arena);
	look_take(is);
	is->looking = false;
	if (!is->closed) {
		if (result < 0)
			log_line(LOG_ERROR, "order.unread", "the orders could not be read",
				 LOG_FAIL(f));
		rearm(is);
		if (is->look_again && is->work_count < WORKS_MOST)
			look(is);
	}
	issue_release(is);
}

static void look(struct issue *is)
{
	if (is->looking) {
		is->look_again = true;
		return;
	}
	is->looking = true;
	is->look_again = false;
	is->look.run = look_run;
	is->look.done = look_done;
	issue_hold(is);
	sql_submit(is->truth->pool, SQL_READ, &is->look);
}

static void on_wake(struct deferred *d)
{
	look(container_of(d, struct issue, wake));
}

static void on_tick(struct timer *t)
{
	struct issue *is = container_of(t, struct issue, tick);

	issue_on_ack(is);
	look(is);
}

/* ---- the public face ---- */

int issue_open(struct issue **out, struct truth *truth, struct fail *f)
{
	struct issue *is = calloc(1, sizeof(*is));

	(void)f;
	must(is != NULL);
	is->truth = truth;
	is->holds = 1;
	list_init(&is->works);
	list_init(&is->watched);
	list_init(&is->found);
	ca_link_init(&is->ca, truth->loop);
	timer_init(&is->tick, on_tick);
	deferred_init(&is->wake, on_wake);
	*out = is;
	return 0;
}

/* Works in the hands of a job are freed when it is done. */
static void close_works(struct list *works)
{
	for (struct list *at = works->next, *next; at != works; at = next) {
		struct work *w = container_of(at, struct work, link);

		next = at->next;
		if (!w->storing)
			work_free(w);
	}
}

void issue_close(struct issue *is)
{
	if (is == NULL)
		return;
	is->closed = true;
	timer_stop(&is->tick);
	deferred_cancel(&is->wake);
	rewrap_close(is->rewrap);
	ca_link_close(&is->ca);
	close_works(&is->works);
	close_works(&is->watched);
	issue_release(is);
}

void issue_on_ca(struct issue *is, int fd)
{
	ca_link_attach(&is->ca, fd);
	issue_wake(is);
}

void issue_wake(struct issue *is)
{
	loop_defer(is->truth->loop, &is->wake);
}

void issue_on_ack(struct issue *is)
{
	for (struct list *at = is->watched.next, *next; at != &is->watched; at = next) {
		struct work *w = container_of(at, struct work, link);

		next = at->next;
		if (!is_live(w))
			continue;
		list_remove(at);
		list_append(&is->works, at);
		is->watch_count--;
		is->work_count++;
		w->event = (struct order_event){ 0 };
		store(w, ORDER_EVENT_LIVE);
	}
}
