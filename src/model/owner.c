/* Who holds a name. The cases, in the order in which they are looked at:
 *
 *	the claimant itself has an equal name of the same kind      duplicate
 *	the claim is proven, another holds the equal name           it takes it over
 *	the claim is proven                                         held
 *	another account holds the name, a parent or a child of it   pending, until proven
 *	nobody else is near, activation is trust                    held
 *	nobody else is near, activation is txt                      pending
 *
 * A child that another account has proven stays its own when the parent is proven later, and the
 * other way round: the longest name decides (zone_find_containing()). */
#include "model/owner.h"

#include "model/row.h"
#include "proto/dns/name.h"
#include "proto/dns/suffix.h"

static bool equal_own(const struct owner_claim *claim, const struct owner_holder *h)
{
	return h->kind == claim->kind && id_eq(&h->account, &claim->account) &&
	       slice_eq(h->name, claim->name);
}

static bool equal_foreign(const struct owner_claim *claim, const struct owner_holder *h)
{
	return h->kind == claim->kind && !id_eq(&h->account, &claim->account) &&
	       slice_eq(h->name, claim->name);
}

/* A hostname speaks for itself alone, a zone for everything below it. */
static bool near_foreign(const struct owner_claim *claim, const struct owner_holder *h)
{
	if (id_eq(&h->account, &claim->account))
		return false;
	return slice_eq(h->name, claim->name) ||
	       (h->kind == OWNER_ZONE && dns_name_is_within(claim->name, h->name)) ||
	       (claim->kind == OWNER_ZONE && dns_name_is_within(h->name, claim->name));
}

enum owner_answer owner_decide(const struct owner_claim *claim, const struct owner_holder *holders,
			       size_t count)
{
	bool own = false, foreign = false, near = false;

	for (size_t i = 0; i < count; i++) {
		own |= equal_own(claim, &holders[i]);
		foreign |= equal_foreign(claim, &holders[i]);
		near |= near_foreign(claim, &holders[i]);
	}
	if (own)
		return OWNER_DUPLICATE;
	if (claim->proven)
		return foreign ? OWNER_TAKES : OWNER_HELD;
	if (near || claim->activation == ACTIVATION_TXT)
		return OWNER_PENDING;
	return OWNER_HELD;
}

const char *owner_answer_words(enum owner_answer a)
{
	switch (a) {
	case OWNER_HELD: return "is held by the account";
	case OWNER_PENDING: return "is claimed: publish the TXT record to prove that it is yours";
	case OWNER_TAKES: return "is held by the account now, its holder before has lost it";
	case OWNER_DUPLICATE: return "is there already";
	}
	must_not_reach();
}

/* Top-level names that no public name can be below (RFC 6761, 7686, and what our own machines
 * use). "example" and "test" are let in: people try things out. */
static bool reserved(struct slice name)
{
	static const char *const tops[] = { "localhost", "local", "invalid", "onion", "arpa" };

	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (dns_name_is_within(name, slice_str(tops[i])))
			return true;
	return false;
}

static bool our_own(struct slice name, const struct model_config *config)
{
	for (size_t i = 0; i < config->own_name_count; i++)
		if (dns_name_is_within(name, config->own_names[i]) ||
		    dns_name_is_within(config->own_names[i], name))
			return true;
	return false;
}

/* The codes that the two kinds of name answer with. */
struct name_codes {
	int invalid, reserved, suffix, own;
};

static int name_check(struct slice text, const struct dns_name *n,
		      const struct model_config *config, const struct name_codes *codes,
		      struct fail *f)
{
	struct slice name = dns_name_slice(n);

	if (dns_name_labels(name) < 2)
		return fail_code(f, FAIL_INPUT, codes->suffix,
				 "%.*s is a single label: a name needs a domain above it",
				 SLICE_ARG(text));
	if (reserved(name))
		return fail_code(f, FAIL_INPUT, codes->reserved,
				 "%.*s is below a reserved top-level name", SLICE_ARG(text));
	if (dns_suffix_is_public(name))
		return fail_code(f, FAIL_INPUT, codes->suffix,
				 "%.*s is a public suffix: nobody can hold it", SLICE_ARG(text));
	if (our_own(name, config))
		return fail_code(f, FAIL_INPUT, codes->own,
				 "%.*s belongs to this installation and cannot be claimed",
				 SLICE_ARG(text));
	return 0;
}

int owner_zone_name(struct slice text, const struct model_config *config, struct arena *a,
		    struct slice *name, struct fail *f)
{
	static const struct name_codes codes = { 1049, 1097, 1049, 1097 };
	struct dns_name n;
	bool converted;
	enum dns_name_answer got = dns_name_from_user(text, DNS_NAME_PLAIN, &n, &converted);

	if (got != DNS_NAME_OK)
		return fail_code(f, FAIL_INPUT, codes.invalid, "%.*s %s", SLICE_ARG(text),
				 dns_name_why(got));
	if (name_check(text, &n, config, &codes, f) < 0)
		return -1;
	*name = arena_copy(a, dns_name_slice(&n));
	return 0;
}

int owner_hostname_name(struct slice text, const struct model_config *config, struct arena *a,
			struct slice *name, struct fail *f)
{
	static const struct name_codes codes = { 1407, 1409, 1410, 1407 };
	struct dns_name n;
	bool converted;
	enum dns_name_answer got = dns_name_from_user(text, DNS_NAME_PLAIN, &n, &converted);

	if (got != DNS_NAME_OK)
		return fail_code(f, FAIL_INPUT, codes.invalid, "%.*s %s", SLICE_ARG(text),
				 dns_name_why(got));
	if (converted)
		return fail_code(f, FAIL_INPUT, 1408, "%.*s is not ASCII: send its punycode, %s",
				 SLICE_ARG(text), n.text);
	if (name_check(text, &n, config, &codes, f) < 0)
		return -1;
	*name = arena_copy(a, dns_name_slice(&n));
	return 0;
}

/* ---- the holders that the truth knows ----
 *
 * Two or three rows are enough to decide: one holder equal or above of each kind, and one foreign
 * child; so the walk asks for what can matter and stops. */

#define HOLDERS_MAX 160 /* a name has at most 127 labels */

struct holders {
	size_t count;
	struct owner_holder rows[HOLDERS_MAX];
	struct arena arena;
};

static const struct sql_stmt zone_holder = {
	"select name, account from zone where name = $1 and status = 1"
};
static const struct sql_stmt zone_own = {
	"select name, account from zone where name = $1 and account = $2 and status < 2"
};
static const struct sql_stmt hostname_holder = {
	"select name, account from hostname where name = $1 and status = 1"
};
static const struct sql_stmt zone_below = {
	"select name, account from zone where key > $1 and key < $2 and status = 1"
	" and account <> $3 limit 1"
};
static const struct sql_stmt hostname_below = {
	"select name, account from hostname where key > $1 and key < $2 and status = 1"
	" and account <> $3 limit 1"
};

static int holders_take(struct holders *h, struct sql_query *q, enum owner_kind kind,
			struct fail *f)
{
	while (sql_row(q) && h->count < HOLDERS_MAX) {
		struct owner_holder *row = &h->rows[h->count++];

		row->name = row_text(q, 0, &h->arena);
		sql_id(q, 1, &row->account);
		row->kind = kind;
	}
	return sql_end(q, f);
}

static int holders_named(struct holders *h, struct sql_tx *tx, const struct sql_stmt *stmt,
			 struct slice name, const struct id *account, enum owner_kind kind,
			 struct fail *f)
{
	struct sql_query q;

	sql_start(&q, tx, stmt);
	sql_bind_text(&q, 1, name);
	if (account != NULL)
		sql_bind_id(&q, 2, account);
	return holders_take(h, &q, kind, f);
}

/* Keys of names below begin with the name's key. */
static int holders_below(struct holders *h, struct sql_tx *tx, const struct sql_stmt *stmt,
			 const struct owner_claim *claim, enum owner_kind kind, struct fail *f)
{
	uint8_t room[DNS_NAME_KEY + 1];
	struct slice key = dns_name_key(claim->name, room);
	uint8_t end[DNS_NAME_KEY + 1];
	struct sql_query q;

	memcpy(end, key.p, key.n);
	end[key.n] = 0xff;
	sql_start(&q, tx, stmt);
	sql_bind_blob(&q, 1, key);
	sql_bind_blob(&q, 2, slice_of(end, key.n + 1));
	sql_bind_id(&q, 3, &claim->account);
	return holders_take(h, &q, kind, f);
}

static int holders_read(struct holders *h, struct sql_tx *tx, const struct owner_claim *claim,
			struct fail *f)
{
	for (struct slice s = claim->name; s.n > 0; s = dns_name_parent(s))
		if (holders_named(h, tx, &zone_holder, s, NULL, OWNER_ZONE, f) < 0)
			return -1;
	if (holders_named(h, tx, &hostname_holder, claim->name, NULL, OWNER_HOSTNAME, f) < 0)
		return -1;
	if (claim->kind == OWNER_HOSTNAME)
		return 0;
	if (!claim->standing &&
	    holders_named(h, tx, &zone_own, claim->name, &claim->account, OWNER_ZONE, f) < 0)
		return -1;
	if (holders_below(h, tx, &zone_below, claim, OWNER_ZONE, f) < 0)
		return -1;
	return holders_below(h, tx, &hostname_below, claim, OWNER_HOSTNAME, f);
}

int owner_decide_in(struct sql_tx *tx, const struct owner_claim *claim, enum owner_answer *out,
		    struct fail *f)
{
	struct holders h = { .arena = ARENA_INIT };
	int r = holders_read(&h, tx, claim, f);

	if (r == 0)
		*out = owner_decide(claim, h.rows, h.count);
	arena_free(&h.arena);
	return r;
}

const struct sql_stmt *const owner_statements[] = { &zone_holder, &zone_own,       &hostname_holder,
						    &zone_below,  &hostname_below, NULL };
