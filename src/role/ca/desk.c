/* A request that fails by itself (a bad name) writes nothing and leaves its neighbours alone. When
 * the transaction cannot be committed, every request that needed it is answered with why, though
 * its certificate was made: it is nowhere recorded, and nobody gets it. */
#include "role/ca/desk.h"

#include <stdlib.h>

#include "model/ca_message.h"
#include "role/ca/issue.h"
#include "run/ipc/pairs.h"

struct request {
	struct list link;
	uint32_t id;
	struct buf payload;
	uint16_t type;
	struct buf answer;
	struct fail fail; /* kind is not FAIL_NONE: the answer is this */
};

/* What a handler works with. */
struct work {
	struct desk *desk;
	struct sql_tx *tx; /* NULL for those that need none */
	struct arena arena;
	stamp now;
};

typedef int handle_f(struct work *w, struct slice payload, struct buf *answer, struct fail *f);

static int broken(struct fail *f)
{
	return fail(f, FAIL_INPUT, "the request does not parse");
}

static int handle_key_make(struct work *w, struct slice payload, struct buf *answer, struct fail *f)
{
	struct buf wrapped = BUF_INIT, text = BUF_INIT, proof = BUF_INIT;
	struct ca_key_ask ask;
	struct key_public pub;
	struct key *key = NULL;
	int r = -1;

	if (!ca_key_ask_decode(payload, &ask))
		return broken(f);
	if (key_make(w->desk->ring, &pub, &wrapped, f) == 0 &&
	    key_open(w->desk->ring, buf_slice(&wrapped), &key, f) == KEY_DONE) {
		ca_proof_text(&ask.order, slice_of(pub.spki, KEY_SPKI), &text);
		r = key_sign(key, buf_slice(&text), &proof, f);
	}
	if (r == KEY_DONE)
		ca_key_encode(&(struct ca_key){ buf_slice(&wrapped), slice_of(pub.spki, KEY_SPKI),
						buf_slice(&proof) },
			      answer);
	key_unref(key);
	buf_free(&wrapped);
	buf_free(&text);
	buf_free(&proof);
	return r;
}

static int handle_key_rewrap(struct work *w, struct slice payload, struct buf *answer,
			     struct fail *f)
{
	struct buf wrapped = BUF_INIT;
	struct key_public pub;
	struct ca_key ask;
	struct id kek;
	int r;

	if (!ca_key_decode(payload, &ask))
		return broken(f);
	r = key_rewrap(w->desk->ring, ask.wrapped, &wrapped, f);
	if (r == 0) {
		must(key_wrapped_read(buf_slice(&wrapped), &pub, &kek));
		ca_key_encode(&(struct ca_key){ buf_slice(&wrapped), slice_of(pub.spki, KEY_SPKI),
						SLICE_NONE },
			      answer);
	}
	buf_free(&wrapped);
	return r;
}

static int handle_issue(struct work *w, struct slice payload, struct buf *answer, struct fail *f)
{
	struct ca_issue_ask ask;
	struct ca_issued issued;

	if (!ca_issue_ask_decode(payload, &ask))
		return broken(f);
	if (ca_issue(&w->desk->authorities, w->tx, &ask, w->now, &w->arena, &issued, f) < 0)
		return -1;
	ca_issued_encode(&issued, answer);
	return 0;
}

static int handle_revoke(struct work *w, struct slice payload, struct buf *answer, struct fail *f)
{
	struct ca_revoke_ask ask;
	int r;

	(void)answer; /* that it is there says all */
	if (!ca_revoke_ask_decode(payload, &ask) || ask.reason > 10 || ask.reason == 7)
		return broken(f);
	r = ca_issued_revoke(w->tx, &ask.order, ask.reason, w->now, f);
	if (r < 0)
		return -1;
	return r == 1 ? 0 : fail(f, FAIL_ABSENT, "this order has no certificate to revoke");
}

static int handle_authorities(struct work *w, struct slice payload, struct buf *answer,
			      struct fail *f)
{
	struct ca_authority_list list;

	if (payload.n != 0)
		return broken(f);
	authorities_list(&w->desk->authorities, &list);
	ca_authority_list_encode(&list, answer);
	return 0;
}

static const struct handler {
	uint16_t type;
	uint16_t reply;
	bool writes;
	handle_f *handle;
} handlers[] = {
	{ CA_KEY_MAKE, CA_KEY_MADE, false, handle_key_make },
	{ CA_KEY_REWRAP, CA_KEY_REWRAPPED, false, handle_key_rewrap },
	{ CA_CERT_ISSUE, CA_CERT_ISSUED, true, handle_issue },
	{ CA_CERT_REVOKE, CA_CERT_REVOKED, true, handle_revoke },
	{ CA_AUTHORITY_LIST, CA_AUTHORITIES, false, handle_authorities },
};

/* The channel lets no other type through. */
static const struct handler *handler_of(uint16_t type)
{
	const struct handler *h = handlers;

	while (h->type != type)
		must(++h < handlers + sizeof(handlers) / sizeof(*handlers));
	return h;
}

static int database_open(struct desk *d, struct fail *f)
{
	struct sql_config config = { .file = "ca.db", .create = true };

	if (sql_open(&d->db, &config, f) < 0)
		return -1;
	return sql_migrate(d->db, ca_migrations, ca_migration_count, NULL, NULL, f);
}

int desk_open(struct desk *d, struct slice keyring_text, stamp now, struct fail *f)
{
	*d = (struct desk){ .db = NULL };
	list_init(&d->waiting);
	if (keyring_parse(keyring_text, &d->ring, f) == 0 && database_open(d, f) == 0 &&
	    authorities_open(&d->authorities, d->db, d->ring, now, f) == 0)
		return 0;
	desk_close(d);
	return -1;
}

void desk_close(struct desk *d)
{
	desk_clear(d);
	authorities_close(&d->authorities);
	sql_close(d->db);
	keyring_free(d->ring);
	d->db = NULL;
	d->ring = NULL;
}

int desk_keyring(struct desk *d, struct slice text, struct fail *f)
{
	struct keyring *ring;

	if (keyring_parse(text, &ring, f) < 0)
		return -1;
	if (authorities_rewrap(&d->authorities, d->db, ring, f) < 0) {
		keyring_free(ring);
		return -1;
	}
	keyring_free(d->ring);
	d->ring = ring;
	return 0;
}

void desk_take(struct desk *d, uint16_t type, uint32_t id, struct slice payload)
{
	struct request *r = calloc(1, sizeof(*r));

	must(r != NULL);
	r->type = type;
	r->id = id;
	buf_add(&r->payload, payload);
	list_append(&d->waiting, &r->link);
	d->waiting_count++;
}

static void request_drop(struct desk *d, struct request *r)
{
	list_remove(&r->link);
	d->waiting_count--;
	buf_free(&r->payload);
	buf_free(&r->answer);
	free(r);
}

void desk_clear(struct desk *d)
{
	while (!list_empty(&d->waiting))
		request_drop(d, container_of(list_first(&d->waiting), struct request, link));
}

static void request_work(struct work *w, struct request *r)
{
	const struct handler *h = handler_of(r->type);

	if (h->writes && w->tx == NULL && sql_begin(w->desk->db, SQL_WRITE, &w->tx, &r->fail) < 0)
		return;
	if (h->handle(w, buf_slice(&r->payload), &r->answer, &r->fail) < 0)
		must(r->fail.kind != FAIL_NONE);
}

static void request_answer(struct request *r, desk_answer_f *answer, void *owner)
{
	if (r->fail.kind == FAIL_NONE) {
		answer(owner, handler_of(r->type)->reply, r->id, buf_slice(&r->answer));
		return;
	}
	buf_clear(&r->answer);
	ca_failed_encode(&r->fail, &r->answer);
	answer(owner, CA_REFUSED, r->id, buf_slice(&r->answer));
}

/* Every writing request shares the fate of the transaction. */
static void commit(struct work *w, size_t worked)
{
	struct fail f = FAIL_INIT;

	if (w->tx == NULL || sql_commit(w->tx, &f) == 0)
		return;
	list_for_each (link, &w->desk->waiting) {
		struct request *r = container_of(link, struct request, link);

		if (worked-- == 0)
			return;
		if (handler_of(r->type)->writes && r->fail.kind == FAIL_NONE)
			r->fail = f;
	}
}

void desk_work(struct desk *d, size_t most, stamp now, desk_answer_f *answer, void *owner)
{
	struct work w = { .desk = d, .arena = ARENA_INIT, .now = now };
	size_t worked = 0;

	list_for_each (link, &d->waiting) {
		if (worked == most)
			break;
		request_work(&w, container_of(link, struct request, link));
		worked++;
	}
	commit(&w, worked);
	for (; worked > 0 && !list_empty(&d->waiting); worked--) {
		struct request *r = container_of(list_first(&d->waiting), struct request, link);

		request_answer(r, answer, owner);
		request_drop(d, r);
	}
	arena_free(&w.arena);
}

int desk_forget(struct desk *d, stamp before, int64_t *count, struct fail *f)
{
	struct sql_tx *tx;

	if (sql_begin(d->db, SQL_WRITE, &tx, f) < 0)
		return -1;
	if (ca_issued_forget(tx, before, count, f) < 0) {
		sql_rollback(tx);
		return -1;
	}
	return sql_commit(tx, f);
}
