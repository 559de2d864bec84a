/* role/control/api/describe.h: the rows of the API as documents: the OpenAPI file, the plain list
 * of routes from which tests are generated, and the table of errors.
 */
#pragma once

#include "role/control/api/route.h"

/* OpenAPI 3.1. A new reference. */
json_t *api_openapi(const struct api_route *const *tables, const char *version);

/* [{method, path, scope, access, list, required, summary}]. A new reference. */
json_t *api_routes_describe(const struct api_route *const *tables);

/* [{code, status, about}]. A new reference. */
json_t *api_errors_describe(void);
