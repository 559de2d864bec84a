/* role/control/api/page.h: which part of a list is asked for, and what result_info says of it.
 *
 * `page` counts from 1; `limit` and `offset` are understood too. A page behind the end is an empty
 * list, never an error: clients ask until nothing comes.
 */
#pragma once

#include "role/control/api/route.h"

/* page, per_page, limit, offset, direction: what every list understands. */
extern const struct api_field api_page_fields[];

struct api_page {
	int64_t number; /* from 1 */
	int64_t size;
	int64_t offset;
	bool descending;
};

/* From a checked query. A size beyond the route's limit becomes the limit, which result_info then
 * tells. */
struct api_page api_page_of(const struct api_route *route, const json_t *query);

/* result_info. A new reference. */
json_t *api_page_info(const struct api_page *page, size_t count, int64_t total);
