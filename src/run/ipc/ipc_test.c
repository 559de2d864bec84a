#include "run/ipc/pairs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

enum { ASK = 1, TELL = 2, GIVE = 3, EITHER = 4 };

static const struct ipc_row rows[] = {
	{ ASK, "ask", IPC_LEFT, 1000, false },
	{ TELL, "tell", IPC_RIGHT, 70000, false },
	{ GIVE, "give", IPC_LEFT, 16, true },
	{ EITHER, "either", IPC_BOTH, 16, false },
};
static const struct ipc_pair pair = { "test", rows, 4, 200000 };

/* One end with what happened to it. */
struct end {
	struct ipc *c;
	int frames;
	uint16_t type;
	uint32_t id;
	struct buf last;
	int fd;
	const char *closed;
	int drained;
	bool close_on_frame, pause_on_frame;
};

static struct loop loop;
static struct end left, right;
static int raw; /* the other end as a plain socket, where a test speaks bytes */

static void on_frame(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	struct end *e = ipc_owner(c);

	e->frames++;
	e->type = type;
	e->id = id;
	buf_clear(&e->last);
	buf_add(&e->last, payload);
	if (fd >= 0)
		e->fd = fd;
	if (e->pause_on_frame)
		ipc_pause(c);
	if (e->close_on_frame) {
		ipc_close(c);
		e->c = NULL;
	}
}

static void on_closed(struct ipc *c, const char *why)
{
	((struct end *)ipc_owner(c))->closed = why;
}

static void on_drained(struct ipc *c)
{
	((struct end *)ipc_owner(c))->drained++;
}

static const struct ipc_events events = { on_frame, on_closed, on_drained };

static void turns(int n)
{
	while (n-- > 0)
		uv_run(&loop.uv, UV_RUN_NOWAIT);
}

static int setup(void **state)
{
	int fds[2];

	(void)state;
	loop_init(&loop);
	ipc_socketpair(fds);
	left = right = (struct end){ .fd = -1 };
	left.c = ipc_open(&loop, fds[0], &pair, IPC_LEFT, &events, &left);
	right.c = ipc_open(&loop, fds[1], &pair, IPC_RIGHT, &events, &right);
	return 0;
}

static int setup_raw(void **state)
{
	int fds[2];

	(void)state;
	loop_init(&loop);
	ipc_socketpair(fds);
	left = right = (struct end){ .fd = -1 };
	left.c = ipc_open(&loop, fds[0], &pair, IPC_LEFT, &events, &left);
	raw = fds[1];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ipc_close(left.c);
	ipc_close(right.c);
	loop_fini(&loop);
	buf_free(&left.last);
	buf_free(&right.last);
	return 0;
}

static void test_frames_arrive_with_type_id_and_payload(void **state)
{
	(void)state;
	assert_int_equal(ipc_send(left.c, ASK, 7, slice_lit("hello"), -1), 0);
	assert_int_equal(right.frames, 0); /* never inside the call */
	turns(3);
	assert_int_equal(right.frames, 1);
	assert_int_equal(right.type, ASK);
	assert_int_equal(right.id, 7);
	assert_string_equal(buf_str(&right.last), "hello");
	assert_int_equal(ipc_send(right.c, TELL, 7, SLICE_NONE, -1), 0);
	turns(3);
	assert_int_equal(left.type, TELL);
	assert_int_equal(left.last.n, 0);
}

static void test_long_and_many_frames(void **state)
{
	static uint8_t big[70000];

	(void)state;
	memset(big, 'b', sizeof(big));
	for (int i = 0; i < 2; i++)
		assert_int_equal(ipc_send(right.c, TELL, 1, slice_of(big, sizeof(big)), -1), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(ipc_send(right.c, TELL, 2, slice_lit("x"), -1), 0);
	turns(50);
	assert_int_equal(left.frames, 102);
	assert_int_equal(ipc_queued(right.c), 0);
}

static void test_descriptors_come_with_their_frames(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ipc_send(left.c, ASK, 1, slice_lit("before"), -1), 0);
	assert_int_equal(ipc_send(left.c, GIVE, 2, slice_lit("this"), ends[1]), 0);
	assert_int_equal(ipc_send(left.c, EITHER, 3, slice_lit("after"), -1), 0);
	close(ends[1]);
	turns(10);
	assert_int_equal(right.frames, 3);
	assert_true(right.fd >= 0);
	assert_int_equal(write(right.fd, "y", 1), 1);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(right.fd);
	close(ends[0]);
}

static void test_a_full_queue_refuses_and_tells_when_empty(void **state)
{
	static uint8_t big[70000];

	(void)state;
	assert_int_equal(ipc_send(right.c, TELL, 1, slice_of(big, sizeof(big)), -1), 0);
	assert_int_equal(ipc_send(right.c, TELL, 1, slice_of(big, sizeof(big)), -1), 0);
	assert_int_equal(ipc_send(right.c, TELL, 1, slice_of(big, sizeof(big)), -1), -1);
	turns(50);
	assert_int_equal(left.frames, 2);
	assert_int_equal(right.drained, 1);
	assert_int_equal(ipc_send(right.c, TELL, 1, slice_of(big, sizeof(big)), -1), 0);
}

static void test_pause_and_resume(void **state)
{
	(void)state;
	right.pause_on_frame = true;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ipc_send(left.c, ASK, 0, slice_lit("x"), -1), 0);
	turns(10);
	assert_int_equal(right.frames, 1);
	ipc_resume(right.c);
	assert_int_equal(right.frames, 1);
	turns(10);
	assert_int_equal(right.frames, 2);
	right.pause_on_frame = false;
	ipc_resume(right.c);
	turns(10);
	assert_int_equal(right.frames, 3);
}

static void test_an_event_may_close_its_channel(void **state)
{
	(void)state;
	right.close_on_frame = true;
	assert_int_equal(ipc_send(left.c, ASK, 0, slice_lit("x"), -1), 0);
	assert_int_equal(ipc_send(left.c, ASK, 0, slice_lit("y"), -1), 0);
	turns(10);
	assert_int_equal(right.frames, 1);
	assert_string_equal(left.closed, "the peer is gone");
	assert_int_equal(ipc_send(left.c, ASK, 0, slice_lit("z"), -1), -1);
}

static void test_last_words_arrive_before_the_end(void **state)
{
	(void)state;
	assert_int_equal(ipc_send(right.c, TELL, 0, slice_lit("farewell"), -1), 0);
	ipc_flush(right.c);
	ipc_close(right.c);
	right.c = NULL;
	assert_int_equal(ipc_send(left.c, ASK, 0, slice_lit("x"), -1), 0);
	turns(10);
	assert_string_equal(buf_str(&left.last), "farewell");
	assert_non_null(left.closed);
}

/* What a hijacked or mistaken peer may try: 12 bytes of head, and what becomes of the channel. */
static void test_rules_are_enforced(void **state)
{
	static const struct {
		uint8_t head[IPC_HEAD];
		const char *why;
	} cases[] = {
		{ { 0, 0, 0, 0, 0, 99 }, "a frame of unknown type" },
		{ { 0, 0, 0, 0, 0, ASK }, "a frame that is not the peer's to send" },
		{ { 0, 1, 0x11, 0x71, 0, TELL }, "a frame longer than its row allows" },
		{ { 0xff, 0xff, 0xff, 0xff, 0, TELL }, "a frame longer than its row allows" },
		{ { 0, 0, 0, 0, 0, TELL, 0, 1 }, "a frame with wrong flags" },
		{ { 0, 0, 0, 0, 0, TELL, 0x80, 0 }, "a frame with wrong flags" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(setup_raw(state), 0);
		assert_int_equal(send(raw, cases[i].head, IPC_HEAD, 0), IPC_HEAD);
		turns(5);
		assert_non_null(left.closed);
		assert_string_equal(left.closed, cases[i].why);
		assert_int_equal(left.frames, 0);
		close(raw);
		(void)teardown(state);
	}
}

static void test_a_claimed_descriptor_must_be_there(void **state)
{
	struct ipc_head head;
	static const uint8_t give[IPC_HEAD] = { 0, 0, 0, 0, 0, GIVE, 0, 1, 0, 0, 0, 9 };

	(void)state;
	assert_null(ipc_head_parse(&pair, IPC_LEFT, give, &head));
	assert_true(head.has_fd);
	assert_int_equal(head.id, 9);
	assert_non_null(ipc_head_parse(&pair, IPC_RIGHT, give, &head));
}

/* The tables themselves: no type twice, limits that the queue can hold. */
static void test_tables_are_sound(void **state)
{
	static const struct ipc_pair *const pairs[] = { &ipc_supervisor_role,
							&ipc_supervisor_control, &ipc_control_ca,
							&ipc_control_applier };

	(void)state;
	for (size_t p = 0; p < 4; p++)
		for (size_t i = 0; i < pairs[p]->count; i++) {
			assert_true(pairs[p]->rows[i].most + IPC_HEAD <= pairs[p]->queue_most);
			for (size_t j = 0; j < i; j++)
				assert_int_not_equal(pairs[p]->rows[i].type,
						     pairs[p]->rows[j].type);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_frames_arrive_with_type_id_and_payload, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_long_and_many_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(test_descriptors_come_with_their_frames, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_full_queue_refuses_and_tells_when_empty,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_pause_and_resume, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_event_may_close_its_channel, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_last_words_arrive_before_the_end, setup,
						teardown),
		cmocka_unit_test(test_rules_are_enforced),
		cmocka_unit_test(test_a_claimed_descriptor_must_be_there),
		cmocka_unit_test(test_tables_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
