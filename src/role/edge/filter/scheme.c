/* The mode off: the zone wants no HTTPS, so those who come by it are sent to http. 307 keeps
 * method and body and is not remembered: the mode may change. */
#include "role/edge/filter/filter.h"

enum filter_answer filter_scheme(struct exchange *x, const struct http_request *r)
{
	if (!x->conn->secure || x->site.ssl != SSL_OFF)
		return FILTER_PASS;
	struct slice query = r->query.p == NULL ? slice_lit("") : r->query;
	const char *fields = arena_printf(&x->arena, "Location: http://%.*s%.*s%s%.*s\r\n",
					  SLICE_ARG(http_host_name(&r->host)), SLICE_ARG(r->path),
					  r->query.p == NULL ? "" : "?", SLICE_ARG(query));
	exchange_reply(x, 307, fields, "text/plain", slice_lit("This host is served by http.\n"));
	return FILTER_ANSWERED;
}
