/* Wrapping every key anew, a batch at a time:
 *
 *	read a batch of keys under another KEK -> the ca wraps each anew -> store them -> again
 *
 * until no such key is left. A key whose answer is wrapped by another KEK than the newest means that
 * the ca has not heard of it yet: the batch is tried again a little later. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/must.h"
#include "model/ca_message.h"
#include "model/key_store.h"
#include "role/control/issue_priv.h"
#include "role/control/truth.h"
#include "run/log/log.h"

#define BATCH      32
#define AGAIN      200 /* ms */
#define AGAIN_MOST 50  /* times in a row */

struct rewrap_key {
	struct rewrap *rewrap;
	struct ca_wait wait;
	struct slice wrapped; /* what it is, then what it shall be */
	bool fresh;
};

struct rewrap {
	struct issue *is;
	struct issue_rewrap *face;
	struct sql_job job;
	struct act act;
	bool at_work; /* the job */
	bool closed;
	struct timer again;
	unsigned tries;
	struct arena arena; /* of one batch */
	struct rewrap_key keys[BATCH];
	size_t count;
	size_t waiting;
	int64_t left;
};

static void read_batch(struct rewrap *r);

static void rewrap_free(struct rewrap *r)
{
	timer_stop(&r->again);
	arena_free(&r->arena);
	arena_free(&r->job.arena);
	free(r);
}

static void finish(struct rewrap *r, const struct fail *f)
{
	struct issue_rewrap *face = r->face;

	r->is->rewrap = NULL;
	rewrap_free(r);
	face->on_done(face, f);
}

static void submit(struct rewrap *r, enum sql_mode mode,
		   int (*run)(struct sql_tx *, struct sql_job *, struct fail *),
		   void (*done)(struct sql_job *, int, const struct fail *))
{
	arena_reset(&r->job.arena);
	r->job.run = run;
	r->job.done = done;
	r->at_work = true;
	issue_hold(r->is);
	sql_submit(r->is->truth->pool, mode, &r->job);
}

/* True when the runner was closed meanwhile: r is gone. */
static bool job_ended(struct rewrap *r)
{
	struct issue *is = r->is;
	bool closed = r->closed;

	r->at_work = false;
	if (closed)
		rewrap_free(r);
	issue_release(is);
	return closed;
}

/* ---- storing ---- */

static int store_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct rewrap *r = container_of(job, struct rewrap, job);

	truth_act(r->is->truth, &job->arena, &r->act);
	for (size_t i = 0; i < r->count; i++)
		if (r->keys[i].fresh && key_store_rewrap(tx, &r->act, r->keys[i].wrapped, f) < 0)
			return -1;
	return 0;
}

static void store_done(struct sql_job *job, int result, const struct fail *f)
{
	struct rewrap *r = container_of(job, struct rewrap, job);

	if (job_ended(r))
		return;
	if (result < 0) {
		finish(r, f);
		return;
	}
	truth_committed(r->is->truth, &r->act);
	read_batch(r);
}

/* ---- asking ---- */

static void batch_answered(struct rewrap *r)
{
	bool any = false;
	struct fail f = FAIL_INIT;

	for (size_t i = 0; i < r->count; i++)
		any |= r->keys[i].fresh;
	if (any) {
		r->tries = 0;
		submit(r, SQL_WRITE, store_run, store_done);
	} else if (++r->tries < AGAIN_MOST) {
		timer_arm(r->is->truth->loop, &r->again, AGAIN);
	} else {
		(void)fail(&f, FAIL_UNAVAILABLE,
			   "%lld keys could not be wrapped anew: see the log of the ca role, "
			   "then rotate again",
			   (long long)r->left);
		finish(r, &f);
	}
}

static bool take_answer(struct rewrap_key *k, struct slice payload)
{
	struct key_public pub;
	struct ca_key got;
	struct id kek;

	if (!ca_key_decode(payload, &got) || !key_wrapped_read(got.wrapped, &pub, &kek))
		return false;
	k->wrapped = arena_copy(&k->rewrap->arena, got.wrapped);
	return id_eq(&kek, &k->rewrap->face->kek);
}

static void on_answer(struct ca_wait *wait, struct slice payload, const struct fail *f)
{
	struct rewrap_key *k = container_of(wait, struct rewrap_key, wait);
	struct rewrap *r = k->rewrap;

	k->fresh = f == NULL && take_answer(k, payload);
	if (f != NULL)
		log_line(LOG_WARNING, "key.not_rewrapped", "a key could not be wrapped anew",
			 LOG_FAIL(f));
	if (--r->waiting == 0)
		batch_answered(r);
}

static void ask(struct rewrap_key *k)
{
	struct ca_key message = { .wrapped = k->wrapped,
				  .spki = slice_lit(""),
				  .proof = slice_lit("") };
	struct buf payload = BUF_INIT;

	ca_key_encode(&message, &payload);
	k->wait.on_answer = on_answer;
	ca_ask(&k->rewrap->is->ca, &k->wait, CA_KEY_REWRAP, CA_KEY_REWRAPPED, buf_slice(&payload));
	buf_free(&payload);
}

/* ---- reading ---- */

static bool read_one(void *arg, const struct id *id, struct slice wrapped)
{
	struct rewrap *r = arg;

	(void)id;
	r->keys[r->count++] =
		(struct rewrap_key){ .rewrap = r, .wrapped = arena_copy(&r->arena, wrapped) };
	return r->count < BATCH;
}

static int read_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct rewrap *r = container_of(job, struct rewrap, job);

	if (key_store_count_other(tx, &r->face->kek, &r->left, f) < 0)
		return -1;
	return key_store_each_other(tx, &r->face->kek, BATCH, read_one, r, f);
}

static void read_done(struct sql_job *job, int result, const struct fail *f)
{
	struct rewrap *r = container_of(job, struct rewrap, job);

	if (job_ended(r))
		return;
	if (result < 0) {
		finish(r, f);
		return;
	}
	r->face->left = (uint64_t)r->left;
	if (r->face->total < r->face->left)
		r->face->total = r->face->left;
	if (r->count == 0) {
		finish(r, NULL);
		return;
	}
	r->waiting = r->count;
	for (size_t i = 0; i < r->count; i++)
		ask(&r->keys[i]);
}

static void read_batch(struct rewrap *r)
{
	arena_reset(&r->arena);
	r->count = 0;
	submit(r, SQL_READ, read_run, read_done);
}

static void on_again(struct timer *t)
{
	read_batch(container_of(t, struct rewrap, again));
}

/* ---- the public face ---- */

int issue_rewrap(struct issue *is, struct issue_rewrap *face, struct fail *f)
{
	if (is->rewrap != NULL)
		return fail(f, FAIL_CONFLICT, "the keys are being wrapped anew already");
	struct rewrap *r = calloc(1, sizeof(*r));

	must(r != NULL);
	r->is = is;
	r->face = face;
	timer_init(&r->again, on_again);
	is->rewrap = r;
	read_batch(r);
	return 0;
}

void rewrap_close(struct rewrap *r)
{
	if (r == NULL)
		return;
	r->is->rewrap = NULL;
	r->closed = true;
	for (size_t i = 0; i < r->count && !r->at_work; i++)
		if (r->waiting > 0 && r->keys[i].wait.on_answer != NULL)
			ca_cancel(&r->keys[i].wait);
	if (!r->at_work)
		rewrap_free(r);
}
