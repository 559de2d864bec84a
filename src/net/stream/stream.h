/* net/stream/stream.h: one TCP connection in a loop, plain or under TLS: plaintext in, plaintext
 * out, back pressure both ways, one system call where one is enough.
 *
 * The owner embeds struct stream and gets events. Input waits in the stream's window
 * (stream_input()) until the owner takes it (stream_take()); while the window is full nothing is
 * read from the socket. Output is taken whole by stream_send() and leaves at once if the socket
 * lets it; while some is left (stream_is_busy()) the owner brings no more and waits for on_room.
 * So a connection never holds more than a few WINDOW_MAX bytes each way, and none while idle.
 *
 * Events never come from inside a call of the owner's (but for stream_begin(), which says so): what
 * a call brings about is told from the loop. After on_broken nothing more comes but on_closed,
 * which follows stream_close() always: then the memory may be used again.
 */
#pragma once

#include <uv.h>

#include "net/stream/window.h"
#include "proto/dns/address.h"
#include "proto/tls/conn.h"
#include "run/loop/loop.h"

struct stream;
typedef void stream_event_f(struct stream *);

struct stream_events {
	stream_event_f *on_hello;  /* servers under TLS: a ClientHello is there (stream_tls());
	                              answer it, then call stream_answered(), now or later */
	stream_event_f *on_open;   /* connected, and the handshake done where there is one */
	stream_event_f *on_input;  /* more input, or its end */
	stream_event_f *on_room;   /* all output has left */
	stream_event_f *on_broken; /* dead: stream_fault() says why. Close it. */
	stream_event_f *on_closed;
};

enum stream_end {
	STREAM_OPEN,  /* more input may come */
	STREAM_ENDED, /* the peer has finished properly */
	STREAM_CUT,   /* it broke, or ended under TLS without a close_notify */
};

/* All members are private but for those named in the comments. */
struct stream {
	uv_tcp_t tcp;
	struct loop *loop;
	const struct stream_events *events;
	struct tls_conn *tls;
	struct window in;
	struct buf out;    /* plaintext that waits */
	struct buf flying; /* what libuv is writing */
	uv_write_t write;
	uv_connect_t connect;
	uv_shutdown_t shutdown;
	struct deferred later;
	const char *fault;
	uint64_t received; /* public: bytes from the wire */
	uint64_t sent;     /* public: bytes handed to the kernel */
	enum stream_end end;
	bool secured; /* the handshake is done, or there is none */
	bool greeted; /* on_hello was given and waits for its answer */
	bool greeting;
	bool held_back; /* decrypted bytes wait for room in the window */
	bool reading;
	bool started;
	bool in_flight;
	bool wants_room;
	bool finishing; /* the peer is to be told that no more output comes */
	bool finished;  /* stream_finish() was called */
	bool broken;
	bool told;
	bool closing;
};

/* events must outlive the stream. tls: NULL for plain; else it belongs to the stream from now on. */
void stream_init(struct stream *s, struct loop *loop, const struct stream_events *events,
		 struct tls_conn *tls);

/* Takes over a connected socket. Negative: a UV_E... code; the socket is closed. */
must_check int stream_adopt(struct stream *s, int fd);

/* Reads what has already come without asking the loop first (a client's first bytes are often
 * there when its connection is accepted), then goes on by events. May call the events. */
void stream_begin(struct stream *s);

/* on_open or on_broken follow. Negative: a UV_E... code, nothing follows. */
must_check int stream_connect(struct stream *s, const struct sockaddr *to);

/* The ClientHello is answered. */
void stream_answered(struct stream *s);

/* What has come and was not taken; borrowed until stream_take() or the return to the loop. */
static inline struct slice stream_input(const struct stream *s)
{
	return window_bytes(&s->in);
}
void stream_take(struct stream *s, size_t n);

/* Nothing more will come behind stream_input(). */
static inline enum stream_end stream_input_end(const struct stream *s)
{
	return s->end;
}

#define STREAM_SLICES 16

/* Takes all bytes; at most STREAM_SLICES slices. What is sent to a broken stream goes nowhere. */
void stream_send(struct stream *s, const struct slice *slices, size_t count);

/* Output has not all left: do not bring more; on_room will come. */
bool stream_is_busy(struct stream *s);

/* Grows whenever bytes have moved on the wire, either way: what has not changed between two looks has
 * stalled. */
uint64_t stream_moved(const struct stream *s);

/* No more output: when what waits has left, the peer is told (close_notify, FIN). Input goes on. */
void stream_finish(struct stream *s);

enum stream_close { STREAM_CLOSE, STREAM_ABORT /* the peer sees a reset, not an end */ };
void stream_close(struct stream *s, enum stream_close how);

/* One word for a log: "reset", "timeout", a TLS alert, ... NULL when all is well. */
static inline const char *stream_fault(const struct stream *s)
{
	return s->fault;
}

static inline struct tls_conn *stream_tls(struct stream *s)
{
	return s->tls;
}

/* Ends it from the outside, as if the connection had broken: on_broken follows. */
void stream_fail(struct stream *s, const char *why);
