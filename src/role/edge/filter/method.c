/* TRACE would show a client the fields that we add (RFC 9110, 9.3.8), and a tunnel is none of our
 * business; the parser has refused CONNECT already. "OPTIONS *" asks about us, not about an origin. */
#include "role/edge/filter/filter.h"

/* RFC 9110, 7.6.2: "If the received value is zero (0), the intermediary MUST NOT forward the
 * request; instead, the intermediary MUST respond as the final recipient." */
static bool is_for_us(const struct http_request *r)
{
	if (r->method != HTTP_OPTIONS)
		return false;
	const struct http_field *hops = http_field_named(&r->head, "Max-Forwards");
	return r->form == HTTP_TARGET_ASTERISK || (hops != NULL && slice_eq_str(hops->value, "0"));
}

enum filter_answer filter_method(struct exchange *x, const struct http_request *r)
{
	if (r->method == HTTP_TRACE) {
		exchange_refuse(x, 501, SIDE_CLIENT, "the method TRACE is not carried");
		return FILTER_ANSWERED;
	}
	if (is_for_us(r)) {
		exchange_reply(x, 204, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n",
			       NULL, SLICE_NONE);
		return FILTER_ANSWERED;
	}
	return FILTER_PASS;
}
