/* The built-in CA: the ca role, over its channel. */
#include "base/buf.h"
#include "role/control/issuer/issuer.h"

static void on_answer(struct ca_wait *w, struct slice payload, const struct fail *f)
{
	struct issuance *i = container_of(w, struct issuance, wait);
	struct fail broken = FAIL_INIT;
	struct ca_issued got;

	if (f == NULL && !ca_issued_decode(payload, &got)) {
		(void)fail(&broken, FAIL_SYSTEM, "the ca role's certificate cannot be read");
		f = &broken;
	}
	i->on_done(i, f == NULL ? &got : NULL, f);
}

static void issue(struct issuance *i)
{
	struct ca_issue_ask ask = { .order = i->order,
				    .authority = slice_lit("edge"),
				    .spki = i->spki,
				    .proof = i->proof,
				    .not_before = i->not_before,
				    .not_after = i->not_after,
				    .name_count = 1,
				    .names = { i->name } };
	struct buf payload = BUF_INIT;

	ca_issue_ask_encode(&ask, &payload);
	i->wait.on_answer = on_answer;
	ca_ask(i->ca, &i->wait, CA_CERT_ISSUE, CA_CERT_ISSUED, buf_slice(&payload));
	buf_free(&payload);
}

static void cancel(struct issuance *i)
{
	ca_cancel(&i->wait);
}

const struct issuer issuer_local = { "local", issue, cancel };
