#include "role/edge/conn.h"

#include "role/edge/exchange.h"
#include "run/clock/clock.h"
#include "run/log/log.h"

#include <stdlib.h>

static void look(struct conn *c);

/* ---- the end ---- */

static void conn_close(struct conn *c, enum stream_close how)
{
	if (c->phase == CONN_CLOSED)
		return;
	c->phase = CONN_CLOSED;
	timer_stop(&c->timer);
	deferred_cancel(&c->next);
	stream_close(&c->stream, how);
}

static void on_closed(struct stream *s)
{
	struct conn *c = container_of(s, struct conn, stream);
	struct edge *e = c->edge;

	metrics_add(METRIC_bytes_in, s->received);
	metrics_add(METRIC_bytes_out, s->sent);
	list_remove(&c->link);
	crowd_leave(&e->crowd, c->seat);
	e->conn_count--;
	free(c);
	edge_conn_gone(e);
}

void conn_watch(struct conn *c, int64_t ms)
{
	c->due = loop_now(c->edge->loop) + ms;
	if (timer_armed(&c->timer) && c->armed <= c->due)
		return; /* on_due() sees that it came too early */
	c->armed = c->due;
	timer_arm(c->edge->loop, &c->timer, ms);
}

/* What the client still sends is dropped, up to a limit. */
static void linger_on(struct conn *c)
{
	size_t n = stream_input(&c->stream).n;

	c->lingered += n;
	stream_take(&c->stream, n);
	bool over = c->lingered > (uint64_t)c->edge->settings->edge_drain ||
		    stream_input_end(&c->stream) != STREAM_OPEN;
	if (over && !stream_is_busy(&c->stream))
		conn_close(c, STREAM_CLOSE);
}

static void linger(struct conn *c)
{
	const struct settings *s = c->edge->settings;

	c->phase = CONN_LINGERING;
	stream_finish(&c->stream);
	conn_watch(c, stream_is_busy(&c->stream) ? s->edge_send_timeout : s->edge_drain_timeout);
	linger_on(c);
}

/* ---- requests ---- */

/* The next request is looked at when the answer before it has left: a client that asks on and on
 * without reading makes us hold one answer, not all of them. */
static void wait_for_request(struct conn *c, int64_t ms)
{
	bool busy = stream_is_busy(&c->stream);

	c->phase = CONN_IDLE;
	c->seen = 0;
	conn_watch(c, busy ? c->edge->settings->edge_send_timeout : ms);
	if (!busy &&
	    (stream_input(&c->stream).n > 0 || stream_input_end(&c->stream) != STREAM_OPEN))
		loop_defer(c->edge->loop, &c->next);
}

void conn_exchange_over(struct conn *c, bool keep)
{
	c->exchange = NULL;
	if (keep && !c->edge->draining)
		wait_for_request(c, c->edge->settings->edge_idle_timeout);
	else
		linger(c);
}

void conn_exchange_broke(struct conn *c)
{
	c->exchange = NULL;
	conn_close(c, STREAM_ABORT);
}

static void look(struct conn *c)
{
	static struct http_request r; /* large, and done with before this returns */
	struct edge *e = c->edge;
	struct http_refusal why;
	struct slice input = stream_input(&c->stream);

	if (stream_is_busy(&c->stream))
		return; /* on_room() comes back */
	if (c->phase == CONN_IDLE && input.n > 0) {
		c->phase = CONN_HEAD;
		c->began = clock_micros();
		conn_watch(c, e->settings->edge_head_timeout);
	}
	switch (http_request_parse(input, &c->seen, &e->request_limits, &r, &why)) {
	case HTTP_MORE:
		if (stream_input_end(&c->stream) != STREAM_OPEN)
			conn_close(c, STREAM_CLOSE);
		return;
	case HTTP_REFUSED:
		c->phase = CONN_BUSY;
		exchange_begin_refused(c, &why);
		return;
	case HTTP_DONE:
		c->phase = CONN_BUSY;
		c->requests++;
		exchange_begin(c, &r);
		return;
	}
	must_not_reach();
}

static void on_next(struct deferred *d)
{
	struct conn *c = container_of(d, struct conn, next);

	if (c->phase == CONN_IDLE || c->phase == CONN_HEAD)
		look(c);
}

static void on_input(struct stream *s)
{
	struct conn *c = container_of(s, struct conn, stream);

	switch (c->phase) {
	case CONN_SHAKING:
	case CONN_CLOSED: return;
	case CONN_IDLE:
	case CONN_HEAD: look(c); return;
	case CONN_BUSY: exchange_on_input(c->exchange); return;
	case CONN_LINGERING: linger_on(c); return;
	}
	must_not_reach();
}

static void on_room(struct stream *s)
{
	struct conn *c = container_of(s, struct conn, stream);

	switch (c->phase) {
	case CONN_SHAKING:
	case CONN_HEAD:
	case CONN_CLOSED: return;
	case CONN_IDLE: wait_for_request(c, c->edge->settings->edge_idle_timeout); return;
	case CONN_BUSY: exchange_on_room(c->exchange); return;
	case CONN_LINGERING:
		conn_watch(c, c->edge->settings->edge_drain_timeout);
		linger_on(c);
		return;
	}
	must_not_reach();
}

/* ---- handshakes ---- */

static void count_failed(struct conn *c, enum metric reason)
{
	if (!c->counted)
		metrics_add(reason, 1);
	c->counted = true;
}

static void refuse(struct conn *c, enum tls_alert alert, const char *why, enum metric reason)
{
	tls_conn_refuse(stream_tls(&c->stream), alert, why);
	count_failed(c, reason);
}

static void serve(struct conn *c, struct tls_identity *identity)
{
	struct tls_serve what = { .identity = identity };

	memcpy(what.group, c->group, TLS_GROUP);
	c->certificate = *tls_identity_id(identity);
	c->has_certificate = true;
	tls_conn_serve(stream_tls(&c->stream), &what);
	tls_identity_unref(identity);
}

static void on_hello(struct stream *s)
{
	struct conn *c = container_of(s, struct conn, stream);
	const struct tls_hello *hello = tls_conn_hello(stream_tls(s));
	struct tls_identity *identity;

	memcpy(c->sni, hello->sni, sizeof(c->sni));
	switch (identity_find(&c->edge->identities, hello, clock_now(), &identity, c->group)) {
	case IDENTITY_FOUND: serve(c, identity); break;
	case IDENTITY_UNKNOWN:
		refuse(c, TLS_ALERT_UNRECOGNIZED_NAME, "unrecognized_name",
		       METRIC_handshake_failed_name);
		break;
	case IDENTITY_NONE:
		refuse(c, TLS_ALERT_HANDSHAKE_FAILURE, "no_certificate",
		       METRIC_handshake_failed_certificate);
		break;
	}
	stream_answered(s);
}

static void on_open(struct stream *s)
{
	struct conn *c = container_of(s, struct conn, stream);

	tls_conn_facts(stream_tls(s), &c->tls);
	metrics_add(c->tls.resumed ? METRIC_handshakes_resumed : METRIC_handshakes_full, 1);
	metrics_observe(HISTOGRAM_handshake_seconds, clock_micros() - c->began);
	wait_for_request(c, c->edge->settings->edge_head_timeout);
}

static void handshake_failed(struct conn *c)
{
	struct tls_facts facts;
	bool gone = c->stream.received == 0 || strcmp(stream_fault(&c->stream), "tls") != 0;

	count_failed(c, gone ? METRIC_handshake_failed_gone : METRIC_handshake_failed_alert);
	if (log_least() > LOG_DEBUG)
		return;
	tls_conn_facts(stream_tls(&c->stream), &facts);
	log_line(LOG_DEBUG, "handshake.failed", "a TLS handshake was not completed",
		 LOG_S("sni", c->sni), LOG_S("reason", facts.error),
		 LOG_S("fault", stream_fault(&c->stream)));
}

static void on_broken(struct stream *s)
{
	struct conn *c = container_of(s, struct conn, stream);

	if (c->phase == CONN_SHAKING)
		handshake_failed(c);
	if (c->exchange != NULL)
		exchange_on_gone(c->exchange);
	c->exchange = NULL;
	conn_close(c, STREAM_CLOSE);
}

static const struct stream_events stream_events = {
	.on_hello = on_hello,
	.on_open = on_open,
	.on_input = on_input,
	.on_room = on_room,
	.on_broken = on_broken,
	.on_closed = on_closed,
};

/* ---- time ---- */

static void head_too_slow(struct conn *c)
{
	static const struct http_refusal slow = { 408, "the request did not come in time" };

	c->phase = CONN_BUSY;
	exchange_begin_refused(c, &slow);
}

/* A client that reads slowly is waited for as long as it reads. */
static bool still_reads(struct conn *c)
{
	uint64_t moved = stream_moved(&c->stream);
	bool progress = moved != c->moved;

	c->moved = moved;
	if (!progress || !stream_is_busy(&c->stream))
		return false;
	conn_watch(c, c->edge->settings->edge_send_timeout);
	return true;
}

static void on_due(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, timer);
	int64_t left = c->due - loop_now(c->edge->loop);

	if (left > 0) {
		c->armed = c->due;
		timer_arm(c->edge->loop, &c->timer, left);
		return;
	}
	switch (c->phase) {
	case CONN_SHAKING:
		count_failed(c, METRIC_handshake_failed_timeout);
		conn_close(c, STREAM_CLOSE);
		return;
	case CONN_IDLE:
	case CONN_LINGERING:
		if (still_reads(c))
			return;
		stream_finish(&c->stream);
		conn_close(c, STREAM_CLOSE);
		return;
	case CONN_HEAD: head_too_slow(c); return;
	case CONN_BUSY: exchange_on_timer(c->exchange); return;
	case CONN_CLOSED: return;
	}
	must_not_reach();
}

void conn_drain(struct conn *c)
{
	if (c->phase == CONN_IDLE && stream_input(&c->stream).n == 0)
		linger(c);
}

/* ---- the beginning ---- */

void conn_new(struct edge *e, int fd, const struct dns_address *peer, struct crowd_seat *seat,
	      bool secure)
{
	struct conn *c = calloc(1, sizeof(*c));

	must(c != NULL);
	c->edge = e;
	c->seat = seat;
	c->peer = *peer;
	c->secure = secure;
	c->trusted = dns_nets_have(&e->trusted, peer);
	c->began = clock_micros();
	c->phase = secure ? CONN_SHAKING : CONN_IDLE;
	timer_init(&c->timer, on_due);
	deferred_init(&c->next, on_next);
	list_append(&e->conns, &c->link);
	e->conn_count++;
	stream_init(&c->stream, e->loop, &stream_events, secure ? tls_server_conn(e->tls) : NULL);
	conn_watch(c,
		   secure ? e->settings->edge_handshake_timeout : e->settings->edge_head_timeout);
	if (stream_adopt(&c->stream, fd) < 0)
		conn_close(c, STREAM_CLOSE);
	else
		stream_begin(&c->stream);
}
