#include "role/control/api/describe.h"

#include "base/buf.h"
#include "base/text.h"
#include "role/control/api/error.h"
#include "role/control/api/json.h"
#include "role/control/api/page.h"

static json_t *schema_of_rows(const struct api_field *rows);

static json_t *allowed_list(const char *const *allowed)
{
	json_t *list = json_array();

	for (; *allowed != NULL; allowed++)
		json_array_append_new(list, json_string(*allowed));
	return list;
}

static json_t *typed(const char *type)
{
	json_t *o = json_object();

	json_set_str(o, "type", type);
	return o;
}

static json_t *schema_string(const struct api_field *row)
{
	json_t *o = typed("string");

	if (row->min > 0)
		json_set_int(o, "minLength", row->min);
	json_set_int(o, "maxLength", row->max != 0 ? row->max : API_TEXT_MAX);
	if (row->allowed != NULL)
		json_set(o, "enum", allowed_list(row->allowed));
	return o;
}

static json_t *schema_int(const struct api_field *row)
{
	json_t *o = typed("integer");

	json_set_int(o, "minimum", row->min);
	if (row->max != 0)
		json_set_int(o, "maximum", row->max);
	return o;
}

static json_t *schema_list(const struct api_field *row)
{
	json_t *o = typed("array");
	json_t *items = row->fields != NULL ? schema_of_rows(row->fields) : typed("string");

	if (row->allowed != NULL)
		json_set(items, "enum", allowed_list(row->allowed));
	json_set(o, "items", items);
	return o;
}

static json_t *schema_bare(const struct api_field *row)
{
	switch (row->type) {
	case FIELD_STRING: return schema_string(row);
	case FIELD_BOOL: return typed("boolean");
	case FIELD_INT: return schema_int(row);
	case FIELD_OBJECT:
		return row->fields != NULL ? schema_of_rows(row->fields) : typed("object");
	case FIELD_LIST: return schema_list(row);
	case FIELD_ANY:
	case FIELD_REFUSED: return json_object();
	}
	must_not_reach();
}

static json_t *schema(const struct api_field *row)
{
	json_t *o = schema_bare(row);

	if (row->type == FIELD_REFUSED)
		json_set_str(o, "description", "Not available in this version: refused.");
	else if (row->about != NULL)
		json_set_str(o, "description", row->about);
	return o;
}

static json_t *schema_of_rows(const struct api_field *rows)
{
	json_t *o = typed("object");
	json_t *properties = json_object();
	json_t *required = json_array();

	for (const struct api_field *row = rows; row->name != NULL; row++) {
		json_set(properties, row->name, schema(row));
		if ((row->flags & FIELD_REQUIRED) != 0)
			json_array_append_new(required, json_string(row->name));
	}
	json_set(o, "properties", properties);
	if (json_array_size(required) > 0)
		json_set(o, "required", required);
	else
		json_decref(required);
	return o;
}

static json_t *parameter(const char *name, const char *in, json_t *of)
{
	json_t *o = json_object();

	json_set_str(o, "name", name);
	json_set_str(o, "in", in);
	if (strcmp(in, "path") == 0)
		json_set_bool(o, "required", true);
	json_set(o, "schema", of);
	return o;
}

static void parameters_of_path(const struct api_route *route, json_t *list)
{
	struct slice rest = slice_str(route->path);
	struct slice part;
	size_t i = 0;

	while (slice_split(&rest, '/', &part)) {
		if (part.n < 3 || part.p[0] != '{')
			continue;
		struct buf name = BUF_INIT;
		buf_add(&name, slice_sub(part, 1, part.n - 2));
		json_t *of = typed("string");
		if (api_route_param_is_id(route, i++))
			json_set_str(of, "pattern",
				     "^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$");
		json_array_append_new(list, parameter(buf_str(&name), "path", of));
		buf_free(&name);
	}
}

static void parameters_of_query(const struct api_field *rows, json_t *list)
{
	for (; rows != NULL && rows->name != NULL; rows++)
		json_array_append_new(list, parameter(rows->name, "query", schema(rows)));
}

static json_t *reference(const char *to)
{
	json_t *o = json_object();

	json_set_str(o, "$ref", to);
	return o;
}

static json_t *json_content(json_t *of)
{
	json_t *content = json_object();
	json_t *type = json_object();

	json_set(type, "schema", of);
	json_set(content, "application/json", type);
	return content;
}

static json_t *response(const char *about, const char *ref)
{
	json_t *o = json_object();

	json_set_str(o, "description", about);
	json_set(o, "content", json_content(reference(ref)));
	return o;
}

static json_t *responses(const struct api_route *route)
{
	char status[16];
	json_t *o = json_object();

	(void)snprintf(status, sizeof(status), "%d", route->status != 0 ? route->status : 200);
	json_set(o, status,
		 response("Done.", route->per_page != 0 ? "#/components/schemas/list"
							: "#/components/schemas/success"));
	json_set(o, "default", response("Refused or failed.", "#/components/schemas/failure"));
	return o;
}

static json_t *operation(const struct api_route *route)
{
	json_t *o = json_object();
	json_t *list = json_array();

	json_set_str(o, "summary", route->summary);
	json_set_str(o, "x-scope", api_scope_name(route->scope));
	json_set_str(o, "x-access", route->access == API_READ ? "read" : "write");
	parameters_of_path(route, list);
	if (route->per_page != 0)
		parameters_of_query(api_page_fields, list);
	parameters_of_query(route->query, list);
	json_set(o, "parameters", list);
	if (route->body != NULL) {
		json_t *body = json_object();
		json_set(body, "content", json_content(schema_of_rows(route->body)));
		json_set(o, "requestBody", body);
	}
	if (route->scope == API_NONE)
		json_set(o, "security", json_array());
	json_set(o, "responses", responses(route));
	return o;
}

static json_t *paths(const struct api_route *const *tables)
{
	json_t *all = json_object();
	const struct api_route *r = NULL;

	while ((r = api_route_next(tables, r)) != NULL) {
		char method[16] = "";
		json_t *path = json_object_get(all, r->path);
		if (path == NULL) {
			path = json_object();
			json_set(all, r->path, path);
		}
		for (size_t i = 0; r->method[i] != '\0' && i + 1 < sizeof(method); i++)
			method[i] = (char)text_lower((uint8_t)r->method[i]);
		json_set(path, method, operation(r));
	}
	return all;
}

/* The parts of every answer. Text rather than calls: this is how a reader of the file meets it. */
static const char components[] =
	"{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}},\"schemas\":{"
	"\"error\":{\"type\":\"object\",\"required\":[\"code\",\"message\"],\"properties\":{"
	"\"code\":{\"type\":\"integer\"},\"message\":{\"type\":\"string\"},"
	"\"error_chain\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/"
	"error\"}}}},"
	"\"success\":{\"type\":\"object\",\"required\":[\"result\",\"success\",\"errors\","
	"\"messages\"],\"properties\":{\"result\":{},\"success\":{\"const\":true},"
	"\"errors\":{\"type\":\"array\",\"maxItems\":0},\"messages\":{\"type\":\"array\"}}},"
	"\"list\":{\"allOf\":[{\"$ref\":\"#/components/schemas/success\"}],\"required\":["
	"\"result_info\"],\"properties\":{\"result\":{\"type\":\"array\"},\"result_info\":{"
	"\"type\":\"object\",\"properties\":{\"page\":{\"type\":\"integer\"},"
	"\"per_page\":{\"type\":\"integer\"},\"count\":{\"type\":\"integer\"},"
	"\"total_count\":{\"type\":\"integer\"},\"total_pages\":{\"type\":\"integer\"}}}}},"
	"\"failure\":{\"type\":\"object\",\"required\":[\"result\",\"success\",\"errors\","
	"\"messages\"],\"properties\":{\"result\":{\"type\":\"null\"},\"success\":{"
	"\"const\":false},\"errors\":{\"type\":\"array\",\"minItems\":1,\"items\":{"
	"\"$ref\":\"#/components/schemas/error\"}},\"messages\":{\"type\":\"array\"}}}}}";

json_t *api_openapi(const struct api_route *const *tables, const char *version)
{
	json_t *o = json_object();
	json_t *info = json_object();
	json_t *server = json_object();
	json_t *need = json_object();

	json_set_str(o, "openapi", "3.1.0");
	json_set_str(info, "title", "Everseal API");
	json_set_str(info, "version", version);
	json_set(o, "info", info);
	json_set_str(server, "url", "/client/v4");
	json_set(o, "servers", json_pack("[o]", server));
	json_set(need, "token", json_array());
	json_set(o, "security", json_pack("[o]", need));
	json_set(o, "paths", paths(tables));
	json_set(o, "components", json_loads(components, 0, NULL));
	return o;
}

json_t *api_errors_describe(void)
{
	json_t *list = json_array();

	for (const struct api_error *e = api_errors; e->code != 0; e++) {
		json_t *o = json_object();
		json_set_int(o, "code", e->code);
		json_set_int(o, "status", e->status);
		json_set_str(o, "about", e->about);
		json_array_append_new(list, o);
	}
	return list;
}
