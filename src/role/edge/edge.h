/* role/edge/edge.h: a worker that meets the internet: answers handshakes and requests from the
 * replica and carries requests to origins. One thread, one loop; a crash costs its own connections.
 *
 * A connection's way: door (accept) -> conn (handshake, request heads) -> exchange (one request:
 * filters, then the origin, bodies both ways) -> access line. What all of them share is struct edge.
 */
#pragma once

#include "net/upstream/upstream.h"
#include "proto/http/message.h"
#include "proto/tls/server.h"
#include "role/edge/access.h"
#include "role/edge/crowd.h"
#include "role/edge/guard.h"
#include "role/edge/identity.h"
#include "run/role/role.h"

extern const struct role edge_role;

#define EDGE_DOORS_MAX 32

struct edge;

/* A listening socket. */
struct door {
	uv_poll_t poll;
	struct edge *edge;
	struct timer pause; /* after running out of descriptors */
	int fd;
	bool secure;
};

struct edge {
	struct role_env *env;
	struct loop *loop;
	const struct settings *settings;
	struct identity_source identities;
	struct keyring *keyring;
	struct tls_server *tls;
	struct tls_client *origin_tls;
	struct resolver *resolver;
	struct upstream *upstream;
	struct guard guard;
	struct dns_nets trusted;
	struct dns_name default_name;
	struct crowd crowd;
	struct access_log access;
	struct http_limits request_limits;
	struct http_limits response_limits;
	struct door doors[EDGE_DOORS_MAX];
	size_t door_count;
	struct list conns;
	size_t conn_count;
	struct list spare_exchanges;
	struct timer tick;
	struct upstream_figures counted;        /* as last added to the metrics */
	struct tls_cache_figures cache_counted; /* the same */
	struct buf roots, bundle;               /* PEM texts, until they are parsed */
	struct buf servers;                     /* dns servers, as the resolver takes them */
	struct buf head;                        /* space for a head on its way out */
	uint64_t id_high, id_low;               /* of the next request */
	int64_t stall_ms;                       /* the shortest pause that may end an exchange */
	bool draining;
};

/* A client connection has ended: a drain may be complete. */
void edge_conn_gone(struct edge *e);
