/* role/edge/guard.h: where origins may be. An address is allowed when it is a host of the internet
 * or lies in a net of origin.allow, and is not one of our own listeners (those of the API may be,
 * with api.remote). */
#pragma once

#include "proto/dns/address.h"
#include "run/settings/settings.h"

#define GUARD_LISTENERS_MAX 64
#define GUARD_MACHINE_MAX   64

struct guard_listener {
	struct dns_address address;
	bool any; /* listens on every address of the machine */
	uint16_t port;
};

struct guard {
	struct dns_nets allowed;
	struct guard_listener own[GUARD_LISTENERS_MAX];
	size_t count;
	struct dns_address machine[GUARD_MACHINE_MAX]; /* addresses of this machine */
	size_t machine_count;
};

/* Asks the machine for its addresses: call it before the sandbox closes. */
must_check int guard_init(struct guard *g, const struct settings *s, struct fail *f);

/* Asked after each resolution, before each connection. */
bool guard_allows(const struct guard *g, const struct dns_address *a, uint16_t port);
