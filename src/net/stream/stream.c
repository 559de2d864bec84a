/* The way of bytes.
 *
 * Plain input is received straight into the window; ciphertext into the one buffer all of the
 * process's TLS engines share, from where the engine takes it before another socket is looked at.
 * Reading from the socket stays on between requests and while one is under way: turning it off and
 * on costs two system calls, so it is turned off only when the window is full.
 *
 * Output is written at once; what the socket does not take moves to `flying`, which libuv sends
 * when it can, while what comes after waits in `out` (plain) or in the engine (TLS). A libuv
 * read stops at a short read: the socket is empty, and asking again would be a wasted call.
 */
#include "net/stream/stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORDS 16384 /* plaintext joined before it is encrypted: one full record */

static void tell_later(struct stream *s);

static void mark_broken(struct stream *s, const char *why)
{
	if (s->broken)
		return;
	s->broken = true;
	s->fault = why;
	if (s->end == STREAM_OPEN)
		s->end = STREAM_CUT;
	tell_later(s);
}

static const char *fault_name(int code)
{
	switch (code) {
	case UV_ECONNRESET:
	case UV_EPIPE: return "reset";
	case UV_ECONNREFUSED: return "refused";
	case UV_ETIMEDOUT: return "timeout";
	case UV_EHOSTUNREACH:
	case UV_ENETUNREACH: return "unreachable";
	case UV_EMFILE:
	case UV_ENFILE: return "descriptors";
	default: return "error";
	}
}

/* ---- output ---- */

static void on_written(uv_write_t *req, int status);

static void fly(struct stream *s)
{
	uv_buf_t b = uv_buf_init((char *)s->flying.p, (unsigned)s->flying.n);

	s->in_flight = true;
	int r = uv_write(&s->write, (uv_stream_t *)&s->tcp, &b, 1, on_written);
	if (r < 0) {
		s->in_flight = false;
		mark_broken(s, fault_name(r));
	}
}

/* Tries once; returns how many bytes left, 0 also when the stream has just broken. */
static size_t try_write(struct stream *s, uv_buf_t *bufs, unsigned count)
{
	if (s->in_flight || s->broken)
		return 0;
	int r = uv_try_write((uv_stream_t *)&s->tcp, bufs, count);
	if (r >= 0) {
		s->sent += (uint64_t)r;
		return (size_t)r;
	}
	if (r != UV_EAGAIN)
		mark_broken(s, fault_name(r));
	return 0;
}

static void push_plain(struct stream *s)
{
	if (s->in_flight || s->out.n == 0 || s->broken)
		return;
	uv_buf_t b = uv_buf_init((char *)s->out.p, (unsigned)s->out.n);
	size_t n = try_write(s, &b, 1);
	if (n == s->out.n) {
		buf_free(&s->out);
	} else if (!s->broken) {
		buf_drop(&s->out, n);
		struct buf spare = s->flying;
		s->flying = s->out;
		s->out = spare;
		fly(s);
	}
}

static void push_ciphertext(struct stream *s)
{
	struct slice c = tls_conn_out(s->tls);

	if (s->in_flight || c.n == 0 || s->broken)
		return;
	uv_buf_t b = uv_buf_init((char *)(uintptr_t)c.p, (unsigned)c.n);
	size_t n = try_write(s, &b, 1);
	if (n < c.n && !s->broken) {
		buf_add(&s->flying, slice_from(c, n));
		n = c.n;
		fly(s);
	}
	if (!s->broken)
		tls_conn_sent(s->tls, n);
}

/* Plaintext that the engine had no room for. */
static void encrypt_waiting(struct stream *s)
{
	while (s->out.n > 0 && !s->broken) {
		size_t some = s->out.n < RECORDS ? s->out.n : RECORDS;
		ssize_t n = tls_conn_write(s->tls, slice_of(s->out.p, some));
		if (n < 0)
			mark_broken(s, "reset");
		if (n <= 0)
			return;
		buf_drop(&s->out, (size_t)n);
	}
	if (s->out.n == 0)
		buf_free(&s->out);
}

static void on_shut(uv_shutdown_t *req, int status)
{
	(void)req;
	(void)status; /* a peer that is gone already has nothing to be told */
}

static bool is_empty(const struct stream *s)
{
	return !s->in_flight && s->out.n == 0;
}

static void finish_when_empty(struct stream *s)
{
	if (!s->finishing || s->broken || !is_empty(s))
		return;
	s->finishing = false;
	if (uv_shutdown(&s->shutdown, (uv_stream_t *)&s->tcp, on_shut) < 0)
		mark_broken(s, "reset");
}

static void push_secured(struct stream *s)
{
	push_ciphertext(s);
	while (s->secured && s->out.n > 0 && !s->in_flight && !s->broken) {
		encrypt_waiting(s);
		push_ciphertext(s);
	}
	if (s->finishing && s->secured && s->out.n == 0) {
		tls_conn_close(s->tls);
		push_ciphertext(s);
	}
}

static void push(struct stream *s)
{
	if (s->tls == NULL)
		push_plain(s);
	else
		push_secured(s);
	finish_when_empty(s);
}

static void on_written(uv_write_t *req, int status)
{
	struct stream *s = container_of(req, struct stream, write);

	s->in_flight = false;
	if (s->closing)
		return;
	if (status < 0) {
		mark_broken(s, fault_name(status));
		return;
	}
	s->sent += s->flying.n;
	buf_free(&s->flying);
	push(s);
	if (s->wants_room && is_empty(s) && !s->broken) {
		s->wants_room = false;
		s->events->on_room(s);
	}
}

bool stream_is_busy(struct stream *s)
{
	s->wants_room = !is_empty(s);
	return s->wants_room;
}

uint64_t stream_moved(const struct stream *s)
{
	return s->received + s->sent - uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp);
}

static void send_plain(struct stream *s, const struct slice *slices, size_t count)
{
	uv_buf_t bufs[STREAM_SLICES];
	size_t done = 0;

	for (size_t i = 0; i < count; i++)
		bufs[i] = uv_buf_init((char *)(uintptr_t)slices[i].p, (unsigned)slices[i].n);
	if (s->out.n == 0)
		done = try_write(s, bufs, (unsigned)count);
	for (size_t i = 0; i < count; i++) {
		size_t skip = done < slices[i].n ? done : slices[i].n;
		buf_add(&s->out, slice_from(slices[i], skip));
		done -= skip;
	}
}

/* Small pieces are joined, since each call of the engine makes a record of its own. */
static void send_secured(struct stream *s, const struct slice *slices, size_t count)
{
	static uint8_t joined[RECORDS];
	size_t held = 0;

	for (size_t i = 0; i < count; i++) {
		struct slice rest = slices[i];
		while (rest.n > 0) {
			size_t n = rest.n < RECORDS - held ? rest.n : RECORDS - held;
			memcpy(joined + held, rest.p, n);
			held += n;
			rest = slice_from(rest, n);
			bool last = rest.n == 0 && i + 1 == count;
			if (held < RECORDS && !last)
				continue;
			ssize_t taken =
				s->out.n > 0 ? 0 : tls_conn_write(s->tls, slice_of(joined, held));
			if (taken < 0) {
				mark_broken(s, "reset");
				return;
			}
			buf_add(&s->out, slice_of(joined + taken, held - (size_t)taken));
			held = 0;
		}
	}
	/* The last slices may have been empty. */
	if (held > 0)
		buf_add(&s->out, slice_of(joined, held));
}

void stream_send(struct stream *s, const struct slice *slices, size_t count)
{
	must(count <= STREAM_SLICES);
	if (s->broken || s->closing)
		return;
	if (s->tls == NULL)
		send_plain(s, slices, count);
	else
		send_secured(s, slices, count);
	push(s);
}

void stream_finish(struct stream *s)
{
	if (s->broken || s->closing || s->finished)
		return;
	s->finished = true;
	s->finishing = true;
	push(s);
}

/* ---- input ---- */

static void read_stop(struct stream *s)
{
	if (s->reading)
		uv_read_stop((uv_stream_t *)&s->tcp);
	s->reading = false;
}

static bool has_room(struct stream *s)
{
	if (s->tls == NULL)
		return window_left(&s->in) > 0;
	size_t room;
	tls_conn_in(s->tls, &room);
	return room > 0;
}

static void fail_with_alert(struct stream *s)
{
	push(s);
	mark_broken(s, "tls");
}

/* Decrypts into the window what fits. True: the owner has something new to look at. */
static bool decrypt(struct stream *s)
{
	ssize_t n = 1;
	bool news = false;

	while (n > 0 && window_left(&s->in) > 0 && s->end == STREAM_OPEN) {
		size_t room;
		uint8_t *p = window_room(&s->in, &room);
		n = tls_conn_read(s->tls, p, room);
		if (n > 0)
			window_added(&s->in, (size_t)n);
		news = news || n > 0;
	}
	s->held_back = n > 0 && s->end == STREAM_OPEN;
	window_take(&s->in, 0); /* gives an unused block back */
	if (n == TLS_READ_END || n == TLS_READ_CUT)
		s->end = n == TLS_READ_END ? STREAM_ENDED : STREAM_CUT;
	if (n == TLS_READ_FAILED)
		fail_with_alert(s);
	return news || (n < 0 && n != TLS_READ_FAILED);
}

/* The owner looks at the ClientHello; true when it has answered at once. */
static bool greet(struct stream *s)
{
	s->greeted = true;
	s->greeting = true;
	s->events->on_hello(s);
	s->greeting = false;
	return !s->greeted && !s->closing;
}

static void shake_hands(struct stream *s)
{
	if (s->greeted)
		return;
	enum tls_state state = tls_conn_step(s->tls);
	if (state == TLS_HELLO && !greet(s))
		return;
	if (state == TLS_HELLO)
		state = tls_conn_step(s->tls);
	if (state == TLS_FAILED) {
		fail_with_alert(s);
		return;
	}
	s->secured = state == TLS_OPEN;
	push(s);
	if (s->secured && !s->broken)
		s->events->on_open(s);
}

/* What the bytes that have come mean. */
static void advance(struct stream *s)
{
	if (s->tls == NULL) {
		if (window_held(&s->in) > 0 || s->end != STREAM_OPEN)
			s->events->on_input(s);
		return;
	}
	if (!s->secured)
		shake_hands(s);
	if (!s->secured || s->broken || s->closing)
		return;
	bool news = decrypt(s);
	push(s);
	if (news && !s->broken && !s->closing)
		s->events->on_input(s);
}

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *b)
{
	struct stream *s = container_of((uv_tcp_t *)h, struct stream, tcp);

	(void)hint;
	size_t room;
	uint8_t *p = s->tls == NULL ? window_room(&s->in, &room) : tls_conn_in(s->tls, &room);
	*b = uv_buf_init((char *)p, (unsigned)room);
}

static void took_end(struct stream *s)
{
	read_stop(s);
	if (s->tls == NULL)
		s->end = STREAM_ENDED;
	else
		tls_conn_eof(s->tls);
	if (s->tls != NULL && !s->secured)
		mark_broken(s, "ended");
	else
		advance(s);
}

static void took(struct stream *s, size_t n)
{
	s->received += n;
	if (s->tls == NULL)
		window_added(&s->in, n);
	else
		tls_conn_fed(s->tls, n);
	advance(s);
	if (!s->closing && !has_room(s))
		read_stop(s);
}

static void on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
	struct stream *s = container_of((uv_tcp_t *)h, struct stream, tcp);

	(void)b;
	if (n > 0)
		took(s, (size_t)n);
	else if (n == UV_EOF)
		took_end(s);
	else if (n == UV_ENOBUFS)
		read_stop(s);
	else if (n < 0)
		mark_broken(s, fault_name((int)n));
	if (s->tls == NULL && !s->closing)
		window_take(&s->in, 0);
}

static void read_start(struct stream *s)
{
	if (s->reading || s->broken || s->closing || !s->started || s->end != STREAM_OPEN)
		return;
	int r = uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
	s->reading = r == 0;
	if (r < 0)
		mark_broken(s, fault_name(r));
}

void stream_take(struct stream *s, size_t n)
{
	window_take(&s->in, n);
	if (s->held_back)
		tell_later(s);
	if (!s->reading && s->end == STREAM_OPEN && has_room(s))
		read_start(s);
}

/* ---- from the loop ---- */

static void on_later(struct deferred *d)
{
	struct stream *s = container_of(d, struct stream, later);

	if (s->closing)
		return;
	if (s->broken && !s->told) {
		s->told = true;
		read_stop(s);
		s->events->on_broken(s);
		return;
	}
	if (s->broken)
		return;
	advance(s);
	if (!s->closing && has_room(s))
		read_start(s);
}

static void tell_later(struct stream *s)
{
	loop_defer(s->loop, &s->later);
}

void stream_fail(struct stream *s, const char *why)
{
	mark_broken(s, why);
}

void stream_answered(struct stream *s)
{
	s->greeted = false;
	if (!s->greeting)
		tell_later(s);
}

/* ---- beginning and end ---- */

void stream_init(struct stream *s, struct loop *loop, const struct stream_events *events,
		 struct tls_conn *tls)
{
	*s = (struct stream){ .loop = loop, .events = events, .tls = tls, .secured = tls == NULL };
	deferred_init(&s->later, on_later);
	must(uv_tcp_init(&loop->uv, &s->tcp) == 0);
}

int stream_adopt(struct stream *s, int fd)
{
	int r = uv_tcp_open(&s->tcp, fd);

	if (r < 0)
		close(fd);
	return r;
}

void stream_begin(struct stream *s)
{
	int fd;
	uv_buf_t b;

	must(uv_fileno((const uv_handle_t *)&s->tcp, &fd) == 0);
	s->started = true;
	on_alloc((uv_handle_t *)&s->tcp, 0, &b);
	ssize_t n = recv(fd, b.base, b.len, MSG_DONTWAIT);
	if (n > 0)
		took(s, (size_t)n);
	else if (n == 0)
		took_end(s);
	else if (errno != EAGAIN && errno != EINTR)
		mark_broken(s, "reset");
	if (s->closing)
		return;
	window_take(&s->in, 0);
	if (has_room(s))
		read_start(s);
}

static void on_connect(uv_connect_t *req, int status)
{
	struct stream *s = container_of(req, struct stream, connect);

	if (s->closing)
		return;
	if (status < 0) {
		mark_broken(s, fault_name(status));
		return;
	}
	s->started = true;
	if (s->tls == NULL)
		s->events->on_open(s);
	else
		shake_hands(s);
	if (!s->closing)
		read_start(s);
}

int stream_connect(struct stream *s, const struct sockaddr *to)
{
	int r = uv_tcp_connect(&s->connect, &s->tcp, to, on_connect);

	if (r == 0)
		uv_tcp_nodelay(&s->tcp, 1);
	return r;
}

static void on_close(uv_handle_t *h)
{
	struct stream *s = container_of((uv_tcp_t *)h, struct stream, tcp);

	window_free(&s->in);
	buf_free(&s->out);
	buf_free(&s->flying);
	tls_conn_free(s->tls);
	s->tls = NULL;
	s->events->on_closed(s);
}

void stream_close(struct stream *s, enum stream_close how)
{
	if (s->closing)
		return;
	s->closing = true;
	deferred_cancel(&s->later);
	if (how == STREAM_ABORT && uv_tcp_close_reset(&s->tcp, on_close) == 0)
		return;
	uv_close((uv_handle_t *)&s->tcp, on_close);
}
