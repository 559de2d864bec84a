/* TRACE would show a client the fields that we add (RFC 9110, 9.3.8), and a tunnel is none of our
 * business; the parser has refused CONNECT already. "OPTIONS *" asks about us, not about an origin. */
#include "role/edge/filter/filter.h"

enum filter_answer filter_method(struct exchange *x, const struct http_request *r)
{
	if (r->method == HTTP_TRACE) {
		exchange_refuse(x, 501, SIDE_CLIENT, "the method TRACE is not carried");
		return FILTER_ANSWERED;
	}
	if (r->form == HTTP_TARGET_ASTERISK) {
		exchange_reply(x, 204, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n",
			       NULL, SLICE_NONE);
		return FILTER_ANSWERED;
	}
	return FILTER_PASS;
}
