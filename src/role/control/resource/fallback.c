/* The zone's fallback origin: where custom hostnames without an origin of their own go. */
#include "role/control/resource/body.h"
#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"

static const struct api_field put_fields[] = {
	{ "origin", FIELD_STRING, FIELD_REQUIRED, .min = 1, .max = 253, .code = 1415 },
	{ "everseal", FIELD_OBJECT, .fields = body_everseal_fields, .about = "Scheme and ports." },
	FIELD_END,
};

static void show(struct api_call *c, const struct zone_row *row, const char *status)
{
	json_t *o = json_object();

	json_set_slice(o, "origin", row->fallback_host);
	json_set_str(o, "status", status);
	json_set(o, "errors", json_array());
	json_set_stamp(o, "created_at", row->fallback_created_at);
	json_set_stamp(o, "updated_at", row->fallback_updated_at);
	c->result = o;
}

static int need(const struct api_call *c, struct fail *f)
{
	return c->zone.fallback_host.n > 0
		       ? 0
		       : fail_code(f, FAIL_ABSENT, 1551, "the zone has no fallback origin");
}

static int fallback_get(struct api_call *c, struct fail *f)
{
	if (need(c, f) < 0)
		return -1;
	show(c, &c->zone, "active");
	return 0;
}

static int fallback_put(struct api_call *c, struct fail *f)
{
	struct origin_want want = { .scheme = ORIGIN_BY_MODE };
	struct zone_row out;

	(void)body_origin(c->body, &want);
	want.host = json_get_slice(c->body, "origin");
	if (zone_fallback_put(c->tx, &c->act, &c->zone.id, &want, &out, f) < 0)
		return -1;
	show(c, &out, "initializing");
	return 0;
}

static int fallback_remove(struct api_call *c, struct fail *f)
{
	static const struct origin_want none = { .host = { NULL, 0 } };
	struct zone_row out;

	if (need(c, f) < 0 || zone_fallback_put(c->tx, &c->act, &c->zone.id, &none, &out, f) < 0)
		return -1;
	show(c, &c->zone, "pending_deletion");
	return 0;
}

#define FALLBACK "/zones/{zone_id}/custom_hostnames/fallback_origin"

/* These stand before the hostnames' own routes: fallback_origin is no hostname's id. */
const struct api_route fallback_routes[] = {
	{ "GET", FALLBACK, API_ZONE, API_READ, fallback_get, .summary = "The fallback origin" },
	{ "PUT", FALLBACK, API_ZONE, API_WRITE, fallback_put, .body = put_fields, .malformed = 1400,
	  .summary = "Set the fallback origin" },
	{ "DELETE", FALLBACK, API_ZONE, API_WRITE, fallback_remove,
	  .summary = "Take the fallback origin away" },
	API_ROUTES_END,
};
