#include "model/certificate.h"

#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"

static int item(struct api_call *c, const struct id *id, json_t **out, struct fail *f)
{
	struct certificate_row row;

	if (certificate_find(c->tx, c->arena, id, &row, f) < 0)
		return -1;
	*out = show_certificate(&row);
	return 0;
}

static bool on_certificate(void *arg, const struct certificate_row *row)
{
	api_list_add(arg, &row->id, SLICE_NONE);
	return true;
}

static int certificate_list(struct api_call *c, struct fail *f)
{
	struct api_list l;

	api_list_begin(&l, c, false);
	return api_list_end(&l, certificate_each(c->tx, &c->zone.id, on_certificate, &l, f), item,
			    f);
}

static int certificate_get(struct api_call *c, struct fail *f)
{
	struct certificate_row row;
	const struct id *id = api_call_id(c, "certificate_id");

	if (certificate_find(c->tx, c->arena, id, &row, f) < 0)
		return -1;
	if (!id_eq(&row.zone, &c->zone.id))
		return fail(f, FAIL_ABSENT, "the zone has no such certificate");
	c->result = show_certificate(&row);
	return 0;
}

const struct api_route certificate_routes[] = {
	{ "GET", "/zones/{zone_id}/everseal/certificates", API_ZONE, API_READ, certificate_list,
	  .per_page = 20, .per_page_max = 1000, .summary = "Certificates of a zone, newest first" },
	{ "GET", "/zones/{zone_id}/everseal/certificates/{certificate_id}", API_ZONE, API_READ,
	  certificate_get, .summary = "One certificate" },
	API_ROUTES_END,
};
