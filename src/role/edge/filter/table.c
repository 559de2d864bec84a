#include "role/edge/filter/filter.h"

const struct filter filters[] = {
	{ "method", filter_method },       /* what is never carried to an origin */
	{ "loop", filter_loop },           /* what has been here before */
	{ "site", filter_site },           /* whose host it is: 404, 421 */
	{ "challenge", filter_challenge }, /* proofs of control of a name */
	{ "scheme", filter_scheme },       /* https redirected where a zone has none */
	{ "size", filter_size },           /* a body declared too large */
};

const size_t filter_count = sizeof(filters) / sizeof(filters[0]);
