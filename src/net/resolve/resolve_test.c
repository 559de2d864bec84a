/* A DNS server of a few lines in the same loop: "NAME.v4" answers 192.0.2.1 with the TTL set below,
 * "NAME.none" does not exist, and a silent server stays silent. */
#include "net/resolve/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct server {
	uv_udp_t udp;
	int asked;
	bool silent;
	uint8_t ttl;
};

static struct loop loop;
static struct server server;
static struct resolver *resolver;

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *b)
{
	static char space[2048];

	(void)h;
	(void)hint;
	*b = uv_buf_init(space, sizeof(space));
}

static size_t question_end(const uint8_t *m)
{
	size_t at = 12;

	while (m[at] != 0)
		at += (size_t)m[at] + 1;
	return at + 5;
}

static void on_query(uv_udp_t *u, ssize_t n, const uv_buf_t *b, const struct sockaddr *from,
		     unsigned flags)
{
	(void)u;
	(void)flags;
	if (n < 12 || from == NULL)
		return;
	server.asked++;
	if (server.silent)
		return;
	uint8_t reply[512] = { 0 };
	const uint8_t *q = (const uint8_t *)b->base;
	size_t end = question_end(q);
	memcpy(reply, q, end);
	bool absent = memmem(q, end, "\4none", 5) != NULL;
	bool v4 = q[end - 3] == 1;
	reply[2] = 0x81;
	reply[3] = absent ? 3 : 0;
	memset(reply + 6, 0, 6);
	if (!absent && v4) {
		const uint8_t record[] = { 0xc0, 12,         0, 1, 0,   1, 0, 0,
					   0,    server.ttl, 0, 4, 192, 0, 2, 1 };
		reply[7] = 1;
		memcpy(reply + end, record, sizeof(record));
		end += sizeof(record);
	}
	uv_buf_t out = uv_buf_init((char *)reply, (unsigned)end);
	uv_udp_try_send(&server.udp, &out, 1, from);
}

struct asker {
	struct resolve_wait wait;
	struct resolve_answer answer;
	int told;
};

static void on_resolved(struct resolve_wait *w, const struct resolve_answer *answer)
{
	struct asker *a = container_of(w, struct asker, wait);

	a->answer = *answer;
	a->told++;
	loop_stop(&loop);
}

static void resolve(struct asker *a, const char *name)
{
	a->told = 0;
	resolve_wait_init(&a->wait, on_resolved);
	const struct resolve_answer *known = resolver_ask(resolver, slice_str(name), &a->wait);
	if (known != NULL)
		a->answer = *known;
	else
		loop_run(&loop);
}

static int setup(void **state)
{
	(void)state;
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in bound;
	int len = sizeof(bound);
	char servers[64];
	loop_init(&loop);
	server = (struct server){ .ttl = 60 };
	assert_int_equal(uv_udp_init(&loop.uv, &server.udp), 0);
	assert_int_equal(uv_udp_bind(&server.udp, (const struct sockaddr *)&any, 0), 0);
	assert_int_equal(uv_udp_getsockname(&server.udp, (struct sockaddr *)&bound, &len), 0);
	assert_int_equal(uv_udp_recv_start(&server.udp, on_alloc, on_query), 0);
	snprintf(servers, sizeof(servers), "127.0.0.1:%d", ntohs(bound.sin_port));
	struct resolve_config config = { servers, 50, 1, 0, 3600000, 1000, 60000, 2 };
	struct fail f = FAIL_INIT;
	assert_int_equal(resolver_new(&loop, &config, &resolver, &f), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	resolver_free(resolver);
	uv_close((uv_handle_t *)&server.udp, NULL);
	loop_fini(&loop);
	return 0;
}

static void an_answer_is_remembered(void **state)
{
	(void)state;
	struct asker a;
	resolve(&a, "www.v4");
	assert_int_equal(a.answer.outcome, RESOLVE_FOUND);
	assert_int_equal(a.answer.count, 1);
	char text[DNS_ADDRESS_TEXT];
	assert_string_equal(dns_address_text(&a.answer.addresses[0], text), "192.0.2.1");
	int asked = server.asked;
	resolve(&a, "www.v4");
	assert_int_equal(a.told, 0); /* at once */
	assert_int_equal(server.asked, asked);
}

static void one_question_for_all_who_wait(void **state)
{
	(void)state;
	struct asker a, b;
	a.told = b.told = 0;
	resolve_wait_init(&a.wait, on_resolved);
	resolve_wait_init(&b.wait, on_resolved);
	assert_null(resolver_ask(resolver, slice_lit("two.v4"), &a.wait));
	assert_null(resolver_ask(resolver, slice_lit("two.v4"), &b.wait));
	loop_run(&loop);
	assert_int_equal(a.told + b.told, 2);
	assert_int_equal(server.asked, 2); /* A and AAAA */
}

static void who_cancelled_hears_nothing(void **state)
{
	(void)state;
	struct asker a, b;
	a.told = 0;
	resolve_wait_init(&a.wait, on_resolved);
	assert_null(resolver_ask(resolver, slice_lit("three.v4"), &a.wait));
	resolve_wait_cancel(&a.wait);
	resolve(&b, "three.v4");
	assert_int_equal(a.told, 0);
	assert_int_equal(b.told, 1);
}

static void no_such_name(void **state)
{
	(void)state;
	struct asker a;
	resolve(&a, "www.none");
	assert_int_equal(a.answer.outcome, RESOLVE_ABSENT);
}

static void silence_is_a_failure(void **state)
{
	(void)state;
	struct asker a;
	server.silent = true;
	resolve(&a, "www.v4");
	assert_int_equal(a.answer.outcome, RESOLVE_FAILED);
	assert_int_equal(a.answer.count, 0);
}

static void what_was_known_outlives_a_silent_server(void **state)
{
	(void)state;
	struct asker a;
	server.ttl = 0; /* asked anew each time */
	resolve(&a, "www.v4");
	server.silent = true;
	resolve(&a, "www.v4");
	assert_int_equal(a.answer.outcome, RESOLVE_FOUND);
}

static void the_least_used_name_is_forgotten(void **state)
{
	(void)state;
	struct asker a;
	resolve(&a, "one.v4");
	resolve(&a, "two.v4");
	resolve(&a, "one.v4");
	resolve(&a, "three.v4"); /* room for two: "two" goes */
	int asked = server.asked;
	resolve(&a, "one.v4");
	assert_int_equal(server.asked, asked);
	resolve(&a, "two.v4");
	assert_int_equal(server.asked, asked + 2);
}

static void servers_are_read_from_a_resolv_conf(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	resolve_servers_read(slice_lit("# x\nsearch a\nnameserver 192.0.2.53\nnameserver  ::1 \n"
				       "nameserver nonsense\n"),
			     &b);
	assert_string_equal(buf_str(&b), "192.0.2.53,::1");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_SERVER(an_answer_is_remembered),
		WITH_SERVER(one_question_for_all_who_wait),
		WITH_SERVER(who_cancelled_hears_nothing),
		WITH_SERVER(no_such_name),
		WITH_SERVER(silence_is_a_failure),
		WITH_SERVER(what_was_known_outlives_a_silent_server),
		WITH_SERVER(the_least_used_name_is_forgotten),
		cmocka_unit_test(servers_are_read_from_a_resolv_conf),
	};

	return cmocka_run_group_tests_name("net/resolve", tests, NULL, NULL);
}
