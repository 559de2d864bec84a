/* Listeners, the list of connections, and the end of both. A server that was freed stays until the
 * last close callback has run: whichever handle is last frees it. */
#include "net/http_server/http_server.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_server/http_server_priv.h"

#define BACKLOG 511

struct listener {
	struct list link;
	struct http_server *server;
	union stream socket;
};

static void on_drained(struct deferred *d)
{
	struct http_server *s = container_of(d, struct http_server, drained);

	s->on_drained(s->owner);
}

struct http_server *http_server_new(struct loop *loop, const struct http_server_limits *limits,
				    const struct http_server_events *events, void *owner)
{
	struct http_server *s = calloc(1, sizeof(*s));

	must(s != NULL && events->on_request != NULL);
	s->loop = loop;
	s->limits = *limits;
	s->events = *events;
	s->owner = owner;
	list_init(&s->listeners);
	list_init(&s->conns);
	deferred_init(&s->drained, on_drained);
	return s;
}

size_t http_server_connections(const struct http_server *s)
{
	return s->count;
}

void http_server_settle(struct http_server *s)
{
	if (!list_empty(&s->conns) || !list_empty(&s->listeners))
		return;
	if (s->freed)
		free(s);
	else if (s->draining)
		loop_defer(s->loop, &s->drained);
}

static int stream_init(struct http_server *s, union stream *stream, bool local)
{
	return local ? uv_pipe_init(&s->loop->uv, &stream->pipe, 0)
		     : uv_tcp_init(&s->loop->uv, &stream->tcp);
}

int http_stream_open(struct http_server *s, union stream *stream, int fd, struct fail *f)
{
	int domain;
	socklen_t n = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) != 0)
		return fail(f, FAIL_SYSTEM, "descriptor %d is not a socket", fd);
	must(stream_init(s, stream, domain == AF_UNIX) == 0);
	int r = domain == AF_UNIX ? uv_pipe_open(&stream->pipe, fd) : uv_tcp_open(&stream->tcp, fd);

	return r == 0 ? 0 : fail(f, FAIL_SYSTEM, "socket %d: %s", fd, uv_strerror(r));
}

static struct conn *conn_new(void)
{
	struct conn *c = calloc(1, sizeof(*c));

	must(c != NULL);
	return c;
}

static void on_conn_unopened(uv_handle_t *h)
{
	free(container_of(h, struct conn, socket));
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct listener *l = container_of(stream, struct listener, socket);
	struct conn *c;

	if (status < 0)
		return; /* out of descriptors, or the peer left the queue: the next one comes */
	c = conn_new();
	must(stream_init(l->server, &c->socket, stream->type == UV_NAMED_PIPE) == 0);
	if (uv_accept(stream, &c->socket.stream) == 0)
		http_conn_start(l->server, c);
	else
		uv_close(&c->socket.handle, on_conn_unopened);
}

static void on_listener_closed(uv_handle_t *h)
{
	struct listener *l = container_of(h, struct listener, socket);
	struct http_server *s = l->server;

	list_remove(&l->link);
	free(l);
	http_server_settle(s);
}

static void listener_drop(struct listener *l)
{
	if (l->socket.handle.type != UV_UNKNOWN_HANDLE) {
		uv_close(&l->socket.handle, on_listener_closed);
		return;
	}
	list_remove(&l->link);
	free(l);
}

int http_server_listen(struct http_server *s, int fd, struct fail *f)
{
	struct listener *l = calloc(1, sizeof(*l));
	int r;

	must(l != NULL && !s->draining);
	l->server = s;
	list_append(&s->listeners, &l->link);
	if (http_stream_open(s, &l->socket, fd, f) < 0) {
		listener_drop(l);
		return -1;
	}
	r = uv_listen(&l->socket.stream, BACKLOG, on_connection);
	if (r == 0)
		return 0;
	listener_drop(l);
	return fail(f, FAIL_SYSTEM, "socket %d cannot listen: %s", fd, uv_strerror(r));
}

int http_server_adopt(struct http_server *s, int fd, struct fail *f)
{
	struct conn *c = conn_new();

	if (http_stream_open(s, &c->socket, fd, f) == 0) {
		http_conn_start(s, c);
		return 0;
	}
	if (c->socket.handle.type != UV_UNKNOWN_HANDLE)
		uv_close(&c->socket.handle, on_conn_unopened);
	else
		free(c);
	return -1;
}

static void close_listeners(struct http_server *s)
{
	list_for_each (link, &s->listeners) {
		struct listener *l = container_of(link, struct listener, link);

		if (!uv_is_closing(&l->socket.handle))
			uv_close(&l->socket.handle, on_listener_closed);
	}
}

void http_server_drain(struct http_server *s, void (*on_done)(void *owner))
{
	must(!s->draining && !s->freed);
	s->draining = true;
	s->on_drained = on_done;
	close_listeners(s);
	list_for_each (link, &s->conns)
		http_conn_drain(container_of(link, struct conn, link));
	http_server_settle(s);
}

void http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	s->freed = true;
	deferred_cancel(&s->drained);
	close_listeners(s);
	list_for_each (link, &s->conns) {
		struct conn *c = container_of(link, struct conn, link);

		must(c->state != CONN_OWNER);
		http_conn_close(c);
	}
	http_server_settle(s);
}
