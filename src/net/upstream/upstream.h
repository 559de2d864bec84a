/* net/upstream/upstream.h: connections to origins: made, kept alive, used again.
 *
 * A connection is used again only for a target that is equal in all that decides trust: address,
 * port, plain or TLS, whether the certificate was verified, and the name asked for. Addresses of
 * names come from the resolver at each use (which remembers them), and each one is put before
 * `allowed` after each resolution: an origin whose name is pointed elsewhere meets the rules anew.
 *
 * upstream_get() gives an idle connection at once, or makes one and tells later. Whoever holds a
 * connection gets its events, and ends with upstream_keep() or upstream_drop(). An idle
 * connection that ends, or says a word unasked, is dropped.
 */
#pragma once

#include "base/map.h"
#include "net/resolve/resolve.h"
#include "net/stream/stream.h"
#include "proto/tls/client.h"

struct upstream;
struct upstream_conn;

enum upstream_trust {
	UPSTREAM_PLAIN,
	UPSTREAM_TLS,          /* encrypted to whoever answers */
	UPSTREAM_TLS_VERIFIED, /* with a certificate that proves the name */
};

struct upstream_target {
	struct slice host; /* looked up; absent: one of `addresses` is used */
	const struct dns_address *addresses;
	size_t count;
	uint16_t port;
	enum upstream_trust trust;
	struct slice name; /* sent as SNI and verified; under TLS only */
};

enum upstream_fault {
	UPSTREAM_ABSENT,    /* the host has no address */
	UPSTREAM_LOOKUP,    /* its address could not be looked up */
	UPSTREAM_FORBIDDEN, /* it has only addresses that are not allowed */
	UPSTREAM_REFUSED,   /* no connection */
	UPSTREAM_SLOW,      /* no connection in time */
	UPSTREAM_HANDSHAKE, /* TLS failed, or the certificate does not prove the name */
	UPSTREAM_FULL,      /* too many connections are open */
};

#define UPSTREAM_WORDS 256

/* Embedded in whoever waits for a connection. */
struct upstream_wait {
	void (*on_ready)(struct upstream_wait *w, struct upstream_conn *c);
	/* words: a sentence for the operator, borrowed */
	void (*on_failed)(struct upstream_wait *w, enum upstream_fault fault, const char *words);
	/* private */
	struct upstream *pool;
	struct resolve_wait lookup;
	struct timer timer;
	struct upstream_conn *trying;
	struct dns_address addresses[RESOLVE_ADDRESSES];
	size_t count, next;
	int64_t deadline;
	uint16_t port;
	enum upstream_trust trust;
	struct dns_name name;
	enum upstream_fault fault;
	char words[UPSTREAM_WORDS];
	bool failing;
};

typedef void upstream_event_f(void *user, struct upstream_conn *c);

/* For whoever holds a connection; as in stream.h. */
struct upstream_events {
	upstream_event_f *on_input;
	upstream_event_f *on_room;
	upstream_event_f *on_broken; /* drop it */
};

/* Read-only for others. */
struct upstream_conn {
	struct stream stream;
	struct upstream *pool;
	const struct upstream_events *events;
	void *user;
	struct upstream_wait *wait; /* while it is being made */
	struct list same;           /* idle connections of one key */
	size_t same_count;          /* of them, where the map finds them */
	struct list idle;           /* all idle ones, the longest idle first */
	int64_t idle_since;
	uint64_t uses; /* 1: this is its first request */
	size_t key_len;
	uint8_t key[24 + DNS_NAME_MAX];
};

struct upstream_config {
	int64_t connect_ms; /* from the lookup to the end of the handshake */
	int64_t idle_ms;
	size_t idle_max;        /* idle connections, all together */
	size_t idle_target_max; /* idle connections to one target */
	size_t open_max;        /* connections, idle or not */
	size_t sessions_max;    /* TLS sessions remembered */
	bool (*allowed)(void *owner, const struct dns_address *a, uint16_t port);
	void *owner;
};

struct upstream_figures {
	uint64_t connects; /* begun */
	uint64_t reuses;
	size_t open;
	size_t idle;
};

struct upstream *upstream_new(struct loop *loop, struct resolver *resolver, struct tls_client *tls,
			      const struct upstream_config *config);

/* No connection may be held or waited for. Idle ones are closed; the memory goes when the loop has
 * run the close callbacks. */
void upstream_free(struct upstream *u);

void upstream_wait_init(struct upstream_wait *w);

/* An idle connection, at once, if one was in use within the last `fresh_ms` (< 0: however long
 * ago; 0: none will do). Else NULL: on_ready or on_failed comes later. *t is not kept. */
struct upstream_conn *upstream_get(struct upstream *u, struct upstream_wait *w,
				   const struct upstream_target *t, int64_t fresh_ms);

/* Nothing comes any more; also when nothing is waited for. */
void upstream_wait_cancel(struct upstream_wait *w);

/* From now on its events go to user. Input may be there already. */
void upstream_hold(struct upstream_conn *c, const struct upstream_events *events, void *user);

/* The exchange is over and the connection may serve another. */
void upstream_keep(struct upstream_conn *c);

void upstream_drop(struct upstream_conn *c);

/* Closes all idle connections (drain). */
void upstream_close_idle(struct upstream *u);

struct upstream_figures upstream_figures(const struct upstream *u);

const char *upstream_fault_name(enum upstream_fault fault);
