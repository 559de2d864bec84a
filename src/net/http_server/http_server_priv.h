/* net/http_server/http_server_priv.h: the server and its connections (siblings only). */
#pragma once

#include "net/http_server/http_server.h"
#include "proto/http/chunked.h"
#include "run/loop/loop.h"

struct http_server {
	struct loop *loop;
	struct http_server_limits limits;
	struct http_server_events events;
	void *owner;
	struct list listeners;
	struct list conns;
	size_t count; /* of conns */
	bool draining;
	bool freed; /* waits for the close callbacks */
	void (*on_drained)(void *owner);
	struct deferred drained;
};

union stream {
	uv_handle_t handle;
	uv_stream_t stream;
	uv_tcp_t tcp;
	uv_pipe_t pipe;
};

/* What a connection waits for. */
enum conn_state {
	CONN_HEAD,   /* the end of a head; idle when nothing of it has come */
	CONN_BODY,   /* the end of a body */
	CONN_OWNER,  /* a reply; nothing is read */
	CONN_WRITE,  /* the reply to be written */
	CONN_LINGER, /* the peer's end, having said all: what it still sends is dropped */
	CONN_CLOSING,
};

struct conn {
	struct list link;
	struct http_server *server;
	union stream socket;
	struct http_peer peer;
	enum conn_state state;
	struct timer timer;
	struct buf in; /* bytes that no one has taken yet */
	size_t seen;
	struct buf head; /* of the request under way; request borrows from it */
	struct http_request request;
	struct http_chunked chunked;
	struct buf body;
	struct http_exchange exchange;
	bool replying; /* a reply to this request may be given */
	bool close;    /* after the reply */
	bool wipe;
	struct buf out;
	uv_write_t write;
	uv_write_t interim;
	uv_shutdown_t shutdown;
};

/* Opens an inherited or accepted descriptor on the loop, as TCP or Unix socket. */
int http_stream_open(struct http_server *s, union stream *stream, int fd, struct fail *f);

/* Serves an opened stream; c is allocated by the caller and then belongs to itself. */
void http_conn_start(struct http_server *s, struct conn *c);

/* Closes an idle connection, lets a busy one finish its request. */
void http_conn_drain(struct conn *c);

void http_conn_close(struct conn *c);

/* Called by a connection that is gone from the server's list and whose memory was freed. */
void http_server_settle(struct http_server *s);
