/* proto/dns/suffix.h: the public suffix list, as built into libpsl (both of its sections: ICANN's
 * and the private one, since "github.io" belongs to nobody's customer either).
 *
 * Names are in the one spelling of name.h. A top-level domain that the list does not know is a
 * public suffix (the list's own rule "*").
 */
#pragma once

#include "base/slice.h"

/* "com", "co.uk", "github.io": nobody may hold it. */
bool dns_suffix_is_public(struct slice name);
