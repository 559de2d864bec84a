/* role/control/api/describe.h: the rows of the API as documents: the OpenAPI file, from which the
 * tests of every route are generated too, and the table of errors.
 */
#pragma once

#include "role/control/api/route.h"

/* OpenAPI 3.1. A new reference. */
json_t *api_openapi(const struct api_route *const *tables, const char *version);

/* [{code, status, about}]. A new reference. */
json_t *api_errors_describe(void);
