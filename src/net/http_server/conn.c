/* One connection: HEAD → BODY → OWNER → WRITE → HEAD again or LINGER → CLOSING.
 *
 * All that is written comes after all that was read for it, so one struct of each kind is enough.
 * After the last reply the sending side is shut and what still comes is read and dropped for a
 * while: a close with unread bytes would reset the connection, and the peer could lose the reply
 * (RFC 9112, 9.6).
 *
 * Reading stops while the owner works. That is the back pressure for pipelined requests, and it
 * keeps the slices of the request where they are.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "net/http_server/http_server_priv.h"
#include "proto/http/write.h"
#include "run/clock/clock.h"

#define READ_SIZE 16384
#define LINGER_MS 2000

static void conn_advance(struct conn *c);

static struct http_limits head_limits(const struct conn *c)
{
	const struct http_server_limits *l = &c->server->limits;

	return (struct http_limits){ l->max_line, l->max_head, HTTP_FIELDS_MAX };
}

static void buf_wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p + b->n, b->cap - b->n);
}

static void bufs_free(struct conn *c)
{
	struct buf *const bufs[] = { &c->in, &c->head, &c->body, &c->out };

	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++) {
		if (c->wipe)
			buf_free_wiped(bufs[i]);
		else
			buf_free(bufs[i]);
	}
}

static void on_closed(uv_handle_t *h)
{
	struct conn *c = container_of(h, struct conn, socket);
	struct http_server *s = c->server;

	list_remove(&c->link);
	s->count--;
	bufs_free(c);
	arena_free(&c->exchange.arena);
	free(c);
	http_server_settle(s);
}

void http_conn_close(struct conn *c)
{
	if (c->state == CONN_CLOSING)
		return;
	c->state = CONN_CLOSING;
	timer_stop(&c->timer);
	uv_close(&c->socket.handle, on_closed);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
	(void)req;
	(void)status; /* a peer that is gone already is seen by the read */
}

static void alloc_in(uv_handle_t *h, size_t suggested, uv_buf_t *out);
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void conn_linger(struct conn *c)
{
	c->state = CONN_LINGER;
	timer_arm(c->server->loop, &c->timer, LINGER_MS);
	if (uv_shutdown(&c->shutdown, &c->socket.stream, on_shutdown) != 0 ||
	    uv_read_start(&c->socket.stream, alloc_in, on_read) != 0)
		http_conn_close(c);
}

/* The exchange is over: nothing of it is kept but what the peer sent behind it. */
static void exchange_end(struct conn *c)
{
	arena_free(&c->exchange.arena);
	if (c->wipe) {
		buf_free_wiped(&c->head);
		buf_free_wiped(&c->body);
		buf_free_wiped(&c->out);
		buf_wipe(&c->in);
		c->wipe = false;
	}
	buf_clear(&c->head);
	buf_free(&c->body);
	buf_free(&c->out);
}

/* Zero bytes behind an HTTP/1.0 request are what some clients pad with: they are no request. */
static bool is_padding(const struct conn *c)
{
	return c->request.head.minor == 0 && c->in.n > 0 && c->in.p[0] == '\0';
}

static void conn_next(struct conn *c)
{
	bool padding = is_padding(c);

	exchange_end(c);
	if (c->close || padding || c->server->draining) {
		conn_linger(c);
		return;
	}
	c->state = CONN_HEAD;
	c->seen = 0;
	timer_arm(c->server->loop, &c->timer, c->server->limits.idle_ms);
	if (uv_read_start(&c->socket.stream, alloc_in, on_read) != 0)
		http_conn_close(c);
	else
		conn_advance(c);
}

static void on_written(uv_write_t *req, int status)
{
	struct conn *c = container_of(req, struct conn, write);

	if (c->state == CONN_CLOSING)
		return;
	if (status < 0)
		http_conn_close(c);
	else
		conn_next(c);
}

static void conn_write(struct conn *c)
{
	uv_buf_t out = uv_buf_init((char *)c->out.p, (unsigned)c->out.n);

	(void)uv_read_stop(&c->socket.stream);
	c->state = CONN_WRITE;
	timer_arm(c->server->loop, &c->timer, c->server->limits.write_ms);
	if (uv_write(&c->write, &c->socket.stream, &out, 1, on_written) != 0)
		http_conn_close(c);
}

static bool has_body(int status)
{
	return status != 204 && status != 304;
}

static void reply_head(struct conn *c, int status, const struct http_header *headers, size_t count,
		       size_t length)
{
	struct buf *out = &c->out;

	http_write_status(out, status);
	http_write_date(out, clock_now());
	for (size_t i = 0; i < count; i++)
		http_write_field(out, headers[i].name, headers[i].value);
	if (has_body(status))
		http_write_length(out, length);
	if (c->close)
		http_write_field(out, "Connection", slice_lit("close"));
	else if (c->request.head.minor == 0)
		http_write_field(out, "Connection", slice_lit("keep-alive"));
	http_write_end(out);
}

static void conn_refuse(struct conn *c, int status, const char *why)
{
	struct http_refusal refusal = { status, why };
	struct buf body = BUF_INIT;
	const char *type = "text/plain; charset=utf-8";

	if (c->server->events.on_refused != NULL)
		c->server->events.on_refused(c->server->owner, &refusal, &body, &type);
	else
		buf_addf(&body, "%s\n", why);
	struct http_header header = { "Content-Type", slice_str(type) };

	c->close = true;
	reply_head(c, status, &header, 1, body.n);
	buf_add(&c->out, buf_slice(&body));
	buf_free(&body);
	conn_write(c);
}

static void hand_over(struct conn *c)
{
	(void)uv_read_stop(&c->socket.stream);
	timer_stop(&c->timer);
	c->state = CONN_OWNER;
	c->replying = true;
	c->close = !c->request.head.keep_alive || c->server->draining;
	c->exchange = (struct http_exchange){ .request = &c->request,
					      .body = buf_slice(&c->body),
					      .peer = &c->peer };
	c->server->events.on_request(c->server->owner, &c->exchange);
}

void http_exchange_wipe(struct http_exchange *x)
{
	container_of(x, struct conn, exchange)->wipe = true;
}

void http_exchange_reply(struct http_exchange *x, int status, const struct http_header *headers,
			 size_t count, struct slice body)
{
	struct conn *c = container_of(x, struct conn, exchange);

	must(c->state == CONN_OWNER && c->replying);
	c->replying = false;
	c->close = c->close || c->server->draining;
	/* room for all at once: growing would leave copies behind */
	(void)buf_reserve(&c->out, body.n + 4096);
	reply_head(c, status, headers, count, body.n);
	if (has_body(status) && c->request.method != HTTP_HEAD)
		buf_add(&c->out, body);
	conn_write(c);
}

static void on_interim(uv_write_t *req, int status)
{
	(void)req;
	(void)status; /* a broken connection is seen by the read */
}

/* RFC 9110, 10.1.1: a server that has the body already need not send 100. */
static void send_continue(struct conn *c)
{
	static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	uv_buf_t out = uv_buf_init(text, sizeof(text) - 1);

	if (c->in.n == 0 && uv_write(&c->interim, &c->socket.stream, &out, 1, on_interim) != 0)
		http_conn_close(c);
}

/* Whether the body is secret is known only when it is there: it leaves no copy behind by growing. */
static void body_add(struct conn *c, struct slice data)
{
	struct buf bigger = BUF_INIT;

	if (c->body.cap - c->body.n < data.n) {
		(void)buf_reserve(&bigger, 2 * (c->body.n + data.n));
		buf_add(&bigger, buf_slice(&c->body));
		buf_free_wiped(&c->body);
		c->body = bigger;
	}
	buf_add(&c->body, data);
}

static void take_length_body(struct conn *c)
{
	size_t want = (size_t)c->request.head.length - c->body.n;
	struct slice got = slice_sub(buf_slice(&c->in), 0, want);

	buf_add(&c->body, got);
	buf_drop(&c->in, got.n);
	if (got.n == want)
		hand_over(c);
}

static void take_chunked_body(struct conn *c)
{
	struct slice rest = buf_slice(&c->in);
	struct slice data;
	struct http_refusal refusal;
	enum http_chunked_answer answer;

	while ((answer = http_chunked_next(&c->chunked, &rest, &data, &refusal)) ==
	       HTTP_CHUNKED_DATA) {
		if (data.n > c->server->limits.max_body - c->body.n) {
			conn_refuse(c, 413, "the body is longer than allowed");
			return;
		}
		body_add(c, data);
	}
	buf_drop(&c->in, c->in.n - rest.n);
	if (answer == HTTP_CHUNKED_REFUSED)
		conn_refuse(c, refusal.status, refusal.why);
	if (answer == HTTP_CHUNKED_DONE)
		hand_over(c);
}

static void take_body(struct conn *c)
{
	if (c->request.head.body == HTTP_BODY_CHUNKED)
		take_chunked_body(c);
	else
		take_length_body(c);
}

static void start_body(struct conn *c)
{
	static const struct http_chunked_limits chunked = { 1024, 8192 };
	const struct http_head *head = &c->request.head;

	if (head->body == HTTP_BODY_NONE) {
		hand_over(c);
		return;
	}
	if (head->length > c->server->limits.max_body) {
		conn_refuse(c, 413, "the body is longer than allowed");
		return;
	}
	c->state = CONN_BODY;
	timer_arm(c->server->loop, &c->timer, c->server->limits.body_ms);
	http_chunked_init(&c->chunked, &chunked);
	(void)buf_reserve(&c->body, (size_t)head->length);
	if (c->request.expect_continue)
		send_continue(c);
	if (c->state == CONN_BODY)
		take_body(c);
}

/* The head moves to a buffer of its own, where its slices stay while the body comes in. */
static void keep_head(struct conn *c)
{
	struct http_limits limits = head_limits(c);
	struct http_refusal refusal;
	size_t n = c->request.head.len;
	size_t seen = 0;

	buf_clear(&c->head);
	buf_add(&c->head, slice_sub(buf_slice(&c->in), 0, n));
	buf_drop(&c->in, n);
	must(http_request_parse(buf_slice(&c->head), &seen, &limits, &c->request, &refusal) ==
	     HTTP_DONE);
}

static void take_head(struct conn *c)
{
	struct http_limits limits = head_limits(c);
	struct http_refusal refusal;

	if (c->in.n == 0)
		return;
	if (c->seen == 0)
		timer_arm(c->server->loop, &c->timer, c->server->limits.head_ms);
	switch (http_request_parse(buf_slice(&c->in), &c->seen, &limits, &c->request, &refusal)) {
	case HTTP_MORE: return;
	case HTTP_REFUSED: conn_refuse(c, refusal.status, refusal.why); return;
	case HTTP_DONE: break;
	}
	keep_head(c);
	start_body(c);
}

static void conn_advance(struct conn *c)
{
	if (c->state == CONN_HEAD)
		take_head(c);
	else if (c->state == CONN_BODY)
		take_body(c);
	else
		buf_clear(&c->in);
}

/* The buffer is made as large as it may become: it never grows, so it leaves no copies behind. */
static void alloc_in(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
	struct conn *c = container_of(h, struct conn, socket);

	(void)suggested;
	if (c->in.cap == 0)
		(void)buf_reserve(&c->in, c->server->limits.max_head + READ_SIZE);
	*out = uv_buf_init((char *)c->in.p + c->in.n, (unsigned)(c->in.cap - c->in.n));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = container_of(stream, struct conn, socket);

	(void)buf;
	if (c->state == CONN_CLOSING)
		return;
	if (n < 0) {
		http_conn_close(c);
		return;
	}
	c->in.n += (size_t)n;
	conn_advance(c);
}

static void on_due(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, timer);

	if (c->state == CONN_HEAD && c->in.n > 0)
		conn_refuse(c, 408, "the head of the request did not come in time");
	else if (c->state == CONN_BODY)
		conn_refuse(c, 408, "the body of the request did not come in time");
	else
		http_conn_close(c);
}

static void peer_local(struct conn *c, int fd)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	c->peer.local = true;
	c->peer.uid = (uid_t)-1;
	c->peer.gid = (gid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0)
		return;
	c->peer.uid = cred.uid;
	c->peer.gid = cred.gid;
	c->peer.pid = cred.pid;
}

static bool peer_of(struct conn *c)
{
	struct sockaddr_storage sa = { 0 };
	int n = sizeof(sa);
	uv_os_fd_t fd;

	if (uv_fileno(&c->socket.handle, &fd) != 0)
		return false;
	if (c->socket.handle.type == UV_NAMED_PIPE) {
		peer_local(c, fd);
		return true;
	}
	(void)uv_tcp_nodelay(&c->socket.tcp, 1);
	return uv_tcp_getpeername(&c->socket.tcp, (struct sockaddr *)&sa, &n) == 0 &&
	       dns_address_from_socket((struct sockaddr *)&sa, &c->peer.address, &c->peer.port);
}

void http_conn_start(struct http_server *s, struct conn *c)
{
	c->server = s;
	c->state = CONN_HEAD;
	timer_init(&c->timer, on_due);
	list_append(&s->conns, &c->link);
	s->count++;
	if (!peer_of(c) || s->draining || s->count > 2 * s->limits.max_connections) {
		http_conn_close(c);
		return;
	}
	if (s->count > s->limits.max_connections) {
		conn_refuse(c, 503, "too many connections are open: try again later");
		return;
	}
	timer_arm(s->loop, &c->timer, s->limits.idle_ms);
	if (uv_read_start(&c->socket.stream, alloc_in, on_read) != 0)
		http_conn_close(c);
}

void http_conn_drain(struct conn *c)
{
	if (c->state == CONN_HEAD && c->in.n == 0)
		http_conn_close(c);
}
