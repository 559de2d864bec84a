/* net/resolve/resolve_priv.h: what txt.c needs of a resolver. */
#pragma once

#include <ares.h>

#include "net/resolve/resolve.h"

ares_channel resolver_channel(struct resolver *r);

/* After a question was asked: its deadline is the loop's now. */
void resolver_arm(struct resolver *r);
