#include "model/origin.h"

#include "base/buf.h"
#include "base/text.h"
#include "model/change.h"
#include "model/kind.h"
#include "model/row.h"
#include "proto/crypto/crypto.h"
#include "proto/dns/address.h"
#include "proto/dns/name.h"

/* Origins are shared by zones, so they are of none. */
static const struct id no_zone;

static bool port_parse(struct slice text, uint16_t *out)
{
	uint64_t n;

	if (!text_u64(text, 65535, &n) || n == 0)
		return false;
	*out = (uint16_t)n;
	return true;
}

/* "host", "host:port", "[v6]:port" */
static bool authority_split(struct slice s, struct slice *host, struct slice *port)
{
	size_t end = s.n > 0 && s.p[0] == '[' ? slice_find(s, ']') : slice_find(s, ':');

	*port = SLICE_NONE;
	if (s.n > 0 && s.p[0] == '[') {
		if (end == s.n)
			return false;
		*host = slice_sub(s, 1, end - 1);
		end++;
	} else {
		*host = slice_sub(s, 0, end);
	}
	struct slice rest = slice_from(s, end);
	if (rest.n == 0)
		return host->n > 0;
	*port = slice_from(rest, 1);
	return rest.p[0] == ':' && host->n > 0;
}

int origin_parse(struct slice url, struct origin_want *out, struct fail *f)
{
	struct origin_want want = { .scheme = ORIGIN_BY_MODE };
	struct slice rest = url, port;
	uint16_t number = 0;

	if (slice_starts(url, slice_lit("http://"))) {
		want.scheme = ORIGIN_HTTP;
		rest = slice_from(url, 7);
	} else if (slice_starts(url, slice_lit("https://"))) {
		want.scheme = ORIGIN_HTTPS;
		rest = slice_from(url, 8);
	}
	if (slice_ends(rest, slice_lit("/")))
		rest = slice_sub(rest, 0, rest.n - 1);
	if (!authority_split(rest, &want.host, &port) ||
	    (port.p != NULL && !port_parse(port, &number)))
		return fail_code(f, FAIL_INPUT, 1415,
				 "%.*s is no origin: write http://HOST:PORT or https://HOST:PORT",
				 SLICE_ARG(url));
	if (want.scheme == ORIGIN_HTTPS)
		want.https_port = number;
	else
		want.http_port = number;
	*out = want;
	return 0;
}

bool origin_address_allowed(const struct dns_address *a, const struct model_config *config)
{
	enum dns_address_class c = dns_address_class(a);

	return c == DNS_ADDRESS_GLOBAL || c == DNS_ADDRESS_DOCUMENTATION ||
	       (config->origin_allow != NULL && dns_nets_have(config->origin_allow, a));
}

int origin_add_address(struct origin_record *r, const struct dns_address *a,
		       const struct model_config *config, int code, struct fail *f)
{
	char text[DNS_ADDRESS_TEXT];

	if (!origin_address_allowed(a, config))
		return fail_code(f, FAIL_INPUT, code,
				 "%s is %s and cannot be an origin: list it in origin.allow",
				 dns_address_text(a, text),
				 dns_address_class_name(dns_address_class(a)));
	if (r->count == ORIGIN_ADDRESSES_MAX)
		return fail_code(f, FAIL_LIMIT, code, "an origin has at most %d addresses",
				 ORIGIN_ADDRESSES_MAX);
	struct origin_address *slot = &r->addresses[r->count++];
	slot->n = a->v6 ? 16 : 4;
	memcpy(slot->b, a->b, slot->n);
	return 0;
}

static bool own_name(struct slice name, const struct model_config *config)
{
	for (size_t i = 0; i < config->own_name_count; i++)
		if (slice_eq(name, config->own_names[i]))
			return true;
	return false;
}

static int host_name(struct slice text, const struct model_config *config, struct arena *a,
		     struct slice *out, struct fail *f)
{
	struct dns_name n;
	bool converted;
	enum dns_name_answer got = dns_name_from_user(text, DNS_NAME_UNDERSCORE, &n, &converted);

	if (got != DNS_NAME_OK)
		return fail_code(f, FAIL_INPUT, 1415, "the origin %.*s %s", SLICE_ARG(text),
				 dns_name_why(got));
	if (own_name(dns_name_slice(&n), config))
		return fail_code(f, FAIL_INPUT, 1419,
				 "the origin %.*s is this installation itself: requests would loop",
				 SLICE_ARG(text));
	*out = arena_copy(a, dns_name_slice(&n));
	return 0;
}

int origin_resolve(const struct origin_want *want, const struct model_config *config,
		   struct arena *a, struct origin_record *out, struct fail *f)
{
	struct origin_record r = {
		.scheme = want->scheme,
		.http_port = want->http_port == 0 ? 80 : want->http_port,
		.https_port = want->https_port == 0 ? 443 : want->https_port,
		.host = slice_lit(""),
		.sni = slice_lit(""),
	};
	struct dns_address address;

	if (dns_address_parse(want->host, &address)) {
		if (origin_add_address(&r, &address, config, 1416, f) < 0)
			return -1;
	} else if (host_name(want->host, config, a, &r.host, f) < 0) {
		return -1;
	}
	if (want->sni.n > 0) {
		r.sni_rule = ORIGIN_SNI_FIXED;
		if (host_name(want->sni, config, a, &r.sni, f) < 0)
			return -1;
	}
	*out = r;
	return 0;
}

static const struct sql_stmt origin_add = {
	"insert into origin (id, value, refs) values ($1, $2, 1)"
	" on conflict (id) do update set refs = origin.refs + 1 returning refs"
};

int origin_use(struct sql_tx *tx, struct act *act, const struct origin_record *record,
	       struct id *out, struct fail *f)
{
	uint8_t hash[CRYPTO_SHA256];
	struct buf value = BUF_INIT;
	struct sql_query q;

	origin_record_encode(record, &value);
	crypto_sha256(buf_slice(&value), hash);
	memcpy(out->b, hash, ID_LEN);
	sql_start(&q, tx, &origin_add);
	sql_bind_id(&q, 1, out);
	sql_bind_blob(&q, 2, buf_slice(&value));
	bool fresh = sql_row(&q) && sql_i64(&q, 0) == 1;
	int r = sql_end(&q, f);
	buf_free(&value);
	if (r < 0 || !fresh)
		return r;
	return kind_publish(tx, act, &no_zone, REPLICA_ORIGIN, id_slice(out), f);
}

static const struct sql_stmt origin_more = { "update origin set refs = refs + 1 where id = $1" };

int origin_share(struct sql_tx *tx, const struct id *id, struct fail *f)
{
	return id_is_zero(id) ? 0 : row_exec_id(tx, &origin_more, id, f);
}

static const struct sql_stmt origin_less = {
	"update origin set refs = refs - 1 where id = $1 returning refs"
};
static const struct sql_stmt origin_remove = { "delete from origin where id = $1" };

int origin_drop(struct sql_tx *tx, struct act *act, const struct id *id, struct fail *f)
{
	struct sql_query q;

	if (id_is_zero(id))
		return 0;
	sql_start(&q, tx, &origin_less);
	sql_bind_id(&q, 1, id);
	bool last = sql_row(&q) && sql_i64(&q, 0) <= 0;
	if (sql_end(&q, f) < 0)
		return -1;
	if (!last)
		return 0;
	if (row_exec_id(tx, &origin_remove, id, f) < 0)
		return -1;
	return kind_publish(tx, act, &no_zone, REPLICA_ORIGIN, id_slice(id), f);
}

static const struct sql_stmt origin_by_id = { "select value from origin where id = $1" };

int origin_find(struct sql_tx *tx, struct arena *a, const struct id *id, struct origin_record *out,
		struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, &origin_by_id);
	sql_bind_id(&q, 1, id);
	struct slice value = sql_row(&q) ? row_blob(&q, 0, a) : SLICE_NONE;
	if (sql_end(&q, f) < 0)
		return -1;
	if (value.p == NULL)
		return fail(f, FAIL_ABSENT, "there is no origin of this id");
	return origin_record_decode(value, out)
		       ? 0
		       : fail(f, FAIL_SYSTEM, "a stored origin is damaged");
}

const struct sql_stmt *const origin_statements[] = { &origin_add,    &origin_more,  &origin_less,
						     &origin_remove, &origin_by_id, NULL };
