#include "role/edge/page.h"

#include "base/must.h"
#include "base/text.h"
#include "proto/http/write.h"

static const char *blame(enum side side)
{
	switch (side) {
	case SIDE_NONE: return "Nobody is at fault.";
	case SIDE_CLIENT: return "The fault is on the side of the request.";
	case SIDE_EDGE: return "The fault is on the side of the edge.";
	case SIDE_ORIGIN: return "The fault is on the side of the origin server.";
	}
	must_not_reach();
}

static void row(struct buf *out, const char *name, struct slice value)
{
	buf_addf(out, "<dt>%s</dt><dd>", name);
	text_html(value, out);
	buf_add_str(out, "</dd>");
}

void page_write(const struct page *p, struct buf *out)
{
	const char *reason = http_reason(p->status);

	buf_addf(out,
		 "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
		 "<meta name=\"viewport\" content=\"width=device-width\"><title>%d %s</title>"
		 "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:4em auto;"
		 "padding:0 1em}dt{float:left;clear:left;width:7em;color:#666}"
		 "dd{margin-left:7em;overflow-wrap:anywhere}</style></head><body><h1>%d %s</h1><p>",
		 p->status, reason, p->status, reason);
	text_html(slice_str(p->why), out);
	buf_addf(out, ".</p><p>%s</p><dl>", blame(p->side));
	row(out, "Host", p->host);
	row(out, "Request id", slice_str(p->id));
	buf_add_str(out, "</dl></body></html>\n");
}
