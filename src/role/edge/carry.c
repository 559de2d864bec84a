/* Bodies are moved by carry_more() and carry_back(), which are called whenever one of the four things
 * happens that can let bytes move: input or room, at the client or at the origin. Each ends the
 * exchange at most once, as the last thing it does: nothing may touch it afterwards.
 */
#include "role/edge/carry.h"

#include "role/edge/forward.h"
#include "run/clock/clock.h"

#define INTERIMS_MOST 16

static void connect_origin(struct exchange *x, int64_t fresh_ms);

/* ---- the origin's answer ---- */

static void origin_died(struct exchange *x)
{
	bool again = x->retryable && !x->retried && !x->heard && x->origin_reused;

	if (!again) {
		exchange_refuse(x, 502, SIDE_ORIGIN,
				"the origin closed the connection before its answer was complete");
		return;
	}
	metrics_add(METRIC_origin_retries, 1);
	exchange_leave_origin(x, false);
	x->retried = true;
	connect_origin(x, 0);
}

static enum http_body body_for(const struct exchange *x, const struct http_response *r)
{
	if (r->head.body == HTTP_BODY_NONE || r->head.body == HTTP_BODY_LENGTH)
		return r->head.body;
	return x->minor == 0 ? HTTP_BODY_UNTIL_CLOSE : HTTP_BODY_CHUNKED;
}

static struct forward forward_of(const struct exchange *x)
{
	return (struct forward){ .client = x->conn->peer,
				 .secure = x->conn->secure,
				 .trusted = x->conn->trusted,
				 .id = x->id,
				 .cdn = slice_str(x->edge->settings->edge_loop_name),
				 .now = x->at };
}

static void after_relay_down(struct exchange *x, enum relay_answer answer)
{
	switch (answer) {
	case RELAY_WAITS:
	case RELAY_FULL: return;
	case RELAY_DONE: exchange_end_answered(x); return;
	case RELAY_REFUSED:
	case RELAY_OVER:
		exchange_end_broken(x, SIDE_ORIGIN, "the origin's chunks are broken");
		return;
	case RELAY_CUT:
		exchange_end_broken(x, SIDE_ORIGIN, "the origin ended inside its answer's body");
		return;
	}
	must_not_reach();
}

static void pass_answer(struct exchange *x, const struct http_response *r)
{
	const struct settings *s = x->edge->settings;
	struct buf *head = &x->edge->head;
	struct forward f = forward_of(x);
	struct http_refusal why;
	enum http_body body = body_for(x, r);

	x->status = r->status;
	x->answered = true;
	x->origin_keep = r->head.keep_alive && r->head.body != HTTP_BODY_UNTIL_CLOSE;
	x->origin_micros = clock_micros() - x->asked;
	x->keep = x->keep && x->up.done && body != HTTP_BODY_UNTIL_CLOSE && !x->edge->draining;
	buf_clear(head);
	forward_answer(head, r, &f, body, !x->keep);
	relay_init(&x->down, r->head.body, r->head.length, body, UINT64_MAX);
	stream_take(&x->origin->stream, r->head.len);
	conn_watch(x->conn, s->edge_send_timeout < s->origin_body_timeout ? s->edge_send_timeout
									  : s->origin_body_timeout);
	after_relay_down(x, relay_move(&x->down, &x->origin->stream, &x->conn->stream,
				       buf_slice(head), &why));
}

/* True: another head follows. */
static bool pass_interim(struct exchange *x, const struct http_response *r)
{
	struct buf *head = &x->edge->head;

	if (r->status == 101 || ++x->interims > INTERIMS_MOST) {
		exchange_refuse(x, 502, SIDE_ORIGIN,
				r->status == 101 ? "the origin switched protocols unasked"
						 : "the origin sends interim answers without end");
		return false;
	}
	if (x->minor == 1 && (r->status != 100 || x->expects)) {
		buf_clear(head);
		forward_interim(head, r);
		struct slice out = buf_slice(head);
		stream_send(&x->conn->stream, &out, 1);
	}
	stream_take(&x->origin->stream, r->head.len);
	x->seen = 0;
	return true;
}

static void read_answer(struct exchange *x)
{
	static struct http_response r; /* large, and done with before this returns */
	struct stream *origin = &x->origin->stream;
	struct http_refusal why;
	bool more = true;

	while (more) {
		x->heard = x->heard || stream_input(origin).n > 0;
		switch (http_response_parse(stream_input(origin), &x->seen,
					    &x->edge->response_limits, x->method, &r, &why)) {
		case HTTP_MORE:
			if (stream_input_end(origin) != STREAM_OPEN)
				origin_died(x);
			return;
		case HTTP_REFUSED:
			exchange_refuse(
				x, 502, SIDE_ORIGIN,
				arena_printf(&x->arena, "the origin's answer: %s", why.why));
			return;
		case HTTP_DONE: break;
		}
		if (r.status >= 200) {
			pass_answer(x, &r);
			return;
		}
		more = pass_interim(x, &r);
	}
}

void carry_back(struct exchange *x)
{
	struct http_refusal why;

	if (x->origin == NULL)
		return;
	x->progress_at = loop_now(x->edge->loop);
	if (!x->answered)
		read_answer(x);
	else
		after_relay_down(x, relay_move(&x->down, &x->origin->stream, &x->conn->stream,
					       SLICE_NONE, &why));
}

/* ---- the request to the origin ---- */

static void send_request(struct exchange *x, struct slice first)
{
	struct http_refusal why;

	if (x->origin == NULL || (x->up.done && first.n == 0))
		return;
	x->progress_at = loop_now(x->edge->loop);
	switch (relay_move(&x->up, &x->conn->stream, &x->origin->stream, first, &why)) {
	case RELAY_WAITS:
	case RELAY_FULL: return;
	case RELAY_DONE:
		if (!x->answered)
			conn_watch(x->conn, x->edge->settings->origin_head_timeout);
		return;
	case RELAY_REFUSED: exchange_refuse(x, why.status, SIDE_CLIENT, why.why); return;
	case RELAY_OVER:
		exchange_refuse(x, 413, SIDE_CLIENT, "the request's body is too large");
		return;
	case RELAY_CUT:
		exchange_end_broken(x, SIDE_CLIENT, "the client ended inside its body");
		return;
	}
	must_not_reach();
}

void carry_more(struct exchange *x)
{
	send_request(x, SLICE_NONE);
}

static void on_origin_input(void *user, struct upstream_conn *c)
{
	(void)c;
	carry_back(user);
}

static void on_origin_room(void *user, struct upstream_conn *c)
{
	(void)c;
	carry_more(user);
}

/* What it said before counts: an origin may answer and close while it is still sent the body. */
static void on_origin_broken(void *user, struct upstream_conn *c)
{
	struct exchange *x = user;

	(void)c;
	carry_back(x);
}

static const struct upstream_events origin_events = {
	.on_input = on_origin_input,
	.on_room = on_origin_room,
	.on_broken = on_origin_broken,
};

static void on_connected(struct exchange *x, struct upstream_conn *c)
{
	x->origin = c;
	x->seen = 0;
	x->asked = clock_micros();
	upstream_hold(c, &origin_events, x);
	x->origin_reused = c->uses > 1;
	conn_watch(x->conn, x->edge->stall_ms);
	send_request(x, buf_slice(&x->head));
}

static void on_ready(struct upstream_wait *w, struct upstream_conn *c)
{
	on_connected(container_of(w, struct exchange, wait), c);
}

static int status_of(enum upstream_fault fault)
{
	switch (fault) {
	case UPSTREAM_ABSENT:
	case UPSTREAM_LOOKUP:
	case UPSTREAM_FORBIDDEN:
	case UPSTREAM_REFUSED:
	case UPSTREAM_HANDSHAKE: return 502;
	case UPSTREAM_FULL: return 503;
	case UPSTREAM_SLOW: return 504;
	}
	must_not_reach();
}

/* Where the origin is stays hidden from clients: they could go there past the edge. */
static const char *said_of(enum upstream_fault fault)
{
	switch (fault) {
	case UPSTREAM_ABSENT: return "the origin has no address";
	case UPSTREAM_LOOKUP: return "the origin's name could not be looked up";
	case UPSTREAM_FORBIDDEN: return "the origin's address is not allowed";
	case UPSTREAM_REFUSED: return "the origin takes no connection";
	case UPSTREAM_HANDSHAKE: return "TLS with the origin failed";
	case UPSTREAM_FULL: return "too many connections to origins are open";
	case UPSTREAM_SLOW: return "no connection to the origin in time";
	}
	must_not_reach();
}

static void on_failed(struct upstream_wait *w, enum upstream_fault fault, const char *words)
{
	struct exchange *x = container_of(w, struct exchange, wait);

	exchange_refuse_with(x, status_of(fault), fault == UPSTREAM_FULL ? SIDE_EDGE : SIDE_ORIGIN,
			     arena_str(&x->arena, slice_str(words)), said_of(fault));
}

static enum upstream_trust trust_of(const struct exchange *x)
{
	const struct site *s = &x->site;
	bool by_mode = x->conn->secure && (s->ssl == SSL_FULL || s->ssl == SSL_STRICT);

	if (s->scheme == ORIGIN_HTTP || (s->scheme == ORIGIN_BY_MODE && !by_mode))
		return UPSTREAM_PLAIN;
	return s->ssl == SSL_STRICT ? UPSTREAM_TLS_VERIFIED : UPSTREAM_TLS;
}

static void connect_origin(struct exchange *x, int64_t fresh_ms)
{
	const struct site *s = &x->site;
	enum upstream_trust trust = trust_of(x);
	struct upstream_target to = {
		.host = dns_name_slice(&s->host),
		.addresses = s->addresses,
		.count = s->count,
		.port = trust == UPSTREAM_PLAIN ? s->http_port : s->https_port,
		.trust = trust,
		.name = s->sni_rule == ORIGIN_SNI_FIXED ? dns_name_slice(&s->sni) : x->host,
	};
	struct upstream_conn *c = upstream_get(x->edge->upstream, &x->wait, &to, fresh_ms);

	if (c != NULL)
		on_connected(x, c);
}

void carry_init(struct exchange *x)
{
	x->wait.on_ready = on_ready;
	x->wait.on_failed = on_failed;
	upstream_wait_init(&x->wait);
}

static bool is_idempotent(enum http_method m)
{
	return m == HTTP_GET || m == HTTP_HEAD || m == HTTP_OPTIONS || m == HTTP_PUT ||
	       m == HTTP_DELETE;
}

void carry_begin(struct exchange *x, const struct http_request *r)
{
	struct forward f = forward_of(x);

	if (!x->site.has_origin) {
		exchange_refuse(x, 502, SIDE_ORIGIN, "no origin is set for this host");
		return;
	}
	forward_request(&x->head, r, &f);
	x->expects = r->expect_continue && r->head.minor == 1;
	x->retryable = is_idempotent(r->method) && x->up.done;
	exchange_take_head(x);
	connect_origin(x, x->retryable ? -1 : x->edge->settings->origin_fresh);
}
