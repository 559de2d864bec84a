/* What begins and ends an exchange, what the edge answers by itself, and how long anybody may make
 * it wait. The way to the origin and back is carry.c.
 *
 * A request's head is still in the input while the filters look at it; it is taken off when the
 * head for the origin, or the answer, has been made.
 */
#include "role/edge/exchange.h"

#include "base/text.h"
#include "proto/http/write.h"
#include "role/edge/carry.h"
#include "role/edge/filter/filter.h"
#include "role/edge/page.h"
#include "run/clock/clock.h"

#include <stdlib.h>

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

void exchange_leave_origin(struct exchange *x, bool keep)
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

void exchange_end_answered(struct exchange *x)
{
	bool whole = x->up.done;
	bool keep = x->keep && whole;

	exchange_leave_origin(x, whole && x->origin_keep);
	conn_exchange_over(end(x), keep);
}

/* The client is gone, or must see that what it has is not all. */
void exchange_end_broken(struct exchange *x, enum side side, const char *why)
{
	x->side = side;
	x->why = why;
	exchange_leave_origin(x, false);
	conn_exchange_broke(end(x));
}

/* ---- answers of our own ---- */

void exchange_take_head(struct exchange *x)
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

	exchange_leave_origin(x, false);
	exchange_take_head(x);
	drop_body(x);
	write_own_head(x, head, status, fields, type, body.n);
	struct slice out[] = { buf_slice(head), x->method == HTTP_HEAD ? SLICE_NONE : body };
	stream_send(&x->conn->stream, out, 2);
	x->status = status;
	x->answered = true;
	x->down.moved = out[1].n;
	exchange_end_answered(x);
}

void exchange_refuse_with(struct exchange *x, int status, enum side side, const char *why,
			  const char *said)
{
	if (x->answered) {
		exchange_end_broken(x, side, why);
		return;
	}
	struct page page = { status, side, said, x->host, x->id };
	struct buf html = BUF_INIT;
	page_write(&page, &html);
	x->side = side;
	x->why = why;
	exchange_reply(x, status, "Cache-Control: no-store\r\n", "text/html; charset=utf-8",
		       buf_slice(&html));
	buf_free(&html);
}

void exchange_refuse(struct exchange *x, int status, enum side side, const char *why)
{
	exchange_refuse_with(x, status, side, why, why);
}

/* ---- events of the client ---- */

void exchange_on_input(struct exchange *x)
{
	carry_more(x);
}

void exchange_on_room(struct exchange *x)
{
	if (x->answered)
		carry_back(x);
}

void exchange_on_gone(struct exchange *x)
{
	x->side = SIDE_CLIENT;
	x->why = "the client went away";
	exchange_leave_origin(x, false);
	end(x);
}

/* ---- stalls ---- */

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
	uint64_t measure = stream_moved(&x->conn->stream) + stream_moved(&x->origin->stream);
	if (measure != x->measure)
		x->progress_at = x->measure == 0 ? x->progress_at : now;
	x->measure = measure;
	struct stall stall = stall_of(x);
	int64_t waited = now - x->progress_at;
	if (waited < stall.limit)
		conn_watch(x->conn, stall.limit - waited);
	else if (x->answered)
		exchange_end_broken(x, stall.side, stall.why);
	else
		exchange_refuse(x, stall.status, stall.side, stall.why);
}

/* ---- the beginning ---- */

static void next_id(struct edge *e, char out[EXCHANGE_ID + 1])
{
	/* Unique, and not to be guessed from another by a glance; nothing depends on that. */
	e->id_low += 0x9e3779b97f4a7c15u;
	const uint64_t id[2] = { e->id_high, e->id_low };

	text_hex(slice_of(id, sizeof(id)), out);
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
	carry_init(x);
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
		carry_begin(x, r);
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
