/* A DNS server of a few lines in the same loop: it answers every TXT question with two records,
 * "proof" (in two strings) and "other", or that the name does not exist. */
#include "net/resolve/txt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct loop loop;
static uv_udp_t udp;
static bool absent;
static struct resolver *resolver;

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *b)
{
	static char space[2048];

	(void)h;
	(void)hint;
	*b = uv_buf_init(space, sizeof(space));
}

static void on_query(uv_udp_t *u, ssize_t n, const uv_buf_t *b, const struct sockaddr *from,
		     unsigned flags)
{
	static const char answers[] = "\xc0\x0c\0\x10\0\1\0\0\0\0\0\7\3pro\2of"
				      "\xc0\x0c\0\x10\0\1\0\0\0\0\0\6\5other";
	char reply[512] = { 0 };

	(void)u;
	(void)flags;
	if (n < 17 || from == NULL)
		return;
	memcpy(reply, b->base, (size_t)n);
	reply[2] = (char)0x81;
	reply[3] = absent ? 3 : 0;
	reply[7] = absent ? 0 : 2;
	reply[11] = 0; /* no additional record */
	size_t end = 12;
	while (reply[end] != 0)
		end += (size_t)reply[end] + 1;
	end += 5;
	if (!absent) {
		memcpy(reply + end, answers, sizeof(answers) - 1);
		end += sizeof(answers) - 1;
	}
	uv_buf_t out = uv_buf_init(reply, (unsigned)end);
	uv_udp_try_send(&udp, &out, 1, from);
}

struct asker {
	struct txt_wait wait;
	enum resolve_outcome outcome;
	size_t count;
	char texts[4][32];
	int told;
};

static void on_txt(struct txt_wait *w, enum resolve_outcome outcome, const struct slice *texts,
		   size_t count)
{
	struct asker *a = container_of(w, struct asker, wait);

	a->told++;
	a->outcome = outcome;
	a->count = count;
	for (size_t i = 0; i < count && i < 4; i++)
		(void)snprintf(a->texts[i], sizeof(a->texts[i]), "%.*s", SLICE_ARG(texts[i]));
	loop_stop(&loop);
}

static int setup(void **state)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in bound;
	int len = sizeof(bound);
	char servers[64];
	struct fail f = FAIL_INIT;

	(void)state;
	absent = false;
	loop_init(&loop);
	assert_int_equal(uv_udp_init(&loop.uv, &udp), 0);
	assert_int_equal(uv_udp_bind(&udp, (const struct sockaddr *)&any, 0), 0);
	assert_int_equal(uv_udp_getsockname(&udp, (struct sockaddr *)&bound, &len), 0);
	assert_int_equal(uv_udp_recv_start(&udp, on_alloc, on_query), 0);
	(void)snprintf(servers, sizeof(servers), "127.0.0.1:%d", ntohs(bound.sin_port));
	struct resolve_config config = { servers, 500, 1, 0, 3600000, 1000, 60000, 2 };
	assert_int_equal(resolver_new(&loop, &config, &resolver, &f), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	resolver_free(resolver);
	uv_close((uv_handle_t *)&udp, NULL);
	loop_fini(&loop);
	return 0;
}

static void test_strings_of_a_record_are_joined(void **state)
{
	struct asker a = { .told = 0 };

	(void)state;
	txt_wait_init(&a.wait, on_txt);
	txt_ask(resolver, "proof.example", &a.wait);
	loop_run(&loop);
	assert_int_equal(a.told, 1);
	assert_int_equal(a.outcome, RESOLVE_FOUND);
	assert_int_equal(a.count, 2);
	assert_string_equal(a.texts[0], "proof");
	assert_string_equal(a.texts[1], "other");
}

static void test_absent_names_say_so(void **state)
{
	struct asker a = { .told = 0 };

	(void)state;
	absent = true;
	txt_wait_init(&a.wait, on_txt);
	txt_ask(resolver, "none.example", &a.wait);
	loop_run(&loop);
	assert_int_equal(a.outcome, RESOLVE_ABSENT);
	assert_int_equal(a.count, 0);
}

static void test_a_cancelled_question_stays_silent(void **state)
{
	struct asker cancelled = { .told = 0 };
	struct asker other = { .told = 0 };

	(void)state;
	txt_wait_init(&cancelled.wait, on_txt);
	txt_wait_init(&other.wait, on_txt);
	txt_ask(resolver, "a.example", &cancelled.wait);
	txt_cancel(&cancelled.wait);
	txt_ask(resolver, "b.example", &other.wait);
	loop_run(&loop);
	assert_int_equal(cancelled.told, 0);
	assert_int_equal(other.told, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_strings_of_a_record_are_joined, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_absent_names_say_so, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_cancelled_question_stays_silent, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
