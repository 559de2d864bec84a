#include "role/edge/site.h"

#include "base/must.h"

static bool get_name(struct replica *r, struct slice name, struct name_record *out)
{
	uint8_t space[DNS_NAME_KEY];
	struct slice value;
	struct slice key = dns_name_key(name, space);

	return key.n > 0 && replica_get(r, REPLICA_NAME, key, &value) &&
	       name_record_decode(value, out);
}

bool site_name(struct replica *r, struct slice host, struct name_record *out)
{
	char wildcard[2 + DNS_NAME_MAX];
	struct slice parent = dns_name_parent(host);

	/* A host never holds a "*" itself: the parsers of SNI and Host refuse it. */
	if (get_name(r, host, out))
		return true;
	if (parent.n == 0 || parent.n > DNS_NAME_MAX - 2)
		return false;
	memcpy(wildcard, "*.", 2);
	memcpy(wildcard + 2, parent.p, parent.n);
	return get_name(r, slice_of(wildcard, 2 + parent.n), out);
}

static void copy_name(struct slice from, struct dns_name *to)
{
	size_t n = from.n <= DNS_NAME_MAX ? from.n : 0;

	to->len = (uint8_t)n;
	memcpy(to->text, from.p, n);
	to->text[n] = '\0';
}

static struct dns_address address_of(const struct origin_address *a)
{
	struct dns_address out = { .v6 = a->n == 16 };

	memcpy(out.b, a->b, a->n);
	return dns_address_plain(&out);
}

static void take_origin(struct replica *r, const struct id *id, struct site *out)
{
	struct slice value;
	struct origin_record o;

	out->has_origin = !id_is_zero(id) && replica_get(r, REPLICA_ORIGIN, id_slice(id), &value) &&
			  origin_record_decode(value, &o);
	if (!out->has_origin)
		return;
	out->scheme = o.scheme;
	out->http_port = o.http_port;
	out->https_port = o.https_port;
	out->sni_rule = o.sni_rule;
	copy_name(o.host, &out->host);
	copy_name(o.sni, &out->sni);
	out->count = o.count;
	for (size_t i = 0; i < o.count; i++)
		out->addresses[i] = address_of(&o.addresses[i]);
}

bool site_find(struct replica *r, struct slice host, struct site *out)
{
	struct name_record name;
	struct zone_record zone;
	struct slice value;

	if (!site_name(r, host, &name) ||
	    !replica_get(r, REPLICA_ZONE, id_slice(&name.zone), &value) ||
	    !zone_record_decode(value, &zone) || (zone.flags & ZONE_ACTIVE) == 0)
		return false;
	out->zone = name.zone;
	out->ssl = zone.ssl;
	copy_name(zone.name, &out->zone_name);
	take_origin(r, id_is_zero(&name.origin) ? &zone.fallback_origin : &name.origin, out);
	return true;
}
