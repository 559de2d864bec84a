/* Whose host is asked for. Under TLS it must belong to the resumption group of the handshake: a
 * certificate, a policy and perhaps a session were chosen for the name in the handshake, and a
 * request for another tenant's host must not ride on them (RFC 9110, 7.4 and 15.5.20). */
#include "role/edge/filter/filter.h"

static enum filter_answer refuse(struct exchange *x, int status, const char *why)
{
	exchange_refuse(x, status, SIDE_CLIENT, why);
	return FILTER_ANSWERED;
}

static bool is_in_group(const struct exchange *x)
{
	uint8_t group[TLS_GROUP];

	identity_group(&x->site.zone, group);
	return memcmp(group, x->conn->group, TLS_GROUP) == 0;
}

enum filter_answer filter_site(struct exchange *x, const struct http_request *r)
{
	if (r->host.form == HTTP_HOST_NONE)
		return refuse(x, 400, "the request names no host");
	x->has_site = site_find(x->edge->identities.replica, http_host_name(&r->host), &x->site);
	if (x->conn->secure && (!x->has_site || !is_in_group(x)))
		return refuse(x, 421, "this connection was made for another host");
	if (!x->has_site)
		return refuse(x, 404, "this host is not known here");
	return FILTER_PASS;
}
