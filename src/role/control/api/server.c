#include "role/control/api/server.h"

#include "base/text.h"
#include "net/http_server/http_server.h"
#include "role/control/api/auth.h"
#include "role/control/api/error.h"
#include "role/control/api/plain.h"
#include "role/control/api/reply.h"
#include "role/control/fleet.h"
#include "role/control/truth.h"
#include "run/clock/clock.h"
#include "run/log/log.h"
#include "run/random/random.h"
#include "run/role/role.h"

#include <stdlib.h>

#define PREFIX "/client/v4"

/* ---- the call ---- */

static struct api_call *call_new(struct api *api, struct http_exchange *x)
{
	struct api_call *c = calloc(1, sizeof(*c));
	uint8_t ray[API_RAY / 2];

	must(c != NULL);
	c->api = api;
	c->exchange = x;
	c->arena = &c->job.arena;
	c->began = clock_micros();
	random_bytes(ray, sizeof(ray));
	text_hex(slice_of(ray, sizeof(ray)), c->ray);
	return c;
}

static void call_free(struct api_call *c)
{
	json_decref(c->query);
	json_decref(c->body);
	json_decref(c->result);
	json_decref(c->info);
	json_decref(c->messages);
	arena_free(&c->job.arena);
	free(c);
}

static void answer_failure(struct api_call *c, const struct fail *f)
{
	reply_failure(c, f);
	call_free(c);
}

/* ---- in the transaction ---- */

static const struct api_field *body_rows(const struct api_route *route)
{
	return strcmp(route->method, "GET") == 0 ? NULL : route->body;
}

/* Paging keys and the route's own, side by side. */
static int parse_query(struct api_call *c, struct fail *f)
{
	const struct api_route *route = c->match.route;
	struct slice query = c->exchange->request->query;
	json_t *page = NULL;

	if (api_query_parse(query, route->query, &c->query, f) < 0)
		return -1;
	if (route->per_page == 0)
		return 0;
	int r = api_query_parse(query, api_page_fields, &page, f);
	if (r == 0)
		r = json_object_update(c->query, page);
	json_decref(page);
	return r;
}

static int parse_body(struct api_call *c, struct fail *f)
{
	const struct api_route *route = c->match.route;

	return api_body_parse(c->exchange->body, body_rows(route),
			      strcmp(route->method, "PATCH") == 0,
			      route->malformed != 0 ? route->malformed : 9207, &c->body, f);
}

static int call_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct api_call *c = container_of(job, struct api_call, job);

	c->tx = tx;
	if (api_auth_check(c, f) < 0 || parse_query(c, f) < 0 || parse_body(c, f) < 0)
		return -1;
	return c->match.route->handler(c, f);
}

/* ---- on the loop ---- */

/* A token's last use is kept to the hour, by a job of its own after the answer. */
struct use {
	struct sql_job job;
	struct id token;
	stamp now;
};

static int use_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct use *use = container_of(job, struct use, job);

	return token_used(tx, &use->token, use->now, f);
}

static void use_done(struct sql_job *job, int result, const struct fail *f)
{
	struct use *use = container_of(job, struct use, job);

	if (result < 0)
		log_line(LOG_WARNING, "token.use_not_kept",
			 "when a token was last used is not kept", LOG_ID("token", &use->token),
			 LOG_FAIL(f));
	arena_free(&use->job.arena);
	free(use);
}

static void note_use(struct api_call *c)
{
	if (!c->who.known || c->who.local)
		return;
	rate_known(&c->api->rate, c->who.hash, clock_mono());
	if (c->act.now - c->who.token.last_used_at < STAMP_HOUR)
		return;
	struct use *use = calloc(1, sizeof(*use));
	must(use != NULL);
	use->job.run = use_run;
	use->job.done = use_done;
	use->token = c->who.token.id;
	use->now = c->act.now;
	sql_submit(c->api->truth->pool, SQL_WRITE, &use->job);
}

static void fill_deployments(struct api_call *c)
{
	for (struct api_deployment *d = c->deployments; d != NULL; d = d->next) {
		struct deployment where;
		json_t *o = json_object();
		json_t *silent = json_array();
		fleet_deployment(c->api->truth->fleet, d->seq, c->arena, &where);
		json_set_hex(o, "epoch", &where.epoch);
		json_set_int(o, "seq", (int64_t)where.seq);
		json_set_int(o, "live", where.live);
		json_set_int(o, "of", where.of);
		for (unsigned i = 0; i < where.silent; i++)
			json_array_append_new(silent, json_text(slice_str(where.silent_names[i])));
		json_set(o, "silent", silent);
		json_set(d->object, "deployment", o);
	}
}

static void call_done(struct sql_job *job, int result, const struct fail *f)
{
	struct api_call *c = container_of(job, struct api_call, job);
	const struct api_route *route = c->match.route;
	struct fail after = FAIL_INIT;

	note_use(c);
	if (result < 0) {
		answer_failure(c, f);
		return;
	}
	if (route->access == API_WRITE)
		truth_committed(c->api->truth, &c->act);
	if (route->after != NULL && route->after(c, &after) < 0) {
		answer_failure(c, &after);
		return;
	}
	fill_deployments(c);
	reply_success(c);
	call_free(c);
}

/* ---- from a request to its call ---- */

static int find_route(struct api_call *c, struct slice path, struct fail *f)
{
	const struct http_request *request = c->exchange->request;

	switch (api_route_find(request->method_text, path, api_resources, &c->match)) {
	case API_FOUND: return 0;
	case API_NO_METHOD:
		return fail_code(f, FAIL_INPUT, 7001, "Method %.*s not available for that URI",
				 SLICE_ARG(request->method_text));
	case API_NO_PATH: return fail_code(f, FAIL_ABSENT, 7003, "No route for that URI");
	}
	must_not_reach();
}

static int parse_ids(struct api_call *c, struct fail *f)
{
	for (size_t i = 0; i < API_PARAMS; i++) {
		struct slice text = c->match.params[i];
		if (!api_route_param_is_id(c->match.route, i) || id_parse(text, &c->ids[i]))
			continue;
		return fail_code(
			f, FAIL_ABSENT, 7003,
			"Could not route to %.*s, perhaps your object identifier is invalid?",
			SLICE_ARG(slice_sub(c->exchange->request->path, 0, 200)));
	}
	return 0;
}

static int check_rate(struct api_call *c, struct fail *f)
{
	if (!c->who.bearer)
		return 0;
	struct rate_answer a = rate_ask(&c->api->rate, c->who.hash, clock_mono());
	c->rate_left = a.left;
	c->rate_reset = a.reset;
	return a.refused ? fail_code(f, FAIL_LIMIT, 10429,
				     "More than %lld requests in %lld seconds: try again in %lld s",
				     (long long)c->api->rate.most,
				     (long long)(c->api->rate.window / 1000), (long long)a.reset)
			 : 0;
}

/* Bodies are JSON whatever form-encoding the sender claims; other media types are refused. */
static int check_type(const struct api_call *c, struct fail *f)
{
	static const char *const fine[] = { "application/json", "application/x-www-form-urlencoded",
					    "text/plain", "text/json" };
	const struct http_field *field =
		http_field_find(&c->exchange->request->head, HTTP_FIELD_CONTENT_TYPE);

	if (field == NULL || c->exchange->body.n == 0 || body_rows(c->match.route) == NULL)
		return 0;
	struct slice type = slice_trim(slice_sub(field->value, 0, slice_find(field->value, ';')));
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		if (slice_eq_nocase(type, slice_str(fine[i])))
			return 0;
	return type.n == 0 ? 0
			   : fail_code(f, FAIL_INPUT, 6008, "The body must be application/json");
}

static int call_prepare(struct api_call *c, struct slice path, struct fail *f)
{
	const struct http_exchange *x = c->exchange;

	if (find_route(c, path, f) < 0)
		return -1;
	if (c->match.route->scope != API_NONE &&
	    (api_auth_credentials(x->request, x->peer, &c->who, f) < 0 || check_rate(c, f) < 0))
		return -1;
	if (parse_ids(c, f) < 0 || check_type(c, f) < 0)
		return -1;
	truth_act(c->api->truth, c->arena, &c->act);
	c->act.address = c->who.address;
	return 0;
}

static void on_request(void *owner, struct http_exchange *x)
{
	const struct slice prefix = slice_lit(PREFIX);
	struct api *api = owner;
	struct slice path = x->request->path;
	struct fail f = FAIL_INIT;

	if (!slice_starts(path, prefix)) {
		plain_request(api, x);
		return;
	}
	http_exchange_wipe(x);
	struct api_call *c = call_new(api, x);
	if (call_prepare(c, slice_from(path, prefix.n), &f) < 0) {
		answer_failure(c, &f);
		return;
	}
	c->job.run = call_run;
	c->job.done = call_done;
	sql_submit(api->truth->pool, c->match.route->access == API_WRITE ? SQL_WRITE : SQL_READ,
		   &c->job);
}

/* What the HTTP server refuses by itself wears the envelope too. */
static void on_refused(void *owner, const struct http_refusal *why, struct buf *body,
		       const char **type)
{
	(void)owner;
	*type = "application/json";
	reply_refusal(why->status, why->why, body);
}

/* ---- life ---- */

static void limits_of(const struct settings *s, struct http_server_limits *out)
{
	*out = (struct http_server_limits){
		.max_line = (size_t)s->api_line_max,
		.max_head = (size_t)s->api_head_max,
		.max_body = (size_t)s->api_body_max,
		.max_connections = (size_t)s->api_connections_max,
		.idle_ms = s->api_timeout_idle,
		.head_ms = s->api_timeout_read,
		.body_ms = s->api_timeout_read,
		.write_ms = s->api_timeout_read,
	};
}

static int listen_all(struct api *api, const char *name, struct fail *f)
{
	int fd;

	for (size_t i = 0; (fd = role_fd(api->env, name, i)) >= 0; i++)
		if (http_server_listen(api->http, fd, f) < 0)
			return fail_pass(f, "%s", name);
	return 0;
}

int api_open(struct api *api, struct truth *truth, struct role_env *env, struct fail *f)
{
	static const struct http_server_events events = { on_request, on_refused };
	struct http_server_limits limits;
	const struct settings *s = &env->settings;

	*api = (struct api){ .truth = truth, .env = env };
	rate_init(&api->rate, s->api_rate_requests, s->api_rate_window);
	limits_of(s, &limits);
	api->http = http_server_new(&env->loop, &limits, &events, api);
	if (listen_all(api, "run/api.sock", f) < 0 || listen_all(api, "api.listen", f) < 0)
		return -1;
	return 0;
}

static void on_server_drained(void *owner)
{
	struct api *api = owner;

	api->on_drained(api);
}

void api_drain(struct api *api, void (*on_drained)(struct api *api))
{
	api->on_drained = on_drained;
	http_server_drain(api->http, on_server_drained);
}

void api_close(struct api *api)
{
	http_server_free(api->http);
	rate_fini(&api->rate);
}
