#include "run/ipc/pairs.h"

#define KB       1024u
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define STEER_ROWS_OF_ALL 8 /* the first ones; those after them are for control only */

static const struct ipc_row steer_rows[] = {
	{ STEER_READY, "ready", IPC_RIGHT, 0, false },
	{ STEER_FAILED, "failed", IPC_RIGHT, 1 * KB, false },
	{ STEER_DRAIN, "drain", IPC_LEFT, 4, false },
	{ STEER_PEER, "peer", IPC_LEFT, 16, true },
	{ STEER_WANT, "want", IPC_RIGHT, 16, false },
	{ STEER_KEYRING, "keyring", IPC_LEFT, 64 * KB, false },
	{ STEER_TELL, "tell", IPC_RIGHT, 4 * KB, false },
	{ STEER_ROOT, "root", IPC_RIGHT, 64 * KB, false },
	{ STEER_KEK_ROTATE, "kek.rotate", IPC_RIGHT, 0, false },
	{ STEER_KEK_ROTATED, "kek.rotated", IPC_LEFT, 1 * KB, false },
	{ STEER_KEK_RETIRE, "kek.retire", IPC_RIGHT, 64, false },
	{ STEER_KEK_RETIRED, "kek.retired", IPC_LEFT, 1 * KB, false },
	{ STEER_RESTART, "restart", IPC_RIGHT, 16, false },
};

const struct ipc_pair ipc_supervisor_role = { "supervisor_role", steer_rows, STEER_ROWS_OF_ALL,
					      256 * KB };
const struct ipc_pair ipc_supervisor_control = { "supervisor_control", steer_rows,
						 COUNT(steer_rows), 256 * KB };

static const struct ipc_row ca_rows[] = {
	{ CA_KEY_MAKE, "key.make", IPC_LEFT, 4 * KB, false },
	{ CA_KEY_MADE, "key.made", IPC_RIGHT, 16 * KB, false },
	{ CA_KEY_REWRAP, "key.rewrap", IPC_LEFT, 16 * KB, false },
	{ CA_KEY_REWRAPPED, "key.rewrapped", IPC_RIGHT, 16 * KB, false },
	{ CA_CERT_ISSUE, "cert.issue", IPC_LEFT, 64 * KB, false },
	{ CA_CERT_ISSUED, "cert.issued", IPC_RIGHT, 64 * KB, false },
	{ CA_AUTHORITY_LIST, "authority.list", IPC_LEFT, 0, false },
	{ CA_AUTHORITIES, "authorities", IPC_RIGHT, 64 * KB, false },
	{ CA_REFUSED, "refused", IPC_RIGHT, 1 * KB, false },
	{ CA_CERT_REVOKE, "cert.revoke", IPC_LEFT, 4 * KB, false },
	{ CA_CERT_REVOKED, "cert.revoked", IPC_RIGHT, 0, false },
};

const struct ipc_pair ipc_control_ca = { "control_ca", ca_rows, COUNT(ca_rows), 1024 * KB };

#define FEED_VALUE_MOST (64 * KB + 1 * KB) /* a value, its key and the frame's own fields */

static const struct ipc_row feed_rows[] = {
	{ FEED_HELLO, "hello", IPC_RIGHT, 16 * KB, false },
	{ FEED_SNAPSHOT_BEGIN, "snapshot.begin", IPC_LEFT, 16 * KB, false },
	{ FEED_RECORD, "record", IPC_LEFT, FEED_VALUE_MOST, false },
	{ FEED_SNAPSHOT_END, "snapshot.end", IPC_LEFT, 16 * KB, false },
	{ FEED_CHANGE, "change", IPC_LEFT, FEED_VALUE_MOST, false },
	{ FEED_HEARTBEAT, "heartbeat", IPC_LEFT, 64, false },
	{ FEED_ACK, "ack", IPC_RIGHT, 64, false },
	{ FEED_REFUSED, "refused", IPC_LEFT, 1 * KB, false },
	{ FEED_FOLLOW, "follow", IPC_LEFT, 64, false },
};

const struct ipc_pair ipc_control_applier = { "control_applier", feed_rows, COUNT(feed_rows),
					      4 * KB *KB };
