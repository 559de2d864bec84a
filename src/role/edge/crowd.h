/* role/edge/crowd.h: how many connections each network of clients holds: /24 of IPv4, /64 of
 * IPv6, since that is what one subscriber can easily have. */
#pragma once

#include "base/map.h"
#include "proto/dns/address.h"

struct crowd_seat; /* one network */

struct crowd {
	struct map networks; /* private */
	size_t most;
};

void crowd_init(struct crowd *c, size_t most);
void crowd_fini(struct crowd *c); /* when all have left */

/* NULL: the network has as many as it may. Each seat is given back once. */
struct crowd_seat *crowd_enter(struct crowd *c, const struct dns_address *client);
void crowd_leave(struct crowd *c, struct crowd_seat *seat);
