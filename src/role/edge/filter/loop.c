/* RFC 8586: a request that carries our name has been through us; sending it on would go round
 * until something breaks. */
#include "proto/http/write.h"
#include "role/edge/filter/filter.h"
#include "role/edge/forward.h"

enum filter_answer filter_loop(struct exchange *x, const struct http_request *r)
{
	if (http_field_find(&r->head, HTTP_FIELD_CDN_LOOP) == NULL)
		return FILTER_PASS;
	struct buf space = BUF_INIT;
	struct slice seen = forward_join(&r->head, HTTP_FIELD_CDN_LOOP, &space);
	struct slice name = slice_str(x->edge->settings->edge_loop_name);
	bool clear = http_cdn_loop_has(seen, name) == HTTP_CDN_LOOP_CLEAR;
	buf_free(&space);
	if (clear)
		return FILTER_PASS;
	exchange_refuse(x, 508, SIDE_ORIGIN, "the request came back to where it was: a loop");
	return FILTER_ANSWERED;
}
