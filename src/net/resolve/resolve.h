/* net/resolve/resolve.h: addresses of host names by DNS, in the loop (c-ares), remembered for
 * as long as their TTL says within bounds. getaddrinfo() is never called, and no file of the
 * machine is read but for resolve_servers_choose().
 *
 * What is refused or allowed among the addresses is not decided here: whoever connects checks
 * each one. When the servers do not answer, what was known last serves on for a while.
 */
#pragma once

#include "base/buf.h"
#include "base/fail.h"
#include "base/list.h"
#include "proto/dns/address.h"
#include "proto/dns/name.h"
#include "run/loop/loop.h"

#define RESOLVE_ADDRESSES 16

struct resolver;

struct resolve_config {
	const char *servers; /* "192.0.2.53, [2001:db8::53]:5353" */
	int64_t timeout_ms;  /* one try */
	int tries;           /* of each server */
	int64_t least_ms;    /* an answer is kept at least so long ... */
	int64_t most_ms;     /* ... and at most so long */
	int64_t failed_ms;   /* "no such name" and "no answer" are kept so long */
	int64_t stale_ms;    /* so long after its end an answer serves when no server does */
	size_t names_max;    /* names remembered */
};

enum resolve_outcome {
	RESOLVE_FOUND,
	RESOLVE_ABSENT, /* the name does not exist or has no address */
	RESOLVE_FAILED, /* no server answered, or with an error */
};

struct resolve_answer {
	enum resolve_outcome outcome;
	size_t count;
	struct dns_address addresses[RESOLVE_ADDRESSES]; /* IPv4 first */
};

/* Embedded in whoever waits. */
struct resolve_wait {
	/* The answer is borrowed until this returns. */
	void (*on_resolved)(struct resolve_wait *w, const struct resolve_answer *answer);
	struct list link; /* private */
};

/* "nameserver" lines of an /etc/resolv.conf as a list for resolve_config.servers, into out. */
void resolve_servers_read(struct slice resolv_conf, struct buf *out);

/* The servers to ask, as such a list: those given, else those of /etc/resolv.conf, so to be called
 * before a sandbox hides it. Nothing is added when there are none. */
void resolve_servers_choose(const char *const *given, size_t count, struct buf *out);

must_check int resolver_new(struct loop *loop, const struct resolve_config *config,
			    struct resolver **out, struct fail *f);

/* Nobody may be waiting. NULL is legal. */
void resolver_free(struct resolver *r);

/* The answer when it is known, borrowed until the return to the loop; else NULL, and on_resolved
 * comes later. The name is in the one spelling of proto/dns/name.h. */
const struct resolve_answer *resolver_ask(struct resolver *r, struct slice name,
					  struct resolve_wait *w);

void resolve_wait_init(struct resolve_wait *w,
		       void (*on_resolved)(struct resolve_wait *, const struct resolve_answer *));

/* on_resolved does not come; also when nothing is waited for. */
void resolve_wait_cancel(struct resolve_wait *w);
