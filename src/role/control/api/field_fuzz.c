/* Bodies and queries as the API meets them. The first byte chooses; what the checker lets through
 * must hold what the rows promise. */
#include "base/must.h"
#include "role/control/api/field.h"
#include "role/control/api/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const modes[] = { "http", "txt", NULL };

static const struct api_field inner[] = {
	{ "port", FIELD_INT, .min = 1, .max = 65535 },
	{ "host", FIELD_STRING, .min = 1, .max = 253 },
	FIELD_END,
};

static const struct api_field rows[] = {
	{ "name", FIELD_STRING, FIELD_REQUIRED, .min = 1, .max = 255 },
	{ "mode", FIELD_STRING, .allowed = modes },
	{ "proxied", FIELD_BOOL },
	{ "page", FIELD_INT, .min = 1, .max = 1000 },
	{ "origin", FIELD_OBJECT, FIELD_NULLABLE, .fields = inner },
	{ "type", FIELD_LIST },
	{ "key", FIELD_REFUSED },
	FIELD_END,
};

static void promised(const json_t *o)
{
	const json_t *page = json_object_get(o, "page");
	const char *mode = json_get_str(o, "mode");

	must(page == NULL || (json_is_integer(page) && json_integer_value(page) >= 1 &&
			      json_integer_value(page) <= 1000));
	must(!json_has(o, "mode") || strcmp(mode, "http") == 0 || strcmp(mode, "txt") == 0);
	must(!json_has(o, "proxied") || json_is_boolean(json_object_get(o, "proxied")));
	must(!json_has(o, "type") || json_is_array(json_object_get(o, "type")));
	must(!json_has(o, "key"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct slice text = slice_of(data + 1, size - 1);
	struct fail f = FAIL_INIT;
	json_t *out = NULL;
	int r = data[0] % 2 == 0 ? api_body_parse(text, rows, data[0] % 4 == 0, 9207, &out, &f)
				 : api_query_parse(text, rows, &out, &f);
	if (r == 0)
		promised(out);
	else
		must(f.kind != FAIL_NONE);
	json_decref(out);
	return 0;
}
