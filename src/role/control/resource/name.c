/* A name as it is served: whose it is, where it goes, which certificate it is answered with and
 * why that one, and where all this is live. */
#include "model/name.h"

#include "base/text.h"
#include "model/choice.h"
#include "model/order.h"
#include "model/origin.h"
#include "proto/dns/address.h"
#include "proto/dns/name.h"
#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"

#define CERTS_MAX 64 /* looked at for one name */

struct covering {
	struct arena *arena;
	size_t count;
	struct certificate_row rows[CERTS_MAX];
};

static bool on_covering(void *arg, const struct certificate_row *row)
{
	struct covering *all = arg;
	struct certificate_row *copy = &all->rows[all->count++];

	*copy = *row;
	copy->names = arena_copy(all->arena, row->names);
	copy->issuer = arena_copy(all->arena, row->issuer);
	copy->signature = arena_copy(all->arena, row->signature);
	copy->serial = arena_copy(all->arena, row->serial);
	copy->leaf = SLICE_NONE;
	return all->count < CERTS_MAX;
}

/* Why this one stands at its rank: in what it beats the next one. */
static const char *why(const struct choice_reason *all, size_t n, size_t i)
{
	if (!all[i].covers)
		return "does not cover the name";
	if (!all[i].live)
		return "not valid now: served only when nothing else is";
	if (i + 1 < n && all[i + 1].covers)
		return choice_words(&all[i], &all[i + 1]);
	return i == 0 ? "the only one that covers the name" : "the last choice";
}

static json_t *candidate(const struct choice_reason *all, size_t n, size_t i)
{
	json_t *o = show_certificate(all[i].cert);

	json_set_int(o, "rank", (int64_t)i + 1);
	json_set(o, "certificate", json_incref(json_object_get(o, "id")));
	json_set_bool(o, "exact", all[i].exact);
	json_set_bool(o, "own_zone", all[i].own_zone);
	json_set_bool(o, "valid", all[i].live);
	json_set_str(o, "why", why(all, n, i));
	return o;
}

static int set_candidates(struct api_call *c, const struct name_row *row, json_t *o, struct fail *f)
{
	struct covering *all = arena_new(c->arena, struct covering);
	struct choice_reason *reasons;
	struct name_candidate chosen[NAME_CANDIDATES_MAX];
	json_t *list = json_array();

	json_set(o, "candidates", list);
	all->arena = c->arena;
	if (certificate_each_listing(c->tx, row->name, on_covering, all, f) < 0)
		return -1;
	const struct choice_input in = { row->name, row->zone, c->act.now, all->rows, all->count };
	reasons = arena_array(c->arena, struct choice_reason, all->count + 1);
	(void)choice_make(&in, chosen, reasons);
	for (size_t i = 0; i < all->count; i++)
		json_array_append_new(list, candidate(reasons, all->count, i));
	return 0;
}

static int set_order(struct api_call *c, const struct name_row *row, json_t *o, struct fail *f)
{
	struct order_row order;

	if (order_latest(c->tx, c->arena, row->name, &order, f) < 0) {
		if (f->kind != FAIL_ABSENT)
			return -1;
		fail_clear(f);
		json_set_null(o, "order");
		return 0;
	}
	json_t *out = json_id(&order.id);
	json_set(o, "order", out);
	json_set_str(out, "state", order_state_name(order.state));
	json_set_slice(out, "issuer", order.issuer);
	json_set_int(out, "attempts", order.attempts);
	json_set_slice(out, "error", order.error.n > 0 ? order.error : SLICE_NONE);
	json_set_slice(out, "who_acts", order.who.n > 0 ? order.who : SLICE_NONE);
	json_set_stamp(out, "due_at", order.due_at);
	json_set_stamp(out, "created_on", order.created_at);
	return 0;
}

static json_t *addresses_of(const struct origin_record *record)
{
	json_t *list = json_array();

	for (size_t i = 0; i < record->count; i++) {
		struct dns_address a = { .v6 = record->addresses[i].n == 16 };
		char text[DNS_ADDRESS_TEXT];
		memcpy(a.b, record->addresses[i].b, record->addresses[i].n);
		json_array_append_new(list, json_string(dns_address_text(&a, text)));
	}
	return list;
}

static int set_origin(struct api_call *c, const struct name_row *row, json_t *o, struct fail *f)
{
	struct origin_record record;
	struct zone_row zone;
	struct id id = row->origin;

	if (id_is_zero(&id)) {
		if (zone_find(c->tx, c->arena, &row->zone, &zone, f) < 0)
			return -1;
		id = zone.fallback_origin;
	}
	if (id_is_zero(&id)) {
		json_set_null(o, "origin");
		return 0;
	}
	if (origin_find(c->tx, c->arena, &id, &record, f) < 0)
		return -1;
	json_t *out = show_origin(record.scheme, record.host, record.http_port, record.https_port);
	json_set(out, "addresses", addresses_of(&record));
	json_set_bool(out, "fallback", id_is_zero(&row->origin));
	json_set(o, "origin", out);
	return 0;
}

static void set_summary(struct api_call *c, const struct name_row *row, json_t *o)
{
	const json_t *first = json_array_get(json_object_get(o, "candidates"), 0);
	const char *expires = json_get_str(first, "expires_on");
	const char *id = json_get_str(first, "id");

	if (first == NULL || !json_get_bool(first, "valid", false))
		json_set_str(o, "summary",
			     arena_printf(c->arena, "%.*s has no valid certificate yet",
					  SLICE_ARG(row->name)));
	else
		json_set_str(
			o, "summary",
			arena_printf(c->arena,
				     "%.*s is served with certificate %s (%s), valid until %s: "
				     "%s",
				     SLICE_ARG(row->name), id, json_get_str(first, "source"),
				     expires, json_get_str(first, "why")));
}

static int show(struct api_call *c, const struct name_row *row, struct fail *f)
{
	json_t *o = json_object();

	c->result = o;
	json_set_slice(o, "name", row->name);
	json_set_null(o, "summary");
	json_set_hex(o, "zone_id", &row->zone);
	json_set_hex(o, "account_id", &row->account);
	json_set_str(o, "source", row->source == NAME_FROM_RECORD ? "record" : "custom_hostname");
	if (row->source == NAME_FROM_HOSTNAME)
		json_set_uuid(o, "custom_hostname_id", &row->source_id);
	if (set_origin(c, row, o, f) < 0 || set_candidates(c, row, o, f) < 0 ||
	    set_order(c, row, o, f) < 0)
		return -1;
	set_summary(c, row, o);
	api_call_deployment(c, o, row->seq);
	return 0;
}

static int absent(struct slice name, struct fail *f)
{
	fail_clear(f);
	return fail(f, FAIL_ABSENT,
		    "%.*s is not served: there is no proxied record and no active custom hostname "
		    "of that name",
		    SLICE_ARG(name));
}

/* The name itself, else the wildcard that answers for it. */
static int find(struct api_call *c, struct slice name, struct name_row *out, struct fail *f)
{
	if (name_find(c->tx, c->arena, name, out, f) == 0)
		return 0;
	struct slice parent = dns_name_parent(name);
	if (f->kind != FAIL_ABSENT || parent.p == NULL)
		return -1;
	fail_clear(f);
	return name_find(c->tx, c->arena,
			 slice_str(arena_printf(c->arena, "*.%.*s", SLICE_ARG(parent))), out, f);
}

static int name_get(struct api_call *c, struct fail *f)
{
	struct slice text;
	struct dns_name name;
	struct name_row row;
	bool converted;

	if (api_call_text(c, "name", &text, f) < 0)
		return -1;
	enum dns_name_answer answer = dns_name_from_user(
		text, DNS_NAME_WILDCARD | DNS_NAME_UNDERSCORE, &name, &converted);
	if (answer != DNS_NAME_OK)
		return fail_code(f, FAIL_INPUT, 1407, "%.*s %s", SLICE_ARG(slice_sub(text, 0, 100)),
				 dns_name_why(answer));
	if (find(c, dns_name_slice(&name), &row, f) < 0)
		return f->kind == FAIL_ABSENT ? absent(dns_name_slice(&name), f) : -1;
	if (!api_call_allows(c, &row.account, &row.zone, API_READ))
		return absent(dns_name_slice(&name), f);
	return show(c, &row, f);
}

const struct api_route name_routes[] = {
	{ "GET", "/everseal/names/{name}", API_USER, API_READ, name_get,
	  .summary = "How a name is served, with which certificate, and why" },
	{ "GET", "/everseal/why/{name}", API_USER, API_READ, name_get,
	  .summary = "The same, under the name that the command line uses" },
	API_ROUTES_END,
};
