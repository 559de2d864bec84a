/* role/edge/access.h: the access log: one JSON object a line for each request, collected during a
 * turn of the loop and written to the access pipe at its end, never waiting. Lines that the
 * pipe has no room for are dropped and counted. */
#pragma once

#include "base/buf.h"
#include "base/id.h"
#include "base/stamp.h"
#include "proto/dns/address.h"
#include "run/loop/loop.h"

enum side { SIDE_NONE, SIDE_CLIENT, SIDE_EDGE, SIDE_ORIGIN };

/* "", "client", "edge", "origin". */
const char *side_name(enum side side);

struct access_entry {
	stamp at;
	const char *id;
	const struct dns_address *client;
	struct slice sni, host, zone, method, path;
	int minor; /* HTTP/1.minor */
	bool secure;
	const char *tls_version, *tls_group, *tls_cipher;
	bool resumed;
	const struct id *certificate; /* NULL: none */
	int status;                   /* 0: not answered */
	enum side side;               /* at fault */
	const char *why;              /* a sentence, or NULL */
	uint64_t bytes_in, bytes_out; /* of bodies */
	uint64_t micros;              /* from the first byte to the last */
	uint64_t origin_micros;       /* to the fields of the origin's answer; 0: there was none */
	bool origin_reused, retried;
};

struct access_log {
	struct loop *loop;
	struct deferred flush;
	struct buf lines;
	int fd;
};

/* fd < 0: nothing is written. It is borrowed and must not block. */
void access_init(struct access_log *a, struct loop *loop, int fd);
void access_fini(struct access_log *a); /* writes what waits */

void access_add(struct access_log *a, const struct access_entry *e);

/* One line with its newline (for access_add() and its test). */
void access_write(const struct access_entry *e, struct buf *out);
