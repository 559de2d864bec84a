/* run/ipc.h: a channel between two processes: typed frames over a Unix stream socket, with
 * descriptors, limits, and one table per pair of roles that says who may send what (run/ipc/pairs).
 *
 * A frame is 12 bytes (payload length, type, flags, id; big-endian) and the payload. A frame
 * whose type is not the peer's to send, that is longer than its row allows, or that carries a
 * descriptor without leave closes the channel: nobody is asked to cope with half a truth.
 *
 * Sending queues, up to a limit. Events come from the loop, never inside a call made here, and
 * none comes after ipc_close(). An event may close the channel.
 */
#pragma once

#include "base/must.h"
#include "base/slice.h"
#include "run/loop/loop.h"

enum ipc_side { IPC_LEFT, IPC_RIGHT }; /* as in the name of the pair: left_right */

#define IPC_BOTH ((enum ipc_side)2) /* a row that either side may send */

struct ipc_row {
	uint16_t type;
	const char *name;
	enum ipc_side sender;
	uint32_t most; /* bytes of payload */
	bool carries_fd;
};

struct ipc_pair {
	const char *name;
	const struct ipc_row *rows;
	size_t count;
	size_t queue_most; /* bytes that may wait to be sent */
};

struct ipc;

/* The payload is borrowed for the call; fd (or -1) now belongs to the receiver. */
typedef void ipc_frame_f(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd);

/* The peer is gone or broke a rule (why says so). The channel still has to be closed. */
typedef void ipc_closed_f(struct ipc *c, const char *why);

/* The queue, once refused or half full, is nearly empty again. */
typedef void ipc_drained_f(struct ipc *c);

struct ipc_events {
	ipc_frame_f *on_frame;
	ipc_closed_f *on_closed;
	ipc_drained_f *on_drained; /* may be NULL */
};

/* Takes fd, a connected Unix stream socket. */
struct ipc *ipc_open(struct loop *l, int fd, const struct ipc_pair *pair, enum ipc_side me,
		     const struct ipc_events *events, void *owner);

/* Closes now (what is queued is lost); NULL is legal. */
void ipc_close(struct ipc *c);

void *ipc_owner(const struct ipc *c);

/* Queues a frame. 0, or -1 when the channel is closed or the queue is full. A descriptor is
 * duplicated: the caller keeps its own. id 0 means no reply is wanted; replies repeat the id.
 * The type must be ours to send and the payload within its row (must). */
must_check int ipc_send(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd);

/* Writes what the socket takes now, without waiting for the loop: before a close or an exit. */
void ipc_flush(struct ipc *c);

/* Bytes waiting to be sent. */
size_t ipc_queued(const struct ipc *c);

/* Stops and resumes the coming of frames: backpressure for the peer. */
void ipc_pause(struct ipc *c);
void ipc_resume(struct ipc *c);

/* A pair of connected sockets, closed on exec. */
void ipc_socketpair(int fds[2]);

/* For engines and fuzzing: parses one frame head and checks it against the table. */
#define IPC_HEAD 12
struct ipc_head {
	uint32_t length;
	uint16_t type;
	bool has_fd;
	uint32_t id;
};
/* NULL when the head is legal for `sender`, else what is wrong with it. */
const char *ipc_head_parse(const struct ipc_pair *pair, enum ipc_side sender,
			   const uint8_t bytes[IPC_HEAD], struct ipc_head *out);
