/* role/edge/filter/filter.h: what looks at a request before it goes to the origin.
 *
 * A filter is one file, one function and one row in filter/table.c, whose order is the order of
 * asking. It runs inside the read transaction of the replica, waits for nothing, and either passes
 * the request on or answers it with exchange_refuse() or exchange_reply().
 */
#pragma once

#include "proto/http/message.h"
#include "role/edge/exchange.h"

enum filter_answer { FILTER_PASS, FILTER_ANSWERED };

typedef enum filter_answer filter_f(struct exchange *x, const struct http_request *r);

struct filter {
	const char *name;
	filter_f *apply;
};

extern const struct filter filters[];
extern const size_t filter_count;

filter_f filter_method, filter_loop, filter_site, filter_challenge, filter_scheme, filter_size;
