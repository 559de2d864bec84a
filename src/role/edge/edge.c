/* What a worker needs of the machine (the trusted authorities, the name servers, its own addresses)
 * is read before the sandbox closes; parsing it, and all that meets the internet, comes after. */
#include "role/edge/edge.h"

#include "net/resolve/resolve.h"
#include "proto/crypto/crypto.h"
#include "role/edge/conn.h"
#include "role/edge/door.h"
#include "role/edge/exchange.h"
#include "run/clock/clock.h"
#include "run/file/file.h"
#include "run/log/log.h"
#include "run/random/random.h"

#include <signal.h>
#include <stdlib.h>

#define TICK_MS      1000
#define FILE_MOST    (16 * 1024 * 1024)
#define NAMES_KNOWN  20000
#define SESSIONS     4096
#define LOOKUP_TRIES 2

/* ---- before the sandbox ---- */

static int read_roots(struct edge *e, struct fail *f)
{
	const struct settings *s = e->settings;

	if (s->origin_roots[0] != '\0' &&
	    file_read(s->origin_roots, FILE_MOST, &e->roots, NULL) < 0)
		log_line(LOG_WARNING, "origin.roots",
			 "cannot be read: the mode strict will trust only "
			 "origin.bundle",
			 LOG_S("file", s->origin_roots));
	if (s->origin_bundle[0] == '\0')
		return 0;
	return file_read(s->origin_bundle, FILE_MOST, &e->bundle, f) < 0
		       ? fail_pass(f, "origin.bundle")
		       : 0;
}

/* libuv opens a spare descriptor with the loop's first stream, and would try again with each one
 * if the sandbox had closed by then. */
static void make_first_stream(struct loop *l)
{
	static uv_tcp_t first;

	must(uv_tcp_init(&l->uv, &first) == 0);
	uv_close((uv_handle_t *)&first, NULL);
}

static int prepare(struct role_env *env, struct fail *f)
{
	struct edge *e = calloc(1, sizeof(*e));

	must(e != NULL);
	env->state = e;
	e->env = env;
	e->loop = &env->loop;
	e->settings = &env->settings;
	crypto_init();
	make_first_stream(e->loop);
	resolve_servers_choose(e->settings->dns_resolvers.items, e->settings->dns_resolvers.count,
			       &e->servers);
	if (guard_init(&e->guard, e->settings, f) < 0)
		return -1;
	return read_roots(e, f);
}

/* ---- each second ---- */

static void count_upstream(struct edge *e)
{
	struct upstream_figures now = upstream_figures(e->upstream);

	metrics_add(METRIC_origin_connects, now.connects - e->counted.connects);
	metrics_add(METRIC_origin_reuses, now.reuses - e->counted.reuses);
	metrics_set(METRIC_origin_connections, now.open);
	metrics_set(METRIC_origin_idle, now.idle);
	e->counted = now;
}

static void count_cache(struct edge *e)
{
	struct tls_cache_figures now = tls_cache_figures(e->identities.cache);

	metrics_add(METRIC_certificate_cache_hits, now.hits - e->cache_counted.hits);
	metrics_add(METRIC_certificate_cache_misses, now.misses - e->cache_counted.misses);
	metrics_set(METRIC_certificate_cache_bytes, now.held);
	e->cache_counted = now;
}

static void look_at_replica(struct edge *e)
{
	struct fail f = FAIL_INIT;
	struct replica_state state;

	if (replica_refresh(e->identities.replica, &f) < 0) {
		log_line(LOG_ERROR, "replica.unreadable", "the replica cannot be read",
			 LOG_FAIL(&f));
		/* It was built anew; the sandbox was told of the files before it. */
		if (f.kind == FAIL_DENIED)
			role_drain(e->env, e->settings->shutdown_timeout);
		return;
	}
	replica_begin(e->identities.replica);
	replica_state(e->identities.replica, &state);
	replica_end(e->identities.replica);
	metrics_set(METRIC_edge_replica_seq, state.seq);
}

static void on_tick(struct timer *t)
{
	struct edge *e = container_of(t, struct edge, tick);

	tls_server_now(e->tls, clock_now());
	look_at_replica(e);
	count_upstream(e);
	count_cache(e);
	metrics_set(METRIC_edge_connections, e->conn_count);
	timer_arm(e->loop, &e->tick, TICK_MS);
}

/* ---- start ---- */

static int start_names(struct edge *e, struct fail *f)
{
	const struct settings *s = e->settings;
	struct resolve_config config = { .servers = buf_str(&e->servers),
					 .timeout_ms = s->dns_timeout,
					 .tries = LOOKUP_TRIES,
					 .least_ms = s->dns_least,
					 .most_ms = s->dns_most,
					 .failed_ms = s->dns_failed,
					 .stale_ms = s->dns_stale,
					 .names_max = NAMES_KNOWN };

	return resolver_new(e->loop, &config, &e->resolver, f);
}

static bool is_allowed(void *owner, const struct dns_address *a, uint16_t port)
{
	const struct edge *e = owner;

	return guard_allows(&e->guard, a, port);
}

static int start_origins(struct edge *e, struct fail *f)
{
	const struct settings *s = e->settings;
	struct upstream_config config = { .connect_ms = s->origin_connect_timeout,
					  .idle_ms = s->origin_idle_timeout,
					  .idle_max = (size_t)s->origin_idle,
					  .idle_target_max = (size_t)s->origin_idle_each,
					  .open_max = (size_t)s->origin_connections,
					  .sessions_max = SESSIONS,
					  .allowed = is_allowed,
					  .owner = e };
	struct slice roots = e->roots.n > 0 ? buf_slice(&e->roots) : SLICE_NONE;
	struct slice bundle = e->bundle.n > 0 ? buf_slice(&e->bundle) : SLICE_NONE;

	if (tls_client_new(roots, bundle, &e->origin_tls, f) < 0)
		return fail_pass(f, "origin.bundle");
	buf_free(&e->roots);
	buf_free(&e->bundle);
	e->upstream = upstream_new(e->loop, e->resolver, e->origin_tls, &config);
	return 0;
}

static int take_keyring(struct edge *e, struct fail *f)
{
	struct keyring *ring;

	if (keyring_parse(secret_slice(&e->env->keyring), &ring, f) < 0)
		return fail_pass(f, "key-encryption keys");
	keyring_free(e->keyring);
	e->keyring = ring;
	e->identities.keyring = ring;
	return 0;
}

static int start_handshakes(struct edge *e, struct fail *f)
{
	const struct settings *s = e->settings;

	e->identities.cache = tls_cache_new((size_t)s->edge_certificates);
	if (s->edge_default_name[0] != '\0' &&
	    dns_name_parse(slice_str(s->edge_default_name), DNS_NAME_PLAIN, &e->default_name) !=
		    DNS_NAME_OK)
		return fail(f, FAIL_INPUT, "edge.default_name \"%s\" is not a host name",
			    s->edge_default_name);
	e->identities.fallback = dns_name_slice(&e->default_name);
	if (take_keyring(e, f) < 0 || replica_open_reader(&e->identities.replica, ".", f) < 0 ||
	    tls_server_new(e->env->tickets, &e->tls, f) < 0)
		return -1;
	tls_server_now(e->tls, clock_now());
	return 0;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int start_limits(struct edge *e, struct fail *f)
{
	const struct settings *s = e->settings;
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < s->trusted_proxies.count; i++)
		buf_addf(&text, "%s ", s->trusted_proxies.items[i]);
	int r = dns_nets_parse(buf_slice(&text), &e->trusted, f);
	buf_free(&text);
	if (r < 0)
		return fail_pass(f, "trusted_proxies");
	e->request_limits = (struct http_limits){ (size_t)s->edge_line, (size_t)s->edge_head,
						  (size_t)s->edge_fields };
	e->response_limits = (struct http_limits){ (size_t)s->origin_head, (size_t)s->origin_head,
						   (size_t)s->origin_fields };
	e->stall_ms = least(least(s->edge_body_timeout, s->edge_send_timeout),
			    least(s->origin_head_timeout, s->origin_body_timeout));
	crowd_init(&e->crowd, (size_t)s->edge_network_connections);
	return 0;
}

static int open_doors(struct edge *e, const char *name, bool secure, struct fail *f)
{
	int fd;

	for (size_t i = 0; (fd = role_fd(e->env, name, i)) >= 0; i++) {
		if (e->door_count == EDGE_DOORS_MAX)
			return fail(f, FAIL_INPUT, "%s: more than %d addresses", name,
				    EDGE_DOORS_MAX);
		if (door_open(e, &e->doors[e->door_count], fd, secure, f) < 0)
			return fail_pass(f, "%s", name);
		e->door_count++;
	}
	return 0;
}

static int start(struct role_env *env, struct fail *f)
{
	struct edge *e = env->state;

	signal(SIGPIPE, SIG_IGN);
	list_init(&e->conns);
	list_init(&e->spare_exchanges);
	random_bytes(&e->id_high, sizeof(e->id_high));
	random_bytes(&e->id_low, sizeof(e->id_low));
	access_init(&e->access, e->loop, env->access_fd);
	if (start_limits(e, f) < 0 || start_handshakes(e, f) < 0 || start_names(e, f) < 0 ||
	    start_origins(e, f) < 0 || open_doors(e, "edge.http.listen", false, f) < 0 ||
	    open_doors(e, "edge.https.listen", true, f) < 0)
		return -1;
	timer_init(&e->tick, on_tick);
	timer_arm(e->loop, &e->tick, 0);
	return 0;
}

/* ---- the end ---- */

void edge_conn_gone(struct edge *e)
{
	if (!e->draining || e->conn_count > 0)
		return;
	upstream_close_idle(e->upstream);
	access_fini(&e->access);
	exchange_free_spares(e);
	role_finish(e->env);
}

static void drain(struct role_env *env)
{
	struct edge *e = env->state;

	if (e->draining)
		return;
	e->draining = true;
	for (size_t i = 0; i < e->door_count; i++)
		door_close(&e->doors[i]);
	struct list *at = e->conns.next;
	while (at != &e->conns) {
		struct conn *c = container_of(at, struct conn, link);
		at = at->next; /* closing frees it later, never inside the call */
		conn_drain(c);
	}
	edge_conn_gone(e);
}

static void on_keyring(struct role_env *env)
{
	struct fail f = FAIL_INIT;

	if (take_keyring(env->state, &f) < 0)
		log_line(LOG_ERROR, "keyring.refused", "the old key-encryption keys stay in use",
			 LOG_FAIL(&f));
}

static const char *const listens[] = { "edge.http.listen", "edge.https.listen", NULL };

static const struct sandbox_path paths[] = {
	{ ".", SANDBOX_READ },
	{ "public/lock.mdb", SANDBOX_READ | SANDBOX_WRITE }, /* LMDB's table of readers */
	{ "keys/lock.mdb", SANDBOX_READ | SANDBOX_WRITE },
	{ NULL, 0 },
};

const struct role edge_role = {
	.name = "edge",
	.folder = "replica",
	.after = "applier",
	.wants_keyring = true,
	.wants_tickets = true,
	.wants_access_log = true,
	.listens = listens,
	.sandbox = { .paths = paths,
		     .calls = SANDBOX_CALLS_FILES | SANDBOX_CALLS_ACCEPT | SANDBOX_CALLS_INTERNET,
		     .connects = true,
		     .files_most = 1048576 },
	.prepare = prepare,
	.start = start,
	.drain = drain,
	.on_keyring = on_keyring,
};
