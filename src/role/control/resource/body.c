#include "role/control/resource/body.h"

#include "base/must.h"

const struct api_field body_id_fields[] = {
	{ "id", FIELD_STRING, FIELD_REQUIRED, .min = 32, .max = 36 },
	FIELD_END,
};

static const char *const schemes[] = { "auto", "http", "https", NULL };

static const struct api_field origin_fields[] = {
	{ "scheme", FIELD_STRING, .allowed = schemes,
	  .about = "auto: as the zone's ssl mode says; http or https: always." },
	{ "host", FIELD_STRING, .min = 1, .max = 253, .about = "A name or an address." },
	{ "http_port", FIELD_INT, .min = 1, .max = 65535 },
	{ "https_port", FIELD_INT, .min = 1, .max = 65535 },
	{ "sni", FIELD_STRING, .min = 1, .max = 253, .about = "Instead of the client's host." },
	FIELD_END,
};

const struct api_field body_everseal_fields[] = {
	{ "origin", FIELD_OBJECT, .fields = origin_fields, .about = "Where requests go." },
	FIELD_END,
};

bool body_origin(const json_t *body, struct origin_want *out)
{
	const json_t *o = json_object_get(json_object_get(body, "everseal"), "origin");

	if (!json_is_object(o))
		return false;
	if (json_has(o, "scheme"))
		must(origin_scheme_parse(json_get_slice(o, "scheme"), &out->scheme));
	if (json_has(o, "host"))
		out->host = json_get_slice(o, "host");
	if (json_has(o, "sni"))
		out->sni = json_get_slice(o, "sni");
	out->http_port = (uint16_t)json_get_int(o, "http_port", out->http_port);
	out->https_port = (uint16_t)json_get_int(o, "https_port", out->https_port);
	return true;
}

const char *const body_match_modes[] = { "all", "any", NULL };

void body_match_begin(struct body_match *m, const json_t *query)
{
	struct slice mode = json_get_slice(query, "match");

	*m = (struct body_match){ .any = slice_eq(mode, slice_lit("any")) };
}

void body_match_add(struct body_match *m, bool asked, bool passed)
{
	m->asked += asked;
	m->passed += asked && passed;
}

bool body_match_end(const struct body_match *m)
{
	return m->asked == 0 || (m->any ? m->passed > 0 : m->passed == m->asked);
}
