/* run/role/startup.h: what the supervisor leaves for a role on descriptor 3, as text: descriptors by
 * name, the user to become, the place in the metrics page, then the settings, resolved. The
 * supervisor writes it, role_main() reads it; nobody else.
 *
 *	slot 2
 *	metrics 5
 *	user 61443 61443 61443
 *	lock 3
 *	fd edge.https.listen 9
 *	settings
 *	data.folder = /var/lib/everseal
 */
#pragma once

#include "base/buf.h"
#include "base/fail.h"
#include "run/sandbox/sandbox.h"
#include "run/settings/settings.h"

#define STARTUP_FD      3 /* where the role finds the text */
#define STARTUP_FDS_MAX 256
#define STARTUP_MOST    (256 * 1024)

/* Descriptors that are no listening sockets have these names. */
#define STARTUP_STEER   "steer"
#define STARTUP_METRICS "metrics"
#define STARTUP_TICKETS "tickets"
#define STARTUP_KEYRING "keyring"
#define STARTUP_ACCESS  "access"
#define STARTUP_LOCK    "lock"

struct startup_fd {
	char name[32];
	int fd;
};

struct startup {
	int slot;         /* of the role's processes */
	int metrics_slot; /* in the page */
	int lock;         /* byte of the lock file the process holds while it lives */
	struct sandbox_user user;
	struct startup_fd fds[STARTUP_FDS_MAX];
	size_t fd_count;
};

/* Names are cut to fit; more than STARTUP_FDS_MAX is a bug (must). */
void startup_fd_add(struct startup *s, const char *name, int fd);

/* The n-th descriptor of this name, or -1. */
int startup_fd_find(const struct startup *s, const char *name, size_t n);

void startup_write(const struct startup *s, const struct settings *settings, struct buf *out);

must_check int startup_parse(struct slice text, struct startup *out, struct settings *settings,
			     struct fail *f);
