/* All issuers: add a row. */
#include "role/control/issuer/issuer.h"

const struct issuer *const issuers[] = {
	&issuer_local,
	NULL,
};

const struct issuer *issuer_named(struct slice name)
{
	for (size_t i = 0; issuers[i] != NULL; i++)
		if (slice_eq_str(name, issuers[i]->name))
			return issuers[i];
	return NULL;
}
