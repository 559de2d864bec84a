#include "role/control/api/reply.h"

#include "net/http_server/http_server.h"
#include "role/control/api/error.h"
#include "role/control/api/server.h"
#include "run/clock/clock.h"
#include "run/log/log.h"
#include "run/metrics/metrics.h"

#include <inttypes.h>

#define HEADERS_MAX 8

struct headers {
	struct http_header rows[HEADERS_MAX];
	size_t count;
};

static int add_json(const char *text, size_t n, void *out)
{
	buf_add(out, slice_of(text, n));
	return 0;
}

void reply_json(json_t *value, struct buf *out)
{
	(void)json_dump_callback(value, add_json, out, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(value);
}

static void header(struct headers *h, const char *name, const char *value)
{
	must(h->count < HEADERS_MAX);
	h->rows[h->count++] = (struct http_header){ name, slice_str(value) };
}

/* Clients log CF-Ray and show it to people; X-Request-Id is our own name for the same. */
static void common_headers(struct api_call *c, struct headers *h, const char *type)
{
	header(h, "Content-Type", type);
	header(h, "Cache-Control", "no-store");
	header(h, "CF-Ray", arena_printf(c->arena, "%s-EVS", c->ray));
	header(h, "X-Request-Id", c->ray);
	if (c->who.bearer && c->api->rate.most > 0)
		header(h, "Ratelimit",
		       arena_printf(c->arena, "\"default\";r=%" PRId64 ";t=%" PRId64, c->rate_left,
				    c->rate_reset));
}

static json_t *envelope(json_t *result, bool success, json_t *errors, json_t *messages)
{
	json_t *o = json_object();

	json_set(o, "result", result != NULL ? json_incref(result) : json_null());
	json_set_bool(o, "success", success);
	json_set(o, "errors", errors);
	json_set(o, "messages", messages != NULL ? json_incref(messages) : json_array());
	return o;
}

static void count(const struct api_call *c, int status)
{
	if (status < 400)
		metrics_add(METRIC_api_done, 1);
	else
		metrics_add(status < 500 ? METRIC_api_refused : METRIC_api_failed, 1);
	metrics_observe(HISTOGRAM_api_request, clock_micros() - c->began);
}

static void send(struct api_call *c, int status, const struct headers *h, struct slice body)
{
	count(c, status);
	http_exchange_reply(c->exchange, status, h->rows, h->count, body);
	c->exchange = NULL;
}

void reply_success(struct api_call *c)
{
	struct headers h = { .count = 0 };
	struct buf body = BUF_INIT;
	int status = c->match.route->status != 0 ? c->match.route->status : 200;

	if (c->text.p != NULL) {
		common_headers(c, &h, c->text_type);
		send(c, status, &h, c->text);
		return;
	}
	json_t *o = envelope(c->result, true, json_array(), c->messages);
	if (c->info != NULL)
		json_set(o, "result_info", json_incref(c->info));
	if (c->bare)
		(void)json_object_update_missing(o, c->result);
	reply_json(o, &body);
	common_headers(c, &h, "application/json");
	send(c, status, &h, buf_slice(&body));
	buf_free_wiped(&body);
}

/* What the server is to blame for is logged with the request's id; what callers do wrong is not. */
static void log_failure(const struct api_call *c, const struct fail *f, int status)
{
	if (status >= 500)
		log_line(LOG_ERROR, "api.failed", "a request failed", LOG_S("ray", c->ray),
			 LOG_I("status", status), LOG_FAIL(f), LOG_S("file", f->file),
			 LOG_I("line", f->line));
}

void reply_failure(struct api_call *c, const struct fail *f)
{
	struct headers h = { .count = 0 };
	struct buf body = BUF_INIT;
	int status = api_error_of(f)->status;

	reply_json(envelope(NULL, false, api_error_json(f), NULL), &body);
	common_headers(c, &h, "application/json");
	if (status == 409)
		header(&h, "x-should-retry", "false");
	if (status == 401)
		header(&h, "WWW-Authenticate", "Bearer");
	if (status == 429)
		header(&h, "Retry-After", arena_printf(c->arena, "%" PRId64, c->rate_reset));
	if (status == 503)
		header(&h, "Retry-After", "1");
	log_failure(c, f, status);
	send(c, status, &h, buf_slice(&body));
	buf_free(&body);
}

void reply_refusal(int status, const char *why, struct buf *out)
{
	struct fail f = FAIL_INIT;
	enum fail_kind kind = status >= 500 ? FAIL_UNAVAILABLE : FAIL_INPUT;

	(void)fail_code(&f, kind, status == 413 ? 6009 : 0, "%s", why);
	reply_json(envelope(NULL, false, api_error_json(&f), NULL), out);
}
