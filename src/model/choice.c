#include "model/choice.h"

#include <stdlib.h>

#include "proto/dns/name.h"

static struct choice_reason reason_of(const struct choice_input *in,
				      const struct certificate_row *cert)
{
	struct choice_reason r = { .cert = cert };
	struct slice rest = cert->names, name;

	while (slice_split(&rest, ' ', &name)) {
		r.exact |= slice_eq(name, in->name);
		r.covers |= r.exact || dns_name_covers(name, in->name);
	}
	r.own_zone = id_eq(&cert->zone, &in->zone);
	r.live = cert->not_before <= in->now && in->now < cert->not_after;
	return r;
}

static int prefer(bool a, bool b)
{
	return (int)b - (int)a;
}

static int later(stamp a, stamp b)
{
	return (b > a) - (b < a);
}

/* Negative: a stands before b. The last steps only make the order complete. */
static int reason_cmp(const void *pa, const void *pb)
{
	const struct choice_reason *a = pa, *b = pb;
	int c = prefer(a->covers, b->covers);

	if (c == 0)
		c = prefer(a->live, b->live);
	if (c == 0 && !a->live)
		c = later(a->cert->not_after, b->cert->not_after);
	if (c == 0)
		c = prefer(a->exact, b->exact);
	if (c == 0)
		c = prefer(a->own_zone, b->own_zone);
	if (c == 0)
		c = (int)a->cert->source - (int)b->cert->source;
	if (c == 0)
		c = later(a->cert->not_before, b->cert->not_before);
	if (c == 0)
		c = later(a->cert->not_after, b->cert->not_after);
	return c != 0 ? c : slice_cmp(id_slice(&a->cert->id), id_slice(&b->cert->id));
}

static struct name_candidate candidate_of(const struct certificate_row *c)
{
	return (struct name_candidate){ c->id, c->key, c->key_type, c->not_before, c->not_after };
}

size_t choice_make(const struct choice_input *in, struct name_candidate *out,
		   struct choice_reason *reasons)
{
	struct arena a = ARENA_INIT;
	struct choice_reason *list =
		reasons != NULL ? reasons : arena_array(&a, struct choice_reason, in->count);
	size_t n = 0;

	for (size_t i = 0; i < in->count; i++)
		list[i] = reason_of(in, &in->certs[i]);
	if (in->count > 1)
		qsort(list, in->count, sizeof(list[0]), reason_cmp);
	for (size_t i = 0; i < in->count && n < NAME_CANDIDATES_MAX; i++) {
		bool ended = list[i].cert->not_after <= in->now;

		if (list[i].covers && (!ended || i == 0))
			out[n++] = candidate_of(list[i].cert);
	}
	arena_free(&a);
	return n;
}

const char *choice_words(const struct choice_reason *a, const struct choice_reason *b)
{
	if (!b->covers)
		return "the other does not cover the name";
	if (a->live && !b->live)
		return "it is valid now, the other is not";
	if (!a->live)
		return "neither is valid now, and it ends later";
	if (a->exact && !b->exact)
		return "it lists the name exactly, the other only by a wildcard";
	if (a->own_zone && !b->own_zone)
		return "it is of the name's own zone, the other of another";
	if (a->cert->source != b->cert->source)
		return "its kind goes before the other's";
	return "it is the newer one";
}
