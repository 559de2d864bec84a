/* Two streams of one loop over loopback, plain and under TLS: what goes in at one end comes out at
 * the other, whoever is slow. */
#include "net/stream/stream.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/tls/fixture.h"

struct end {
	struct stream stream;
	struct buf got;
	bool holds; /* takes nothing of what comes */
	bool open, broken, closed;
	int rooms;
};

static struct loop loop;
static struct fixture fixture;
static struct tls_identity *identity;
static struct end client, server;

static struct end *end_of(struct stream *s)
{
	return container_of(s, struct end, stream);
}

static void take_all(struct end *e)
{
	buf_add(&e->got, stream_input(&e->stream));
	stream_take(&e->stream, stream_input(&e->stream).n);
}

static void on_hello(struct stream *s)
{
	struct tls_serve serve = { .identity = identity };

	tls_conn_serve(stream_tls(s), &serve);
	stream_answered(s);
}

static void on_open(struct stream *s)
{
	end_of(s)->open = true;
}

static void on_input(struct stream *s)
{
	struct end *e = end_of(s);

	if (!e->holds)
		take_all(e);
	if (stream_input_end(s) != STREAM_OPEN)
		loop_stop(&loop);
}

static void on_room(struct stream *s)
{
	end_of(s)->rooms++;
}

static void on_broken(struct stream *s)
{
	end_of(s)->broken = true;
	loop_stop(&loop);
}

static void on_closed(struct stream *s)
{
	end_of(s)->closed = true;
}

static const struct stream_events events = {
	on_hello, on_open, on_input, on_room, on_broken, on_closed,
};

static int listener(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	assert_int_equal(bind(fd, (struct sockaddr *)at, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static void connect_both(bool secure)
{
	struct sockaddr_in at;
	struct tls_target to = { .name = "a.example", .verify = TLS_VERIFY_STRICT };
	int fd = listener(&at);

	client = server = (struct end){ .got = BUF_INIT };
	stream_init(&client.stream, &loop, &events,
		    secure ? tls_client_conn(fixture.client, &to) : NULL);
	stream_init(&server.stream, &loop, &events,
		    secure ? tls_server_conn(fixture.server) : NULL);
	assert_int_equal(stream_connect(&client.stream, (struct sockaddr *)&at), 0);
	int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
	close(fd);
	assert_int_equal(stream_adopt(&server.stream, accepted), 0);
	stream_begin(&server.stream);
	for (int i = 0; i < 100 && !client.open; i++)
		uv_run(&loop.uv, UV_RUN_ONCE);
	assert_true(client.open);
}

static int setup(void **state)
{
	(void)state;
	loop_init(&loop);
	fixture_init(&fixture);
	identity = fixture_identity(&fixture, "a.example", fixture.now - STAMP_HOUR,
				    fixture.now + STAMP_HOUR, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stream_close(&client.stream, STREAM_CLOSE);
	stream_close(&server.stream, STREAM_CLOSE);
	while (!client.closed || !server.closed)
		uv_run(&loop.uv, UV_RUN_ONCE);
	buf_free(&client.got);
	buf_free(&server.got);
	tls_identity_unref(identity);
	fixture_fini(&fixture);
	loop_fini(&loop);
	return 0;
}

static void send_text(struct end *e, const char *text)
{
	struct slice s = slice_str(text);

	stream_send(&e->stream, &s, 1);
}

static uint8_t *much(size_t n)
{
	uint8_t *p = malloc(n);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 % 251);
	return p;
}

/* A client sends a lot and finishes; the server takes it only now and then. */
static void check_slow_reader(bool secure)
{
	size_t total = 16000000; /* more than the kernel holds */
	uint8_t *bytes = much(total);

	connect_both(secure);
	server.holds = true;
	struct slice all = slice_of(bytes, total);
	stream_send(&client.stream, &all, 1);
	assert_true(stream_is_busy(&client.stream));
	stream_finish(&client.stream);
	for (int i = 0; i < 100000 && stream_input_end(&server.stream) == STREAM_OPEN; i++) {
		uv_run(&loop.uv, UV_RUN_NOWAIT);
		assert_true(stream_input(&server.stream).n <= WINDOW_MAX);
		if (i % 3 == 0)
			take_all(&server);
	}
	take_all(&server);
	assert_int_equal(stream_input_end(&server.stream), STREAM_ENDED);
	assert_true(slice_eq(buf_slice(&server.got), all));
	assert_int_equal(client.rooms, 1);
	free(bytes);
}

static void plain_bytes_wait_for_a_slow_reader(void **state)
{
	(void)state;
	check_slow_reader(false);
}

static void secured_bytes_wait_for_a_slow_reader(void **state)
{
	(void)state;
	check_slow_reader(true);
}

static void check_pieces(bool secure)
{
	connect_both(secure);
	struct slice pieces[] = { slice_lit("one "), slice_lit(""), slice_lit("two "),
				  slice_lit("three") };
	stream_send(&client.stream, pieces, 4);
	stream_finish(&client.stream);
	loop_run(&loop);
	assert_string_equal(buf_str(&server.got), "one two three");
	send_text(&server, "answered after the end"); /* the other way is still open */
	stream_finish(&server.stream);
	loop_run(&loop);
	assert_string_equal(buf_str(&client.got), "answered after the end");
}

static void pieces_are_joined_and_ways_end_apart(void **state)
{
	(void)state;
	check_pieces(false);
}

static void the_same_under_tls(void **state)
{
	(void)state;
	check_pieces(true);
}

static void an_end_without_close_notify_is_a_cut(void **state)
{
	(void)state;
	int fd;
	connect_both(true);
	for (int i = 0; i < 100 && !server.open; i++)
		uv_run(&loop.uv, UV_RUN_ONCE);
	assert_int_equal(uv_fileno((uv_handle_t *)&client.stream.tcp, &fd), 0);
	shutdown(fd, SHUT_WR);
	loop_run(&loop);
	assert_int_equal(stream_input_end(&server.stream), STREAM_CUT);
}

static void a_reset_breaks_the_other_end_once(void **state)
{
	(void)state;
	connect_both(false);
	stream_close(&client.stream, STREAM_ABORT);
	loop_run(&loop);
	assert_true(server.broken);
	assert_string_equal(stream_fault(&server.stream), "reset");
	send_text(&server, "goes nowhere");
	assert_int_equal(stream_input_end(&server.stream), STREAM_CUT);
}

static void nobody_there_is_told_from_the_loop(void **state)
{
	(void)state;
	struct sockaddr_in at;
	int fd = listener(&at);
	connect_both(false);
	close(fd);
	struct end lonely = { .got = BUF_INIT };
	stream_init(&lonely.stream, &loop, &events, NULL);
	assert_int_equal(stream_connect(&lonely.stream, (struct sockaddr *)&at), 0);
	assert_false(lonely.broken);
	loop_run(&loop);
	assert_true(lonely.broken);
	assert_string_equal(stream_fault(&lonely.stream), "refused");
	stream_close(&lonely.stream, STREAM_CLOSE);
	while (!lonely.closed)
		uv_run(&loop.uv, UV_RUN_ONCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_LOOP(plain_bytes_wait_for_a_slow_reader),
		WITH_LOOP(secured_bytes_wait_for_a_slow_reader),
		WITH_LOOP(pieces_are_joined_and_ways_end_apart),
		WITH_LOOP(the_same_under_tls),
		WITH_LOOP(an_end_without_close_notify_is_a_cut),
		WITH_LOOP(a_reset_breaks_the_other_end_once),
		WITH_LOOP(nobody_there_is_told_from_the_loop),
	};

	return cmocka_run_group_tests_name("net/stream", tests, NULL, NULL);
}
