#include "role/ca/issue.h"

#include "proto/crypto/crypto.h"
#include "proto/dns/name.h"
#include "proto/dns/suffix.h"
#include "proto/x509/x509.h"
#include "run/random/random.h"

#define SERIAL 16
#define AHEAD  STAMP_HOUR /* how far in the future a certificate may begin */
#define BEHIND (2 * STAMP_DAY)

static int name_check(struct slice name, struct fail *f)
{
	enum dns_name_answer answer;
	struct dns_name parsed;

	answer = dns_name_parse(name, DNS_NAME_WILDCARD, &parsed);
	if (answer != DNS_NAME_OK)
		return fail(f, FAIL_INPUT, "no certificate for %.*s: it %s", SLICE_ARG(name),
			    dns_name_why(answer));
	if (!slice_eq(dns_name_slice(&parsed), name))
		return fail(
			f, FAIL_INPUT,
			"no certificate for %.*s: write it in lower case and without a final dot",
			SLICE_ARG(name));
	if (dns_name_labels(name) < 2)
		return fail(f, FAIL_INPUT, "no certificate for %.*s: it is a single label",
			    SLICE_ARG(name));
	if (dns_name_is_wildcard(name) && dns_suffix_is_public(dns_name_parent(name)))
		return fail(
			f, FAIL_DENIED,
			"no certificate for %.*s: it would cover everybody under a public suffix",
			SLICE_ARG(name));
	return 0;
}

static int names_check(const struct ca_issue_ask *ask, struct fail *f)
{
	if (ask->name_count == 0)
		return fail(f, FAIL_INPUT, "a certificate needs a name");
	for (size_t i = 0; i < ask->name_count; i++) {
		if (name_check(ask->names[i], f) < 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			if (slice_eq(ask->names[i], ask->names[j]))
				return fail(f, FAIL_INPUT, "%.*s is asked for twice",
					    SLICE_ARG(ask->names[i]));
	}
	return 0;
}

static int validity_check(const struct authority *au, const struct ca_issue_ask *ask, stamp now,
			  struct fail *f)
{
	if (ask->not_after <= ask->not_before || ask->not_after <= now)
		return fail(f, FAIL_INPUT, "a certificate ends after it begins, and in the future");
	if (ask->not_before > now + AHEAD || ask->not_before < now - BEHIND)
		return fail(f, FAIL_INPUT, "a certificate begins about now");
	if (ask->not_after - ask->not_before > CA_LIFE_MAX)
		return fail(f, FAIL_INPUT, "a certificate lives 398 days at the most");
	if (ask->not_before < au->not_before || ask->not_after > au->not_after)
		return fail(f, FAIL_CONFLICT, "the certificate would outlive its authority");
	return 0;
}

static int proof_check(const struct ca_issue_ask *ask, struct fail *f)
{
	struct buf text = BUF_INIT;
	struct key_public pub;
	bool good;

	if (!key_public_read(ask->spki, &pub))
		return fail(f, FAIL_INPUT, "the public key is not an ECDSA P-256 key");
	ca_proof_text(&ask->order, ask->spki, &text);
	good = key_verify(&pub, buf_slice(&text), ask->proof);
	buf_free(&text);
	return good ? 0
		    : fail(f, FAIL_DENIED,
			   "the proof of possession was not made by this key for "
			   "this order");
}

int ca_issue_check(const struct authorities *as, const struct ca_issue_ask *ask, stamp now,
		   struct fail *f)
{
	const struct authority *au = authorities_find(as, ask->authority);

	if (au == NULL)
		return fail(f, FAIL_ABSENT, "there is no authority \"%.*s\"",
			    SLICE_ARG(ask->authority));
	if (names_check(ask, f) < 0 || validity_check(au, ask, now, f) < 0)
		return -1;
	return proof_check(ask, f);
}

/* What makes two askings the same: not the times, which a retry may compute anew, and not the
 * proof, which is random. */
static void asked_hash(const struct ca_issue_ask *ask, uint8_t out[CRYPTO_SHA256])
{
	struct ca_issue_ask same = *ask;
	struct buf b = BUF_INIT;

	same.proof = SLICE_NONE;
	same.not_before = 0;
	same.not_after = 0;
	ca_issue_ask_encode(&same, &b);
	crypto_sha256(buf_slice(&b), out);
	buf_free(&b);
}

static void answer(const struct authority *au, const struct ca_issued_row *row,
		   struct ca_issued *out)
{
	out->serial = row->serial;
	out->leaf = row->leaf;
	out->chain_count = 1;
	out->chain[0] = au->row.intermediate;
}

static int answer_again(const struct authorities *as, const struct ca_issued_row *row,
			struct slice asked, struct ca_issued *out, struct fail *f)
{
	const struct authority *au = authorities_by_id(as, &row->authority);

	if (!slice_eq(row->asked, asked))
		return fail(f, FAIL_CONFLICT,
			    "this order has a certificate already, for other names or another key");
	if (au == NULL)
		return fail(f, FAIL_SYSTEM, "the authority of an issued certificate is gone");
	answer(au, row, out);
	return 0;
}

static int leaf_make(const struct authority *au, const struct ca_issue_ask *ask, struct arena *a,
		     struct ca_issued_row *row, struct fail *f)
{
	struct buf der = BUF_INIT;
	struct key_public pub;
	uint8_t serial[SERIAL];
	struct x509_facts facts;
	struct x509_plan plan = { .kind = X509_LEAF,
				  .serial = slice_of(serial, sizeof(serial)),
				  .names = ask->names,
				  .name_count = ask->name_count,
				  .not_before = ask->not_before,
				  .not_after = ask->not_after,
				  .subject = &pub };
	int r;

	random_bytes(serial, sizeof(serial));
	must(key_public_read(ask->spki, &pub));
	r = x509_make(&plan, au->row.intermediate, au->key, &der, f);
	if (r == 0)
		r = x509_facts_read(buf_slice(&der), a, &facts, f);
	if (r == 0) {
		row->leaf = arena_copy(a, buf_slice(&der));
		row->serial = arena_copy(a, slice_of(facts.serial, facts.serial_len));
		row->not_after = facts.not_after;
	}
	buf_free(&der);
	return r;
}

int ca_issue(const struct authorities *as, struct sql_tx *tx, const struct ca_issue_ask *ask,
	     stamp now, struct arena *a, struct ca_issued *out, struct fail *f)
{
	uint8_t asked[CRYPTO_SHA256];
	struct ca_issued_row row;
	const struct authority *au;
	int found = ca_issued_find(tx, &ask->order, a, &row, f);

	if (found < 0)
		return -1;
	asked_hash(ask, asked);
	if (found == 1)
		return answer_again(as, &row, slice_of(asked, sizeof(asked)), out, f);
	if (ca_issue_check(as, ask, now, f) < 0)
		return -1;
	au = authorities_find(as, ask->authority);
	row = (struct ca_issued_row){ .order = ask->order,
				      .authority = au->row.id,
				      .asked = slice_of(asked, sizeof(asked)),
				      .issued_at = now };
	if (leaf_make(au, ask, a, &row, f) < 0 || ca_issued_insert(tx, &row, f) < 0)
		return -1;
	answer(au, &row, out);
	return 0;
}
