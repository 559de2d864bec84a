/* A relay between two streams of which one end each is a plain socket of the test. */
#include "role/edge/relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct side {
	struct stream stream;
	int wire; /* the test's end */
	bool closed;
};

static struct loop loop;
static struct side from, to;

static void on_nothing(struct stream *s)
{
	(void)s;
}

static void on_closed(struct stream *s)
{
	container_of(s, struct side, stream)->closed = true;
}

static const struct stream_events events = { .on_open = on_nothing,
					     .on_input = on_nothing,
					     .on_room = on_nothing,
					     .on_broken = on_nothing,
					     .on_closed = on_closed };

static void side_open(struct side *s)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	*s = (struct side){ .wire = fds[1] };
	stream_init(&s->stream, &loop, &events, NULL);
	assert_int_equal(stream_adopt(&s->stream, fds[0]), 0);
	stream_begin(&s->stream);
}

static int setup(void **state)
{
	(void)state;
	loop_init(&loop);
	side_open(&from);
	side_open(&to);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stream_close(&from.stream, STREAM_CLOSE);
	stream_close(&to.stream, STREAM_CLOSE);
	while (!from.closed || !to.closed)
		uv_run(&loop.uv, UV_RUN_ONCE);
	close(from.wire);
	close(to.wire);
	loop_fini(&loop);
	return 0;
}

static void arrive(const char *bytes)
{
	assert_int_equal(write(from.wire, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
	uv_run(&loop.uv, UV_RUN_NOWAIT);
}

static void check_left(const char *wanted)
{
	char got[4096] = "";

	uv_run(&loop.uv, UV_RUN_NOWAIT);
	ssize_t n = read(to.wire, got, sizeof(got) - 1);
	got[n < 0 ? 0 : n] = '\0';
	assert_string_equal(got, wanted);
}

static enum relay_answer move(struct relay *r, const char *first)
{
	struct http_refusal why;

	return relay_move(r, &from.stream, &to.stream, slice_str(first), &why);
}

static void a_length_ends_where_it_says(void **state)
{
	(void)state;
	struct relay r;
	relay_init(&r, HTTP_BODY_LENGTH, 5, HTTP_BODY_LENGTH, 100);
	arrive("hel");
	assert_int_equal(move(&r, "HEAD "), RELAY_WAITS);
	arrive("loGET /next");
	assert_int_equal(move(&r, ""), RELAY_DONE);
	check_left("HEAD hello");
	assert_true(slice_eq_str(stream_input(&from.stream), "GET /next"));
	assert_int_equal(move(&r, ""), RELAY_DONE);
	check_left("");
}

static void chunks_are_put_anew(void **state)
{
	(void)state;
	struct relay r;
	relay_init(&r, HTTP_BODY_CHUNKED, 0, HTTP_BODY_CHUNKED, 100);
	arrive("3;x=y\r\nabc\r\n2\r\nde");
	assert_int_equal(move(&r, "HEAD "), RELAY_WAITS);
	check_left("HEAD 5\r\nabcde\r\n");
	arrive("\r\n0\r\nX-Trailer: 1\r\n\r\nmore");
	assert_int_equal(move(&r, ""), RELAY_DONE);
	check_left("0\r\n\r\n");
	assert_int_equal(r.moved, 5);
	assert_true(slice_eq_str(stream_input(&from.stream), "more"));
}

static void chunks_become_a_body_until_close(void **state)
{
	(void)state;
	struct relay r;
	relay_init(&r, HTTP_BODY_CHUNKED, 0, HTTP_BODY_UNTIL_CLOSE, 100);
	arrive("3\r\nabc\r\n0\r\n\r\n");
	assert_int_equal(move(&r, "HEAD "), RELAY_DONE);
	check_left("HEAD abc");
}

static void a_body_until_close_becomes_chunks(void **state)
{
	(void)state;
	struct relay r;
	relay_init(&r, HTTP_BODY_UNTIL_CLOSE, 0, HTTP_BODY_CHUNKED, 100);
	arrive("abc");
	assert_int_equal(move(&r, "HEAD "), RELAY_WAITS);
	shutdown(from.wire, SHUT_WR);
	uv_run(&loop.uv, UV_RUN_NOWAIT);
	assert_int_equal(move(&r, ""), RELAY_DONE);
	check_left("HEAD 3\r\nabc\r\n0\r\n\r\n");
}

static void no_body_sends_the_head_alone(void **state)
{
	(void)state;
	struct relay r;
	relay_init(&r, HTTP_BODY_NONE, 0, HTTP_BODY_NONE, 100);
	arrive("next");
	assert_int_equal(move(&r, "HEAD"), RELAY_DONE);
	check_left("HEAD");
	assert_true(slice_eq_str(stream_input(&from.stream), "next"));
}

static void an_early_end_is_a_cut(void **state)
{
	(void)state;
	const enum http_body bodies[] = { HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED };
	shutdown(from.wire, SHUT_WR);
	uv_run(&loop.uv, UV_RUN_NOWAIT);
	for (size_t i = 0; i < 2; i++) {
		struct relay r;
		relay_init(&r, bodies[i], 5, bodies[i], 100);
		assert_int_equal(move(&r, ""), RELAY_CUT);
	}
}

static void broken_chunks_stay_broken(void **state)
{
	(void)state;
	struct relay r;
	relay_init(&r, HTTP_BODY_CHUNKED, 0, HTTP_BODY_CHUNKED, 100);
	arrive("2\r\nab\r\nzz\r\n");
	assert_int_equal(move(&r, ""), RELAY_REFUSED);
	assert_int_equal(move(&r, ""), RELAY_REFUSED);
}

static void the_limit_holds_to_the_byte(void **state)
{
	(void)state;
	struct relay r;
	relay_init(&r, HTTP_BODY_CHUNKED, 0, HTTP_BODY_CHUNKED, 5);
	arrive("5\r\nabcde\r\n");
	assert_int_equal(move(&r, ""), RELAY_WAITS);
	arrive("1\r\nf\r\n");
	assert_int_equal(move(&r, ""), RELAY_OVER);
	check_left("5\r\nabcde\r\n");
}

static void a_busy_receiver_is_waited_for(void **state)
{
	(void)state;
	struct relay r;
	uint8_t *much = calloc(1, 4000000);
	struct slice all = slice_of(much, 4000000);
	relay_init(&r, HTTP_BODY_LENGTH, 5, HTTP_BODY_LENGTH, 100);
	stream_send(&to.stream, &all, 1);
	arrive("hello");
	assert_int_equal(move(&r, ""), RELAY_FULL);
	assert_true(slice_eq_str(stream_input(&from.stream), "hello"));
	free(much);
}

static void a_body_can_be_dropped(void **state)
{
	(void)state;
	struct relay r;
	struct http_refusal why;
	relay_init(&r, HTTP_BODY_LENGTH, 5, HTTP_BODY_LENGTH, 100);
	arrive("hello!");
	assert_int_equal(relay_move(&r, &from.stream, NULL, SLICE_NONE, &why), RELAY_DONE);
	assert_true(slice_eq_str(stream_input(&from.stream), "!"));
	check_left("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_STREAMS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_STREAMS(a_length_ends_where_it_says),
		WITH_STREAMS(chunks_are_put_anew),
		WITH_STREAMS(chunks_become_a_body_until_close),
		WITH_STREAMS(a_body_until_close_becomes_chunks),
		WITH_STREAMS(no_body_sends_the_head_alone),
		WITH_STREAMS(an_early_end_is_a_cut),
		WITH_STREAMS(broken_chunks_stay_broken),
		WITH_STREAMS(the_limit_holds_to_the_byte),
		WITH_STREAMS(a_busy_receiver_is_waited_for),
		WITH_STREAMS(a_body_can_be_dropped),
	};

	return cmocka_run_group_tests_name("edge/relay", tests, NULL, NULL);
}
