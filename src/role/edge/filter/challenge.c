/* Answers of proofs of control that control has put into the replica for exactly this name and
 * token. A token without a row is nobody's: the request goes on to the origin under the same rules as
 * any other path, so that the path opens no way around them. */
#include "model/challenge_record.h"
#include "role/edge/filter/filter.h"

#define TOKEN_MOST 128

struct proof_path {
	enum challenge_kind kind;
	const char *prefix;
};

static const struct proof_path proof_paths[] = {
	{ CHALLENGE_HTTP, "/.well-known/acme-challenge/" },
	{ CHALLENGE_OWNERSHIP, "/.well-known/cf-custom-hostname-challenge/" },
};

static bool find(struct exchange *x, struct slice host, enum challenge_kind kind,
		 struct slice token, struct challenge_record *out)
{
	uint8_t space[DNS_NAME_KEY];
	struct buf key = BUF_INIT;
	struct slice value;
	struct slice name = dns_name_key(host, space);

	if (name.n == 0 || token.n == 0 || token.n > TOKEN_MOST)
		return false;
	challenge_key(name, kind, token, &key);
	bool found = replica_get(x->edge->identities.replica, REPLICA_CHALLENGE, buf_slice(&key),
				 &value) &&
		     challenge_record_decode(value, out) && x->at < out->expires;
	buf_free(&key);
	return found;
}

enum filter_answer filter_challenge(struct exchange *x, const struct http_request *r)
{
	struct challenge_record record;

	if (!slice_starts(r->path, slice_lit("/.well-known/")) ||
	    (r->method != HTTP_GET && r->method != HTTP_HEAD))
		return FILTER_PASS;
	for (size_t i = 0; i < sizeof(proof_paths) / sizeof(proof_paths[0]); i++) {
		struct slice prefix = slice_str(proof_paths[i].prefix);
		if (!slice_starts(r->path, prefix) ||
		    !find(x, http_host_name(&r->host), proof_paths[i].kind,
			  slice_from(r->path, prefix.n), &record))
			continue;
		exchange_reply(x, 200, "Cache-Control: no-store\r\n", "text/plain", record.answer);
		return FILTER_ANSWERED;
	}
	return FILTER_PASS;
}
