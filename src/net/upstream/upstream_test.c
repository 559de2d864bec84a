/* A pool against a listening socket of the test's own. */
#include "net/upstream/upstream.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop loop;
static struct resolver *resolver;
static struct tls_client *tls;
static struct upstream *pool;
static int listener;
static uint16_t port;
static bool forbidden;

struct asker {
	struct upstream_wait wait;
	struct upstream_conn *got;
	bool failed;
	enum upstream_fault fault;
	int inputs;
};

static bool is_allowed(void *owner, const struct dns_address *a, uint16_t p)
{
	(void)owner;
	(void)a;
	(void)p;
	return !forbidden;
}

static void open_listener(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	port = ntohs(at.sin_port);
}

static int setup(void **state)
{
	(void)state;
	struct fail f = FAIL_INIT;
	struct resolve_config names = { "127.0.0.1:1", 50, 1, 0, 0, 0, 0, 10 };
	struct upstream_config config = { .connect_ms = 2000,
					  .idle_ms = 50,
					  .idle_max = 3,
					  .idle_target_max = 2,
					  .open_max = 4,
					  .sessions_max = 4,
					  .allowed = is_allowed };
	loop_init(&loop);
	open_listener();
	forbidden = false;
	assert_int_equal(resolver_new(&loop, &names, &resolver, &f), 0);
	assert_int_equal(tls_client_new(SLICE_NONE, SLICE_NONE, &tls, &f), 0);
	pool = upstream_new(&loop, resolver, tls, &config);
	return 0;
}

static void turn(void)
{
	for (int i = 0; i < 20; i++)
		uv_run(&loop.uv, UV_RUN_NOWAIT);
}

static int teardown(void **state)
{
	(void)state;
	upstream_free(pool);
	turn();
	tls_client_free(tls);
	resolver_free(resolver);
	close(listener);
	loop_fini(&loop);
	return 0;
}

static void on_ready(struct upstream_wait *w, struct upstream_conn *c)
{
	container_of(w, struct asker, wait)->got = c;
	loop_stop(&loop);
}

static void on_failed(struct upstream_wait *w, enum upstream_fault fault, const char *words)
{
	struct asker *a = container_of(w, struct asker, wait);

	assert_true(strlen(words) > 10);
	a->failed = true;
	a->fault = fault;
	loop_stop(&loop);
}

static void on_event(void *user, struct upstream_conn *c)
{
	struct asker *a = user;

	(void)c;
	a->inputs++;
}

static const struct upstream_events events = { on_event, on_event, on_event };

/* Asks and waits; true when the connection was there at once. */
static bool ask_as(struct asker *a, enum upstream_trust trust, int64_t fresh_ms)
{
	static const struct dns_address here = { .b = { 127, 0, 0, 1 } };
	struct upstream_target t = { .addresses = &here,
				     .count = 1,
				     .port = port,
				     .trust = trust,
				     .name = slice_lit("a.example") };

	*a = (struct asker){ .wait = { .on_ready = on_ready, .on_failed = on_failed } };
	upstream_wait_init(&a->wait);
	a->got = upstream_get(pool, &a->wait, &t, fresh_ms);
	bool at_once = a->got != NULL;
	if (!at_once)
		loop_run(&loop);
	if (a->got != NULL)
		upstream_hold(a->got, &events, a);
	return at_once;
}

static bool ask(struct asker *a)
{
	return ask_as(a, UPSTREAM_PLAIN, -1);
}

static int accept_one(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

static void a_kept_connection_is_used_again(void **state)
{
	(void)state;
	struct asker a, b;
	assert_false(ask(&a));
	upstream_keep(a.got);
	assert_true(ask(&b));
	assert_ptr_equal(b.got, a.got);
	assert_int_equal(b.got->uses, 2);
	assert_int_equal(upstream_figures(pool).connects, 1);
	assert_int_equal(upstream_figures(pool).reuses, 1);
	upstream_drop(b.got);
}

static void a_fresh_one_can_be_wished(void **state)
{
	(void)state;
	struct asker a, b;
	ask(&a);
	upstream_keep(a.got);
	assert_false(ask_as(&b, UPSTREAM_PLAIN, 0));
	assert_ptr_not_equal(b.got, a.got);
	upstream_drop(b.got);
	assert_true(ask_as(&b, UPSTREAM_PLAIN, 60000)); /* in use a moment ago */
	upstream_drop(b.got);
}

static void trust_is_part_of_the_key(void **state)
{
	(void)state;
	struct asker a, b;
	ask(&a);
	upstream_keep(a.got);
	close(accept_one());
	assert_int_equal(upstream_figures(pool).connects, 1);
	static const struct dns_address here = { .b = { 127, 0, 0, 1 } };
	struct upstream_target t = { .addresses = &here,
				     .count = 1,
				     .port = port,
				     .trust = UPSTREAM_TLS,
				     .name = slice_lit("a.example") };
	b = (struct asker){ .wait = { .on_ready = on_ready, .on_failed = on_failed } };
	upstream_wait_init(&b.wait);
	assert_null(upstream_get(pool, &b.wait, &t, -1));
	assert_int_equal(upstream_figures(pool).connects, 2);
	upstream_wait_cancel(&b.wait);
}

static void an_idle_connection_that_ends_is_forgotten(void **state)
{
	(void)state;
	struct asker a, b;
	ask(&a);
	int fd = accept_one();
	upstream_keep(a.got);
	assert_int_equal(upstream_figures(pool).idle, 1);
	close(fd);
	turn();
	assert_int_equal(upstream_figures(pool).idle, 0);
	assert_false(ask(&b));
	upstream_drop(b.got);
}

static void an_idle_connection_that_speaks_is_forgotten(void **state)
{
	(void)state;
	struct asker a;
	ask(&a);
	int fd = accept_one();
	upstream_keep(a.got);
	assert_int_equal(write(fd, "HTTP/1.1 200", 12), 12);
	turn();
	assert_int_equal(upstream_figures(pool).idle, 0);
	close(fd);
}

static void events_go_to_the_holder(void **state)
{
	(void)state;
	struct asker a;
	ask(&a);
	int fd = accept_one();
	assert_int_equal(write(fd, "hello", 5), 5);
	turn();
	assert_int_equal(a.inputs, 1);
	assert_true(slice_eq_str(stream_input(&a.got->stream), "hello"));
	upstream_keep(a.got); /* with bytes that nobody took: not kept */
	assert_int_equal(upstream_figures(pool).idle, 0);
	close(fd);
}

static void limits_of_what_is_kept(void **state)
{
	(void)state;
	struct asker a[4], more;
	for (int i = 0; i < 4; i++)
		assert_false(ask(&a[i]));
	ask(&more); /* the fifth */
	assert_true(more.failed);
	assert_int_equal(more.fault, UPSTREAM_FULL);
	for (int i = 0; i < 4; i++)
		upstream_keep(a[i].got);
	assert_int_equal(upstream_figures(pool).idle, 2);
	turn();
	assert_int_equal(upstream_figures(pool).open, 2);
	ask(&a[0]);
	ask(&a[1]);
	assert_int_equal(upstream_figures(pool).idle, 0);
	upstream_drop(a[0].got);
	upstream_drop(a[1].got);
}

static void what_idles_too_long_is_closed(void **state)
{
	(void)state;
	struct asker a;
	ask(&a);
	upstream_keep(a.got);
	for (int i = 0; i < 100 && upstream_figures(pool).idle > 0; i++)
		uv_run(&loop.uv, UV_RUN_ONCE);
	assert_int_equal(upstream_figures(pool).idle, 0);
}

static void failures_have_names(void **state)
{
	(void)state;
	struct asker a;
	forbidden = true;
	ask(&a);
	assert_true(a.failed);
	assert_int_equal(a.fault, UPSTREAM_FORBIDDEN);
	forbidden = false;
	close(listener);
	ask(&a);
	assert_true(a.failed);
	assert_int_equal(a.fault, UPSTREAM_REFUSED);
	assert_string_equal(upstream_fault_name(a.fault), "refused");
	listener = -1;
}

static void a_name_that_nobody_can_look_up(void **state)
{
	(void)state;
	struct asker a = { .wait = { .on_ready = on_ready, .on_failed = on_failed } };
	struct upstream_target t = { .host = slice_lit("a.example"), .port = port };
	upstream_wait_init(&a.wait);
	assert_null(upstream_get(pool, &a.wait, &t, -1));
	assert_false(a.failed); /* told from the loop */
	loop_run(&loop);
	assert_true(a.failed);
	assert_int_equal(a.fault, UPSTREAM_LOOKUP);
}

static void who_cancels_hears_nothing(void **state)
{
	(void)state;
	static const struct dns_address here = { .b = { 127, 0, 0, 1 } };
	struct asker a = { .wait = { .on_ready = on_ready, .on_failed = on_failed } };
	struct upstream_target t = { .addresses = &here, .count = 1, .port = port };
	upstream_wait_init(&a.wait);
	assert_null(upstream_get(pool, &a.wait, &t, -1));
	upstream_wait_cancel(&a.wait);
	turn();
	assert_null(a.got);
	assert_false(a.failed);
	assert_int_equal(upstream_figures(pool).open, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_POOL(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_POOL(a_kept_connection_is_used_again),
		WITH_POOL(a_fresh_one_can_be_wished),
		WITH_POOL(trust_is_part_of_the_key),
		WITH_POOL(an_idle_connection_that_ends_is_forgotten),
		WITH_POOL(an_idle_connection_that_speaks_is_forgotten),
		WITH_POOL(events_go_to_the_holder),
		WITH_POOL(limits_of_what_is_kept),
		WITH_POOL(what_idles_too_long_is_closed),
		WITH_POOL(failures_have_names),
		WITH_POOL(a_name_that_nobody_can_look_up),
		WITH_POOL(who_cancels_hears_nothing),
	};

	return cmocka_run_group_tests_name("net/upstream", tests, NULL, NULL);
}
