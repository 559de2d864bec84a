#include "role/edge/access.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/metrics/metrics.h"

static struct access_entry example(const struct dns_address *client, const struct id *certificate)
{
	return (struct access_entry){ .at = 1000,
				      .id = "0123456789abcdef0123456789abcdef",
				      .client = client,
				      .sni = slice_lit("a.example"),
				      .host = slice_lit("a.example"),
				      .zone = slice_lit("example"),
				      .method = slice_lit("GET"),
				      .path = slice_lit("/\"\\\xff\n"),
				      .minor = 1,
				      .secure = true,
				      .tls_version = "TLSv1.3",
				      .tls_group = "x25519",
				      .tls_cipher = "TLS_AES_128_GCM_SHA256",
				      .certificate = certificate,
				      .status = 200,
				      .bytes_out = 5,
				      .micros = 7 };
}

static void a_line_is_one_json_object(void **state)
{
	(void)state;
	struct dns_address client = { .b = { 192, 0, 2, 1 } };
	struct id certificate = { { 0xab } };
	struct access_entry e = example(&client, &certificate);
	struct buf b = BUF_INIT;
	access_write(&e, &b);
	assert_string_equal(
		buf_str(&b),
		"{\"time\":\"1970-01-01T00:00:01Z\","
		"\"request_id\":\"0123456789abcdef0123456789abcdef\",\"client\":\"192.0.2.1\","
		"\"sni\":\"a.example\",\"host\":\"a.example\",\"zone\":\"example\","
		"\"method\":\"GET\",\"path\":\"/\\u0022\\u005c\\u00ff\\u000a\","
		"\"scheme\":\"https\",\"protocol\":\"HTTP/1.1\",\"tls_version\":\"TLSv1.3\","
		"\"tls_group\":\"x25519\",\"tls_cipher\":\"TLS_AES_128_GCM_SHA256\","
		"\"tls_resumed\":false,\"certificate\":\"ab000000000000000000000000000000\","
		"\"status\":200,\"fault\":\"\",\"bytes_in\":0,\"bytes_out\":5,\"micros\":7}\n");
	buf_free(&b);
}

static void lines_of_a_turn_go_together(void **state)
{
	(void)state;
	int fds[2];
	struct loop loop;
	struct access_log log;
	struct dns_address client = { .b = { 192, 0, 2, 1 } };
	struct access_entry e = example(&client, NULL);
	char got[16384];
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	loop_init(&loop);
	access_init(&log, &loop, fds[1]);
	for (int i = 0; i < 20; i++)
		access_add(&log, &e);
	assert_int_equal(read(fds[0], got, sizeof(got)), -1); /* not before the turn ends */
	loop_run(&loop);
	ssize_t n = read(fds[0], got, sizeof(got));
	assert_true(n > 20 * 200 && got[n - 1] == '\n');
	access_fini(&log);
	loop_fini(&loop);
	close(fds[0]);
	close(fds[1]);
}

static void a_full_pipe_drops_and_counts(void **state)
{
	(void)state;
	int fds[2];
	struct loop loop;
	struct access_log log;
	struct dns_address client = { .b = { 192, 0, 2, 1 } };
	struct access_entry e = example(&client, NULL);
	uint64_t before = metrics_get(METRIC_access_dropped);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	loop_init(&loop);
	access_init(&log, &loop, fds[1]);
	for (int i = 0; i < 2000; i++)
		access_add(&log, &e);
	loop_run(&loop);
	assert_true(metrics_get(METRIC_access_dropped) > before);
	assert_true(metrics_get(METRIC_access_dropped) < before + 2000);
	access_fini(&log);
	loop_fini(&loop);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_one_json_object),
		cmocka_unit_test(lines_of_a_turn_go_together),
		cmocka_unit_test(a_full_pipe_drops_and_counts),
	};

	return cmocka_run_group_tests_name("edge/access", tests, NULL, NULL);
}
