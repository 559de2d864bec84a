#include "model/event.h"

#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"

struct walk {
	struct api_page page;
	int64_t total;
	json_t *rows;
};

static json_t *show(const struct event_row *row)
{
	json_t *o = json_object();

	json_set_stamp(o, "when", row->at);
	json_set_slice(o, "kind", row->kind);
	json_set_slice(o, "name", row->name);
	json_set_slice(o, "words", row->words);
	return o;
}

static bool on_event(void *arg, const struct event_row *row)
{
	struct walk *w = arg;
	int64_t index = w->total++;

	if (index >= w->page.offset && index < w->page.offset + w->page.size)
		json_array_append_new(w->rows, show(row));
	return true;
}

static int event_list(struct api_call *c, struct fail *f)
{
	struct walk w = { .page = api_page_of(c->match.route, c->query), .rows = json_array() };

	c->result = w.rows;
	if (event_each(c->tx, &c->zone.id, on_event, &w, f) < 0)
		return -1;
	c->info = api_page_info(&w.page, json_array_size(w.rows), w.total);
	return 0;
}

const struct api_route event_routes[] = {
	{ "GET", "/zones/{zone_id}/everseal/events", API_ZONE, API_READ, event_list, .per_page = 50,
	  .per_page_max = 1000,
	  .summary = "What happened to the zone's names by itself, newest first" },
	API_ROUTES_END,
};
