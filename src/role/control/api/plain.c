#include "role/control/api/plain.h"

#include "model/account.h"
#include "net/http_server/http_server.h"
#include "role/control/api/auth.h"
#include "role/control/api/reply.h"
#include "role/control/api/server.h"
#include "role/control/truth.h"
#include "run/metrics/metrics.h"
#include "run/role/role.h"

#include <stdlib.h>

typedef void plain_f(struct api *api, struct http_exchange *x);

static void answer(struct http_exchange *x, int status, const char *type, struct slice body)
{
	const struct http_header headers[] = {
		{ "Content-Type", slice_str(type) },
		{ "Cache-Control", slice_lit("no-store") },
	};

	http_exchange_reply(x, status, headers, 2, body);
}

static void answer_text(struct http_exchange *x, int status, const char *text)
{
	answer(x, status, "text/plain; charset=utf-8", slice_str(text));
}

static void healthz(struct api *api, struct http_exchange *x)
{
	(void)api;
	answer_text(x, 200, "ok\n");
}

static void metrics(struct api *api, struct http_exchange *x)
{
	struct buf text = BUF_INIT;

	if (api->env->metrics != NULL)
		metrics_render(api->env->metrics, &text);
	answer(x, 200, "text/plain; version=0.0.4; charset=utf-8", buf_slice(&text));
	buf_free(&text);
}

/* Ready is who can read the truth: one job does. */
struct readiness {
	struct sql_job job;
	struct api *api;
	struct http_exchange *exchange;
};

static int readiness_run(struct sql_tx *tx, struct sql_job *job, struct fail *f)
{
	struct account_row row;
	struct readiness *r = container_of(job, struct readiness, job);

	return account_find(tx, &job->arena, &r->api->truth->owner, &row, f);
}

static void readiness_done(struct sql_job *job, int result, const struct fail *f)
{
	struct readiness *r = container_of(job, struct readiness, job);

	if (result < 0)
		answer_text(r->exchange, 503, f->words);
	else
		answer_text(r->exchange, 200, "ready\n");
	arena_free(&r->job.arena);
	free(r);
}

static void readyz(struct api *api, struct http_exchange *x)
{
	if (api->env->draining) {
		answer_text(x, 503, "draining\n");
		return;
	}
	struct readiness *r = calloc(1, sizeof(*r));
	must(r != NULL);
	r->api = api;
	r->exchange = x;
	r->job.run = readiness_run;
	r->job.done = readiness_done;
	sql_submit(api->truth->pool, SQL_READ, &r->job);
}

static const struct {
	const char *path;
	plain_f *serve;
} pages[] = {
	{ "/healthz", healthz },
	{ "/readyz", readyz },
	{ "/metrics", metrics },
};

static void not_found(struct http_exchange *x)
{
	struct buf body = BUF_INIT;

	reply_refusal(404, "no such page: the API is below /client/v4", &body);
	answer(x, 404, "application/json", buf_slice(&body));
	buf_free(&body);
}

/* Asked for by a caller that means this machine. A browser that was told that some name has our
 * address (DNS rebinding) asks for that name; a proxy says whom it asks for. */
static bool is_direct(const struct http_request *request)
{
	const struct http_host *host = &request->host;

	return !api_auth_is_forwarded(request) &&
	       (host->form != HTTP_HOST_NAME ||
		slice_eq(http_host_name(host), slice_lit("localhost")));
}

void plain_request(struct api *api, struct http_exchange *x)
{
	enum http_method method = x->request->method;
	bool get = method == HTTP_GET || method == HTTP_HEAD;

	if (get && (x->peer->local || is_direct(x->request)))
		for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
			if (slice_eq_str(x->request->path, pages[i].path)) {
				pages[i].serve(api, x);
				return;
			}
	not_found(x);
}
