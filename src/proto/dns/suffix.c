#include "proto/dns/suffix.h"

#include <libpsl.h>

#include "base/must.h"
#include "proto/dns/name.h"

/* libpsl wants C strings. False when the name is too long to be one. */
static bool to_string(struct slice name, char out[DNS_NAME_MAX + 1])
{
	if (name.n == 0 || name.n > DNS_NAME_MAX)
		return false;
	memcpy(out, name.p, name.n);
	out[name.n] = '\0';
	return true;
}

static const psl_ctx_t *list(void)
{
	const psl_ctx_t *psl = psl_builtin();

	must(psl != NULL);
	return psl;
}

bool dns_suffix_is_public(struct slice name)
{
	char text[DNS_NAME_MAX + 1];

	return to_string(name, text) && psl_is_public_suffix(list(), text);
}
