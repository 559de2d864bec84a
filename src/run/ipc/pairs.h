/* run/ipc/pairs.h: who may say what to whom. One table per pair of roles, in pairs.c; the
 * payloads are described beside the types here. Numbers are big-endian, texts have no end mark.
 */
#pragma once

#include "run/ipc/ipc.h"

/* supervisor (left) and every role (right) */
enum ipc_steer {
	STEER_READY = 1,   /* role: serving. Payload: empty */
	STEER_FAILED = 2,  /* role: cannot start; words. The supervisor shows them */
	STEER_DRAIN = 3,   /* supervisor: stop accepting, finish, exit. u32: milliseconds left */
	STEER_PEER = 4,    /* supervisor: carries a channel's end; payload: name of the peer */
	STEER_WANT = 5,    /* role: wants a channel; payload: name ("feed") */
	STEER_KEYRING = 6, /* supervisor: the keyring's text has changed */
	STEER_TELL = 7,    /* role: words for whoever sits at the terminal, not for any log */
	STEER_ROOT = 8, /* role: certificates of the roots, PEM: goes to root.pem for everybody */

	/* control only */
	STEER_KEK_ROTATE = 16,  /* control: make a new key-encryption key, tell everybody */
	STEER_KEK_ROTATED = 17, /* supervisor: u8 0 and the new key's id in hex, or 1 and words */
	STEER_KEK_RETIRE = 18,  /* control: id in hex; nothing is wrapped by this key any more */
	STEER_KEK_RETIRED = 19, /* supervisor: as STEER_KEK_ROTATED */
	STEER_RESTART = 20,     /* control: drain and restart the role named */
};
extern const struct ipc_pair ipc_supervisor_role;
extern const struct ipc_pair ipc_supervisor_control;

/* control (left) and ca (right): the ca makes keys and issues, and answers every request with
 * the reply that follows it here or with CA_REFUSED. Payloads are
 * encoded in model/ca_message.h. */
enum ipc_ca {
	CA_KEY_MAKE = 1,
	CA_KEY_MADE = 2,
	CA_KEY_REWRAP = 3,
	CA_KEY_REWRAPPED = 4,
	CA_CERT_ISSUE = 5,
	CA_CERT_ISSUED = 6,
	CA_AUTHORITY_LIST = 7,
	CA_AUTHORITIES = 8,
	CA_REFUSED = 9,
	CA_CERT_REVOKE = 10,
	CA_CERT_REVOKED = 11,
};
extern const struct ipc_pair ipc_control_ca;

/* control (left) and applier (right): payloads in run/feed */
enum ipc_feed {
	FEED_HELLO = 1,
	FEED_SNAPSHOT_BEGIN = 2,
	FEED_RECORD = 3,
	FEED_SNAPSHOT_END = 4,
	FEED_CHANGE = 5,
	FEED_HEARTBEAT = 6,
	FEED_ACK = 7,
	FEED_REFUSED = 8, /* words; the channel is closed after it */
	FEED_FOLLOW = 9,  /* in reply to a hello: the changes after it come next */
};
extern const struct ipc_pair ipc_control_applier;
