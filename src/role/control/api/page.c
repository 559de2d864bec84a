#include "role/control/api/page.h"

#include "role/control/api/json.h"

#define PAGE_NUMBER_MAX ((int64_t)1 << 31)

static const char *const directions[] = { "asc", "desc", NULL };

const struct api_field api_page_fields[] = {
	{ "page", FIELD_INT, .min = 1, .max = PAGE_NUMBER_MAX, .about = "Which page, from 1." },
	{ "per_page", FIELD_INT, .min = 1, .max = PAGE_NUMBER_MAX, .about = "Items of a page." },
	{ "limit", FIELD_INT, .min = 1, .max = PAGE_NUMBER_MAX, .about = "The same as per_page." },
	{ "offset", FIELD_INT, .max = PAGE_NUMBER_MAX, .about = "Items to skip; wins over page." },
	{ "direction", FIELD_STRING, .allowed = directions, .about = "Ascending or descending." },
	FIELD_END,
};

struct api_page api_page_of(const struct api_route *route, const json_t *query)
{
	struct api_page p;
	const char *direction = json_get_str(query, "direction");

	p.size = json_get_int(query, "per_page", json_get_int(query, "limit", route->per_page));
	if (p.size > route->per_page_max)
		p.size = route->per_page_max;
	p.offset = json_get_int(query, "offset", -1);
	if (p.offset < 0)
		p.offset = (json_get_int(query, "page", 1) - 1) * p.size;
	p.number = p.offset / p.size + 1;
	p.descending = direction != NULL && strcmp(direction, "desc") == 0;
	return p;
}

json_t *api_page_info(const struct api_page *page, size_t count, int64_t total)
{
	json_t *o = json_object();

	json_set_int(o, "page", page->number);
	json_set_int(o, "per_page", page->size);
	json_set_int(o, "count", (int64_t)count);
	json_set_int(o, "total_count", total);
	json_set_int(o, "total_pages", (total + page->size - 1) / page->size);
	return o;
}
