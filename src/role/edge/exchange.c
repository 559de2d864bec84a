/* Bodies are moved by pump_request() and pump_answer(), which are called whenever one of the four
 * things happens that can let bytes move: input or room, at the client or at the origin. Each
 * ends the exchange at most once, as the last thing it does: nothing may touch it afterwards.
 *
 * A request's head is still in the input while the filters look at it; it is taken off when the
 * head for the origin, or the answer, has been made.
 */
#include "role/edge/exchange.h"

#include "base/text.h"
#include "proto/http/write.h"
#include "role/edge/filter/filter.h"
#include "role/edge/forward.h"
#include "role/edge/page.h"
#include "run/clock/clock.h"

#include <stdlib.h>

#define INTERIMS_MOST 16

static void pump_request(struct exchange *x, struct slice first);
static void pump_answer(struct exchange *x);
static void connect_origin(struct exchange *x, int64_t fresh_ms);

/* ---- the end ---- */

static void count_status(const struct exchange *x)
{
	static const enum metric by_class[] = { METRIC_requests_none, METRIC_requests_none,
						METRIC_requests_2xx,  METRIC_requests_3xx,
						METRIC_requests_4xx,  METRIC_requests_5xx };
	static const enum metric by_side[] = { METRIC_COUNT, METRIC_faults_client,
					       METRIC_faults_edge, METRIC_faults_origin };
	metrics_add(by_class[x->status / 100], 1);
	if (x->side != SIDE_NONE)
		metrics_add(by_side[x->side], 1);
	metrics_observe(HISTOGRAM_request_seconds, clock_micros() - x->began);
	if (x->origin_micros > 0)
		metrics_observe(HISTOGRAM_origin_seconds, x->origin_micros);
}

static void add_access_line(struct exchange *x)
{
	struct conn *c = x->conn;
	struct access_entry e = { .at = x->at,
				  .id = x->id,
				  .client = &c->peer,
				  .sni = slice_str(c->sni),
				  .host = x->host,
				  .zone = x->has_site ? dns_name_slice(&x->site.zone_name)
						      : SLICE_NONE,
				  .method = x->method_text,
				  .path = x->path,
				  .minor = x->minor,
				  .secure = c->secure,
				  .tls_version = c->tls.version,
				  .tls_group = c->tls.group,
				  .tls_cipher = c->tls.cipher,
				  .resumed = c->tls.resumed,
				  .certificate = c->has_certificate ? &c->certificate : NULL,
				  .status = x->status,
				  .side = x->side,
				  .why = x->why,
				  .bytes_in = x->up.moved,
				  .bytes_out = x->down.moved,
				  .micros = clock_micros() - x->began,
				  .origin_micros = x->origin_micros,
				  .origin_reused = x->origin_reused,
				  .retried = x->retried };
	access_add(&x->edge->access, &e);
}

static void leave_origin(struct exchange *x, bool keep)
{
	upstream_wait_cancel(&x->wait);
	if (x->origin != NULL && keep)
		upstream_keep(x->origin);
	else if (x->origin != NULL)
		upstream_drop(x->origin);
	x->origin = NULL;
}

/* What is common to all ends; the connection goes on afterwards without the exchange. */
static struct conn *end(struct exchange *x)
{
	struct conn *c = x->conn;
	count_status(x);
	add_access_line(x);
	buf_clear(&x->head);
	arena_reset(&x->arena);
	list_push(&x->edge->spare_exchanges, &x->spare);
	return c;
}

static void end_answered(struct exchange *x)
{
	bool whole = x->up.done;
	bool keep = x->keep && whole;
	leave_origin(x, whole && x->origin_keep);
	conn_exchange_over(end(x), keep);
}

/* The client is gone, or must see that what it has is not all. */
static void end_broken(struct exchange *x, enum side side, const char *why)
{
	x->side = side;
	x->why = why;
	leave_origin(x, false);
	conn_exchange_broke(end(x));
}

/* ---- answers of our own ---- */

static void take_head(struct exchange *x)
{
	size_t n = x->head_len;
	x->head_len = 0;
	stream_take(&x->conn->stream, n);
}

/* What has come of the body already is no reason to close the connection. */
static void drop_body(struct exchange *x)
{
	struct http_refusal why;
	enum relay_answer answer = relay_move(&x->up, &x->conn->stream, NULL, SLICE_NONE, &why);
	x->keep = x->keep && answer == RELAY_DONE;
}

static void write_own_head(struct exchange *x, struct buf *out, int status, const char *fields,
			   const char *type, size_t n)
{
	buf_clear(out);
	http_write_status(out, status);
	http_write_date(out, x->at);
	if (type != NULL)
		http_write_field(out, "Content-Type", slice_str(type));
	if (status != 204)
		http_write_length(out, n);
	if (fields != NULL)
		buf_add_str(out, fields);
	http_write_field(out, "X-Request-Id", slice_str(x->id));
	if (!x->keep)
		buf_add_str(out, "Connection: close\r\n");
	http_write_end(out);
}

void exchange_reply(struct exchange *x, int status, const char *fields, const char *type,
		    struct slice body)
{
	struct buf *head = &x->edge->head;
	leave_origin(x, false);
	take_head(x);
	drop_body(x);
	write_own_head(x, head, status, fields, type, body.n);
	struct slice out[] = { buf_slice(head), x->method == HTTP_HEAD ? SLICE_NONE : body };
	stream_send(&x->conn->stream, out, 2);
	x->status = status;
	x->answered = true;
	x->down.moved = out[1].n;
	end_answered(x);
}

void exchange_refuse(struct exchange *x, int status, enum side side, const char *why)
{
	if (x->answered) {
		end_broken(x, side, why);
		return;
	}
	struct page page = { status, side, why, x->host, x->id };
	struct buf html = BUF_INIT;
	page_write(&page, &html);
	x->side = side;
	x->why = why;
	exchange_reply(x, status, "Cache-Control: no-store\r\n", "text/html; charset=utf-8",
		       buf_slice(&html));
	buf_free(&html);
}

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
	leave_origin(x, false);
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
	case RELAY_DONE: end_answered(x); return;
	case RELAY_REFUSED:
	case RELAY_OVER: end_broken(x, SIDE_ORIGIN, "the origin's chunks are broken"); return;
	case RELAY_CUT:
		end_broken(x, SIDE_ORIGIN, "the origin ended inside its answer's body");
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

static void pump_answer(struct exchange *x)
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

static void pump_request(struct exchange *x, struct slice first)
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
	case RELAY_CUT: end_broken(x, SIDE_CLIENT, "the client ended inside its body"); return;
	}
	must_not_reach();
}

static void on_origin_input(void *user, struct upstream_conn *c)
{
	(void)c;
	pump_answer(user);
}

static void on_origin_room(void *user, struct upstream_conn *c)
{
	(void)c;
	pump_request(user, SLICE_NONE);
}

/* What it said before counts: an origin may answer and close while it is still sent the body. */
static void on_origin_broken(void *user, struct upstream_conn *c)
{
	struct exchange *x = user;
	(void)c;
	pump_answer(x);
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
	pump_request(x, buf_slice(&x->head));
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

static void on_failed(struct upstream_wait *w, enum upstream_fault fault, const char *words)
{
	struct exchange *x = container_of(w, struct exchange, wait);
	exchange_refuse(x, status_of(fault), fault == UPSTREAM_FULL ? SIDE_EDGE : SIDE_ORIGIN,
			arena_str(&x->arena, slice_str(words)));
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

static bool is_idempotent(enum http_method m)
{
	return m == HTTP_GET || m == HTTP_HEAD || m == HTTP_OPTIONS || m == HTTP_PUT ||
	       m == HTTP_DELETE;
}

static void carry(struct exchange *x, const struct http_request *r)
{
	struct forward f = forward_of(x);
	if (!x->site.has_origin) {
		exchange_refuse(x, 502, SIDE_ORIGIN, "no origin is set for this host");
		return;
	}
	forward_request(&x->head, r, &f);
	x->expects = r->expect_continue && r->head.minor == 1;
	x->retryable = is_idempotent(r->method) && x->up.done;
	take_head(x);
	connect_origin(x, x->retryable ? -1 : x->edge->settings->origin_fresh);
}

/* ---- events of the client ---- */

void exchange_on_input(struct exchange *x)
{
	pump_request(x, SLICE_NONE);
}

void exchange_on_room(struct exchange *x)
{
	if (x->answered)
		pump_answer(x);
}

void exchange_on_gone(struct exchange *x)
{
	x->side = SIDE_CLIENT;
	x->why = "the client went away";
	leave_origin(x, false);
	end(x);
}

/* ---- stalls ---- */

static uint64_t bytes_moved(struct stream *s)
{
	return s->sent + s->received - uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp);
}

/* Whom the exchange is waiting for, and how long it may. */
struct stall {
	int64_t limit;
	int status;
	enum side side;
	const char *why;
};

static struct stall stall_of(struct exchange *x)
{
	const struct settings *s = x->edge->settings;
	bool waits_for_100 = x->expects && x->up.moved == 0 && x->interims == 0;
	if (x->answered && stream_is_busy(&x->conn->stream))
		return (struct stall){ s->edge_send_timeout, 0, SIDE_CLIENT,
				       "the client does not read its answer" };
	if (x->answered)
		return (struct stall){ s->origin_body_timeout, 0, SIDE_ORIGIN,
				       "the origin paused inside its answer's body" };
	if (x->up.done || waits_for_100)
		return (struct stall){ s->origin_head_timeout, 504, SIDE_ORIGIN,
				       "the origin did not answer in time" };
	if (stream_is_busy(&x->origin->stream))
		return (struct stall){ s->origin_body_timeout, 504, SIDE_ORIGIN,
				       "the origin does not read the request's body" };
	return (struct stall){ s->edge_body_timeout, 408, SIDE_CLIENT,
			       "the request's body did not come in time" };
}

void exchange_on_timer(struct exchange *x)
{
	int64_t now = loop_now(x->edge->loop);
	if (x->origin == NULL) { /* the pool has a deadline of its own */
		conn_watch(x->conn, x->edge->settings->origin_connect_timeout);
		return;
	}
	uint64_t measure = bytes_moved(&x->conn->stream) + bytes_moved(&x->origin->stream);
	if (measure != x->measure)
		x->progress_at = x->measure == 0 ? x->progress_at : now;
	x->measure = measure;
	struct stall stall = stall_of(x);
	int64_t waited = now - x->progress_at;
	if (waited < stall.limit)
		conn_watch(x->conn, stall.limit - waited);
	else if (x->answered)
		end_broken(x, stall.side, stall.why);
	else
		exchange_refuse(x, stall.status, stall.side, stall.why);
}

/* ---- the beginning ---- */

static void next_id(struct edge *e, char out[EXCHANGE_ID + 1])
{
	/* Unique, and not to be guessed from another by a glance; nothing depends on that. */
	e->id_low += 0x9e3779b97f4a7c15u;
	const uint64_t id[2] = { e->id_high, e->id_low };

	text_hex(slice_of(id, sizeof id), out);
}

static struct exchange *exchange_new(struct conn *c)
{
	struct edge *e = c->edge;
	struct list *spare = list_first(&e->spare_exchanges);
	struct exchange *x;
	if (spare != NULL) {
		x = container_of(spare, struct exchange, spare);
		list_remove(spare);
	} else {
		x = calloc(1, sizeof(*x));
		must(x != NULL);
	}
	*x = (struct exchange){ .edge = e,
				.conn = c,
				.arena = x->arena,
				.head = x->head,
				.at = clock_now(),
				.began = c->began,
				.progress_at = loop_now(e->loop) };
	x->wait.on_ready = on_ready;
	x->wait.on_failed = on_failed;
	upstream_wait_init(&x->wait);
	next_id(e, x->id);
	c->exchange = x;
	return x;
}

/* A trusted proxy has given the request its id already. */
static void take_id(struct exchange *x, const struct http_request *r)
{
	const struct http_field *f = http_field_find(&r->head, HTTP_FIELD_X_REQUEST_ID);
	if (!x->conn->trusted || f == NULL || f->value.n >= sizeof(x->id) ||
	    !http_is_token(f->value))
		return;
	memcpy(x->id, f->value.p, f->value.n);
	x->id[f->value.n] = '\0';
}

static bool may_keep(const struct exchange *x, const struct http_request *r)
{
	return r->head.keep_alive && r->head.minor == 1 && !x->edge->draining &&
	       x->conn->requests < (uint64_t)x->edge->settings->edge_requests;
}

void exchange_begin(struct conn *c, const struct http_request *r)
{
	struct edge *e = c->edge;
	struct exchange *x = exchange_new(c);
	enum filter_answer answer = FILTER_PASS;
	x->head_len = r->head.len;
	x->method = r->method;
	x->minor = r->head.minor;
	x->method_text = arena_copy(&x->arena, r->method_text);
	x->path = arena_copy(&x->arena, r->path);
	x->host = arena_copy(&x->arena, http_host_name(&r->host));
	x->keep = may_keep(x, r);
	take_id(x, r);
	relay_init(&x->up, r->head.body, r->head.length, r->head.body,
		   (uint64_t)e->settings->edge_body);
	replica_begin(e->identities.replica);
	for (size_t i = 0; i < filter_count && answer == FILTER_PASS; i++)
		answer = filters[i].apply(x, r);
	if (answer == FILTER_PASS)
		carry(x, r);
	replica_end(e->identities.replica);
}

void exchange_begin_refused(struct conn *c, const struct http_refusal *why)
{
	struct exchange *x = exchange_new(c);
	x->minor = 1;
	exchange_refuse(x, why->status, SIDE_CLIENT, why->why);
}

void exchange_free_spares(struct edge *e)
{
	struct list *spare;
	while ((spare = list_first(&e->spare_exchanges)) != NULL) {
		struct exchange *x = container_of(spare, struct exchange, spare);
		list_remove(spare);
		arena_free(&x->arena);
		buf_free(&x->head);
		free(x);
	}
}
