#include "role/edge/crowd.h"

#include <stdlib.h>

struct crowd_seat {
	size_t count;
	uint8_t len;
	uint8_t network[9];
};

void crowd_init(struct crowd *c, size_t most)
{
	*c = (struct crowd){ MAP_INIT, most };
}

void crowd_fini(struct crowd *c)
{
	must(c->networks.count == 0);
	map_free(&c->networks);
}

static struct slice network_of(const struct crowd_seat *s)
{
	return slice_of(s->network, s->len);
}

static struct crowd_seat seat_of(const struct dns_address *client)
{
	struct crowd_seat s = { .len = client->v6 ? 9 : 4 };

	s.network[0] = client->v6;
	memcpy(s.network + 1, client->b, s.len - 1u);
	return s;
}

struct crowd_seat *crowd_enter(struct crowd *c, const struct dns_address *client)
{
	struct crowd_seat key = seat_of(client);
	struct crowd_seat *s = map_get(&c->networks, network_of(&key));

	if (s == NULL) {
		s = malloc(sizeof(*s));
		must(s != NULL);
		*s = key;
		map_put(&c->networks, network_of(s), s);
	}
	if (s->count >= c->most)
		return NULL;
	s->count++;
	return s;
}

void crowd_leave(struct crowd *c, struct crowd_seat *seat)
{
	if (--seat->count > 0)
		return;
	map_remove(&c->networks, network_of(seat));
	free(seat);
}
