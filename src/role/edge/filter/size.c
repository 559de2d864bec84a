/* A body that declares itself too large is refused before a byte of it is taken; one that only
 * turns out to be (chunked) is stopped on its way (exchange.c). */
#include "role/edge/filter/filter.h"

enum filter_answer filter_size(struct exchange *x, const struct http_request *r)
{
	if (r->head.body != HTTP_BODY_LENGTH ||
	    r->head.length <= (uint64_t)x->edge->settings->edge_body)
		return FILTER_PASS;
	exchange_refuse(x, 413, SIDE_CLIENT, "the request's body is too large");
	return FILTER_ANSWERED;
}
