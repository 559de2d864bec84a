#include "model/zone_setting.h"

#include "base/buf.h"
#include "role/control/api/reply.h"
#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"

static const struct api_field edit_fields[] = {
	{ "value", FIELD_ANY },
	{ "enabled", FIELD_BOOL, .about = "For settings that are asked for by this name." },
	FIELD_END,
};

static const struct api_field item_fields[] = {
	{ "id", FIELD_STRING, FIELD_REQUIRED },
	{ "value", FIELD_ANY, FIELD_REQUIRED },
	FIELD_END,
};

static const struct api_field many_fields[] = {
	{ "items", FIELD_LIST, FIELD_REQUIRED, .min = 1, .max = 200, .fields = item_fields },
	FIELD_END,
};

static int show(struct api_call *c, const struct zone_setting *s, json_t **out, struct fail *f)
{
	struct slice text;
	stamp modified;

	if (zone_setting_get(c->tx, c->arena, &c->zone.id, s, &text, &modified, f) < 0)
		return -1;
	json_t *o = json_object();
	json_t *value = json_loadb((const char *)text.p, text.n, JSON_DECODE_ANY, NULL);
	*out = o;
	json_set_str(o, "id", s->name);
	json_set(o, "value", value != NULL ? value : json_null());
	json_set_bool(o, "editable", s->state != ZONE_SETTING_REFUSED);
	json_set_stamp(o, "modified_on", modified);
	return 0;
}

static int put(struct api_call *c, const struct zone_setting *s, json_t *value, struct fail *f)
{
	struct buf text = BUF_INIT;

	reply_json(json_incref(value), &text);
	struct slice json = arena_copy(c->arena, buf_slice(&text));
	buf_free(&text);
	return zone_setting_put(c->tx, &c->act, &c->zone.id, s, json, f);
}

static int find(struct slice name, const struct zone_setting **out, struct fail *f)
{
	*out = zone_setting_named(name);
	if (*out == NULL)
		return fail_code(f, FAIL_INPUT, 1006, "unknown zone setting %.*s",
				 SLICE_ARG(slice_sub(name, 0, 100)));
	return 0;
}

static int add(struct api_call *c, const struct zone_setting *s, struct fail *f)
{
	json_t *o = NULL;

	if (show(c, s, &o, f) < 0)
		return -1;
	json_array_append_new(c->result, o);
	return 0;
}

static int setting_list(struct api_call *c, struct fail *f)
{
	c->result = json_array();
	for (size_t i = 0; i < zone_setting_count; i++)
		if (add(c, &zone_settings[i], f) < 0)
			return -1;
	return 0;
}

static int setting_patch_many(struct api_call *c, struct fail *f)
{
	const struct zone_setting *s;
	size_t i;
	json_t *item;

	if (!json_has(c->body, "items"))
		return fail_code(f, FAIL_INPUT, 9207, "items is required");
	c->result = json_array();
	json_array_foreach(json_object_get(c->body, "items"), i, item)
	{
		if (find(json_get_slice(item, "id"), &s, f) < 0 ||
		    put(c, s, json_object_get(item, "value"), f) < 0 || add(c, s, f) < 0)
			return -1;
	}
	return 0;
}

static int named(struct api_call *c, const struct zone_setting **out, struct fail *f)
{
	struct slice name;

	if (api_call_text(c, "setting", &name, f) < 0)
		return -1;
	return find(name, out, f);
}

static int setting_get(struct api_call *c, struct fail *f)
{
	const struct zone_setting *s;

	return named(c, &s, f) < 0 ? -1 : show(c, s, &c->result, f);
}

static int setting_patch(struct api_call *c, struct fail *f)
{
	const struct zone_setting *s;
	json_t *value = json_object_get(c->body, "value");

	if (value == NULL)
		value = json_object_get(c->body, "enabled");
	if (named(c, &s, f) < 0)
		return -1;
	if (value == NULL)
		return fail_code(f, FAIL_INPUT, 1007, "value is required");
	return put(c, s, value, f) < 0 ? -1 : show(c, s, &c->result, f);
}

const struct api_route zone_setting_routes[] = {
	{ "GET", "/zones/{zone_id}/settings", API_ZONE, API_READ, setting_list,
	  .summary = "All settings of a zone" },
	{ "PATCH", "/zones/{zone_id}/settings", API_ZONE, API_WRITE, setting_patch_many,
	  .body = many_fields, .summary = "Change several settings" },
	{ "GET", "/zones/{zone_id}/settings/{setting}", API_ZONE, API_READ, setting_get,
	  .summary = "One setting" },
	{ "PATCH", "/zones/{zone_id}/settings/{setting}", API_ZONE, API_WRITE, setting_patch,
	  .body = edit_fields, .summary = "Change a setting" },
	API_ROUTES_END,
};
