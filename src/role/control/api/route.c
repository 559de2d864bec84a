#include "role/control/api/route.h"

static bool is_param(struct slice part)
{
	return part.n > 2 && part.p[0] == '{';
}

static bool path_match(const char *pattern, struct slice path, struct slice *params)
{
	struct slice rest = slice_str(pattern);
	struct slice want;
	struct slice have;
	size_t n = 0;

	while (slice_split(&rest, '/', &want)) {
		if (!slice_split(&path, '/', &have))
			return false;
		if (is_param(want)) {
			if (have.n == 0)
				return false;
			params[n++] = have;
		} else if (!slice_eq(want, have)) {
			return false;
		}
	}
	return !slice_split(&path, '/', &have);
}

const struct api_route *api_route_next(const struct api_route *const *tables,
				       const struct api_route *route)
{
	if (route == NULL)
		return tables[0];
	if (route[1].method != NULL)
		return route + 1;
	/* The end of a table: which one was it? */
	for (; *tables != NULL; tables++)
		for (const struct api_route *r = *tables; r->method != NULL; r++)
			if (r == route)
				return tables[1];
	return NULL;
}

enum api_found api_route_find(struct slice method, struct slice path,
			      const struct api_route *const *tables, struct api_match *out)
{
	enum api_found found = API_NO_PATH;

	if (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	for (const struct api_route *const *t = tables; *t != NULL; t++) {
		for (const struct api_route *r = *t; r->method != NULL; r++) {
			struct slice params[API_PARAMS] = { { NULL, 0 } };
			if (!path_match(r->path, path, params))
				continue;
			found = API_NO_METHOD;
			if (!slice_eq_str(method, r->method))
				continue;
			out->route = r;
			memcpy(out->params, params, sizeof(params));
			return API_FOUND;
		}
	}
	return found;
}

/* The name of parameter `index`, SLICE_NONE when the path has fewer. */
static struct slice param_name(const struct api_route *route, size_t index)
{
	struct slice rest = slice_str(route->path);
	struct slice part;

	while (slice_split(&rest, '/', &part))
		if (is_param(part) && index-- == 0)
			return slice_sub(part, 1, part.n - 2);
	return SLICE_NONE;
}

bool api_route_param(const struct api_route *route, const char *name, size_t *index)
{
	for (size_t i = 0; i < API_PARAMS; i++) {
		if (!slice_eq_str(param_name(route, i), name))
			continue;
		*index = i;
		return true;
	}
	return false;
}

bool api_route_param_is_id(const struct api_route *route, size_t index)
{
	return slice_ends(param_name(route, index), slice_lit("_id"));
}

const char *api_scope_name(enum api_scope scope)
{
	static const char *const names[] = { "none", "user", "account", "zone", "system" };

	return names[scope];
}
