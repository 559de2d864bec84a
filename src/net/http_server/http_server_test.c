/* The server at one end of a socket pair, the test at the other: bytes in, bytes out. */
#include "net/http_server/http_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run/loop/loop.h"

#define TURNS 5000

struct fixture {
	struct loop loop;
	struct http_server *server;
	struct http_exchange *waiting; /* a request whose reply the test gives itself */
	bool hold;
	bool drained;
	struct buf seen; /* what the owner was asked */
	struct buf got;  /* what came back */
	int fd;
	bool eof;
};

/* Says what it was asked: "GET /path name body\n". */
static void on_request(void *owner, struct http_exchange *x)
{
	struct fixture *f = owner;
	struct buf body = BUF_INIT;
	struct http_header header = { "X-Test", slice_lit("a\r\nb") };

	buf_addf(&f->seen, "%.*s %.*s %s [%.*s]\n", SLICE_ARG(x->request->method_text),
		 SLICE_ARG(x->request->path), x->request->host.text, SLICE_ARG(x->body));
	buf_addf(&body, "answer %.*s", SLICE_ARG(x->body));
	if (f->hold)
		f->waiting = x;
	else
		http_exchange_reply(x, 200, &header, 1, buf_slice(&body));
	buf_free(&body);
}

static void on_refused(void *owner, const struct http_refusal *why, struct buf *body,
		       const char **type)
{
	(void)owner;
	buf_addf(body, "{\"status\":%d}", why->status);
	*type = "application/json";
}

static const struct http_server_limits usual = { .max_line = 200,
						 .max_head = 1000,
						 .max_body = 100,
						 .max_connections = 2,
						 .idle_ms = 60000,
						 .head_ms = 60000,
						 .body_ms = 60000,
						 .write_ms = 60000 };

static void on_drained(void *owner)
{
	struct fixture *f = owner;

	assert_false(f->drained);
	f->drained = true;
}

static int connect_pair(struct fixture *f)
{
	struct fail failure = FAIL_INIT;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(http_server_adopt(f->server, pair[1], &failure), 0);
	return pair[0];
}

static void start(struct fixture *f, const struct http_server_limits *limits)
{
	static const struct http_server_events events = { on_request, on_refused };

	*f = (struct fixture){ .fd = -1 };
	loop_init(&f->loop);
	f->server = http_server_new(&f->loop, limits, &events, f);
	f->fd = connect_pair(f);
}

static void finish(struct fixture *f)
{
	if (f->fd >= 0)
		close(f->fd);
	http_server_free(f->server);
	(void)uv_run(&f->loop.uv, UV_RUN_NOWAIT);
	(void)uv_run(&f->loop.uv, UV_RUN_NOWAIT);
	loop_fini(&f->loop);
	buf_free(&f->seen);
	buf_free(&f->got);
}

static void say(struct fixture *f, struct slice bytes)
{
	assert_int_equal(send(f->fd, bytes.p, bytes.n, MSG_NOSIGNAL), bytes.n);
}

static void say_str(struct fixture *f, const char *text)
{
	say(f, slice_str(text));
}

static void listen_once(struct fixture *f)
{
	uint8_t bytes[4096];
	struct pollfd p = { f->fd, POLLIN, 0 };

	(void)uv_run(&f->loop.uv, UV_RUN_NOWAIT);
	if (f->eof || poll(&p, 1, 1) <= 0)
		return;
	ssize_t n = recv(f->fd, bytes, sizeof(bytes), 0);

	f->eof = n == 0;
	if (n > 0)
		buf_add(&f->got, slice_of(bytes, (size_t)n));
}

/* Runs until `text` has come back (once more than before is not asked for). */
static void expect(struct fixture *f, const char *text)
{
	for (int i = 0; i < TURNS; i++) {
		listen_once(f);
		if (strstr(buf_str(&f->got), text) != NULL)
			return;
	}
	fail_msg("\"%s\" did not come, but: %s", text, buf_str(&f->got));
}

static void expect_end(struct fixture *f)
{
	for (int i = 0; i < TURNS && !f->eof; i++)
		listen_once(f);
	assert_true(f->eof);
}

static void answers_and_keeps_alive(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, &usual);
	say_str(&f, "GET /one HTTP/1.1\r\nHost: A.example\r\n\r\n");
	expect(&f, "answer ");
	assert_non_null(strstr(buf_str(&f.got), "HTTP/1.1 200 OK\r\nDate: "));
	assert_non_null(
		strstr(buf_str(&f.got), "X-Test: a  b\r\nContent-Length: 7\r\n\r\nanswer "));
	buf_clear(&f.got);
	say_str(&f, "POST /two HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc");
	expect(&f, "answer abc");
	assert_string_equal(buf_str(&f.seen), "GET /one a.example []\n"
					      "POST /two a.example [abc]\n");
	assert_int_equal(http_server_connections(f.server), 1);
	finish(&f);
}

static void takes_bytes_one_by_one(void **state)
{
	static const char text[] =
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3\r\nabc\r\n1;x=\"y\"\r\nd\r\n0\r\nT: v\r\n\r\n"
		"GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
	struct fixture f;

	(void)state;
	start(&f, &usual);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		say(&f, slice_of(text + i, 1));
		listen_once(&f);
	}
	expect(&f, "Content-Length: 7");
	assert_string_equal(buf_str(&f.seen), "POST / a [abcd]\nGET /next a []\n");
	finish(&f);
}

static void a_chunked_body_grows(void **state)
{
	struct http_server_limits limits = usual;
	struct buf body = BUF_INIT;
	struct fixture f;

	(void)state;
	limits.max_body = 10000;
	start(&f, &limits);
	say_str(&f, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 1000; i++) {
		char chunk[32];

		(void)snprintf(chunk, sizeof(chunk), "a\r\n%010d\r\n", i);
		buf_addf(&body, "%010d", i);
		say_str(&f, chunk);
		listen_once(&f);
	}
	say_str(&f, "0\r\n\r\n");
	expect(&f, "0000000999");
	assert_non_null(strstr(buf_str(&f.got), buf_str(&body)));
	buf_free(&body);
	finish(&f);
}

static void pipelined_requests_wait_their_turn(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, &usual);
	f.hold = true;
	say_str(&f, "PUT /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
		    "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
		    "DELETE /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
	for (int turn = 0; turn < 20; turn++)
		listen_once(&f);
	assert_string_equal(buf_str(&f.seen), "PUT /1 a [x]\n");
	f.hold = false;
	http_exchange_reply(f.waiting, 201, NULL, 0, slice_lit("first"));
	expect(&f, "answer {}");
	assert_string_equal(buf_str(&f.seen), "PUT /1 a [x]\nGET /2 a []\nDELETE /3 a [{}]\n");
	assert_true(strstr(buf_str(&f.got), "first") < strstr(buf_str(&f.got), "answer "));
	finish(&f);
}

static void head_and_204_have_no_body(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, &usual);
	say_str(&f, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	expect(&f, "Content-Length: 7\r\n\r\n");
	assert_null(strstr(buf_str(&f.got), "answer"));
	buf_clear(&f.got);
	f.hold = true;
	say_str(&f, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n");
	while (f.waiting == NULL)
		listen_once(&f);
	http_exchange_reply(f.waiting, 204, NULL, 0, slice_lit("dropped"));
	expect(&f, "\r\n\r\n");
	assert_null(strstr(buf_str(&f.got), "Content-Length"));
	assert_null(strstr(buf_str(&f.got), "dropped"));
	finish(&f);
}

static void old_clients_are_served(void **state)
{
	static const char *const closing[] = {
		"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start(&f, &usual);
		say_str(&f, closing[i]);
		expect_end(&f);
		assert_non_null(strstr(buf_str(&f.got), "Connection: close\r\n"));
		assert_non_null(strstr(buf_str(&f.got), "answer "));
		finish(&f);
	}
	start(&f, &usual);
	say_str(&f, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	expect(&f, "Connection: keep-alive\r\n\r\nanswer ");
	assert_false(f.eof);
	finish(&f);
}

static void zeros_behind_an_old_request_are_dropped(void **state)
{
	static const char *const heads[] = { "GET / HTTP/1.0\r\n\r\n",
					     "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;

		start(&f, &usual);
		say_str(&f, heads[i]);
		say(&f, slice_lit("\0\0\0\0\0\0"));
		expect_end(&f);
		assert_non_null(strstr(buf_str(&f.got), "200 OK"));
		assert_null(strstr(buf_str(&f.got), "400"));
		finish(&f);
	}
}

static void asks_for_a_body_that_waits(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, &usual);
	say_str(&f,
		"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	expect(&f, "HTTP/1.1 100 Continue\r\n\r\n");
	assert_int_equal(f.seen.n, 0);
	say_str(&f, "ok");
	expect(&f, "answer ok");
	finish(&f);
}

static void refuses_with_the_right_status(void **state)
{
	static const struct {
		const char *text;
		const char *status;
	} rows[] = {
		{ "GET / HTTP/1.1\r\n\r\n", "400 Bad Request" },
		{ "GET / HTTP/1.1\nHost: a\n\n", "400 Bad Request" },
		{ "GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505 HTTP Version Not Supported" },
		{ "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "501 Not Implemented" },
		{ "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n",
		  "413 Content Too Large" },
		{ "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n32\r\n"
		  "12345678901234567890123456789012345678901234567890\r\n33\r\n"
		  "123456789012345678901234567890123456789012345678901",
		  "413 Content Too Large" },
		{ "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx",
		  "400 Bad Request" },
		{ "PUT / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n",
		  "417 Expectation Failed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;

		start(&f, &usual);
		say_str(&f, rows[i].text);
		expect_end(&f);
		if (strstr(buf_str(&f.got), rows[i].status) == NULL)
			fail_msg("row %zu: %s", i, buf_str(&f.got));
		assert_non_null(strstr(buf_str(&f.got), "Connection: close\r\n"));
		assert_non_null(strstr(buf_str(&f.got), "{\"status\":"));
		assert_int_equal(f.seen.n, 0);
		finish(&f);
	}
}

static void limits_hold_at_the_byte(void **state)
{
	char line[300];

	(void)state;
	for (int over = 0; over < 2; over++) {
		struct fixture f;

		start(&f, &usual);
		(void)snprintf(line, sizeof(line), "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n",
			       200 - 14 + over, 0);
		say_str(&f, line);
		expect(&f, over ? "414 URI Too Long" : "200 OK");
		finish(&f);
	}
}

static void slow_peers_are_sent_away(void **state)
{
	static const char *const rows[][2] = {
		{ "GET / HTTP/1.1\r\nHo", "408 Request Timeout" },
		{ "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx",
		  "408 Request Timeout" },
		{ "", "" },
	};
	struct http_server_limits limits = usual;

	(void)state;
	limits.idle_ms = limits.head_ms = limits.body_ms = 5;
	for (size_t i = 0; i < 3; i++) {
		struct fixture f;

		start(&f, &limits);
		say_str(&f, rows[i][0]);
		expect_end(&f);
		assert_non_null(strstr(buf_str(&f.got), rows[i][1]));
		assert_int_equal(f.seen.n, 0);
		finish(&f);
	}
}

static void connections_are_counted(void **state)
{
	struct fixture f;
	int more[4];

	(void)state;
	start(&f, &usual);
	for (size_t i = 0; i < 4; i++)
		more[i] = connect_pair(&f);
	assert_int_equal(http_server_connections(f.server), 5);
	int first = f.fd;

	f.fd = more[1]; /* the third */
	expect(&f, "503 Service Unavailable");
	f.fd = more[3]; /* the fifth: not even that */
	buf_clear(&f.got);
	f.eof = false;
	expect_end(&f);
	assert_int_equal(f.got.n, 0);
	f.fd = first;
	for (size_t i = 0; i < 4; i++)
		close(more[i]);
	finish(&f);
}

static void a_peer_that_left_is_no_harm(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, &usual);
	f.hold = true;
	say_str(&f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	while (f.waiting == NULL)
		listen_once(&f);
	assert_true(f.waiting->peer->local);
	assert_int_equal(f.waiting->peer->uid, getuid());
	assert_int_equal(f.waiting->peer->pid, getpid());
	close(f.fd);
	f.fd = -1;
	f.eof = true;
	listen_once(&f);
	http_exchange_wipe(f.waiting);
	http_exchange_reply(f.waiting, 200, NULL, 0, slice_lit("nobody hears"));
	for (int i = 0; i < TURNS && http_server_connections(f.server) > 0; i++)
		listen_once(&f);
	assert_int_equal(http_server_connections(f.server), 0);
	finish(&f);
}

static void drains(void **state)
{
	struct fixture f;
	int idle;

	(void)state;
	start(&f, &usual);
	f.hold = true;
	say_str(&f, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n");
	while (f.waiting == NULL)
		listen_once(&f);
	idle = connect_pair(&f);
	http_server_drain(f.server, on_drained);
	for (int i = 0; i < 20; i++)
		listen_once(&f);
	assert_int_equal(http_server_connections(f.server), 1);
	assert_false(f.drained);
	http_exchange_reply(f.waiting, 200, NULL, 0, slice_lit("last"));
	expect(&f, "Connection: close\r\n\r\nlast");
	assert_null(strstr(buf_str(&f.seen), "/never"));
	close(f.fd);
	f.fd = -1;
	f.eof = true;
	for (int i = 0; i < TURNS && !f.drained; i++)
		listen_once(&f);
	assert_true(f.drained);
	close(idle);
	finish(&f);
}

static void listens_on_tcp(void **state)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct sockaddr_in at;
	socklen_t n = sizeof(at);
	struct fail failure = FAIL_INIT;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct fixture f;

	(void)state;
	start(&f, &usual);
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	assert_int_equal(http_server_listen(f.server, fd, &failure), 0);
	close(f.fd);
	f.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(f.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	f.hold = true;
	say_str(&f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	while (f.waiting == NULL)
		listen_once(&f);
	assert_false(f.waiting->peer->local);
	assert_int_equal(dns_address_class(&f.waiting->peer->address), DNS_ADDRESS_LOOPBACK);
	http_exchange_reply(f.waiting, 200, NULL, 0, slice_lit("by tcp"));
	expect(&f, "by tcp");
	finish(&f);
}

static void what_is_no_socket_is_refused(void **state)
{
	struct fail failure = FAIL_INIT;
	struct fixture f;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	start(&f, &usual);
	assert_int_equal(http_server_listen(f.server, fd, &failure), -1);
	assert_int_equal(failure.kind, FAIL_SYSTEM);
	assert_int_equal(http_server_adopt(f.server, fd, &failure), -1);
	close(fd);
	finish(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_and_keeps_alive),
		cmocka_unit_test(takes_bytes_one_by_one),
		cmocka_unit_test(a_chunked_body_grows),
		cmocka_unit_test(pipelined_requests_wait_their_turn),
		cmocka_unit_test(head_and_204_have_no_body),
		cmocka_unit_test(old_clients_are_served),
		cmocka_unit_test(zeros_behind_an_old_request_are_dropped),
		cmocka_unit_test(asks_for_a_body_that_waits),
		cmocka_unit_test(refuses_with_the_right_status),
		cmocka_unit_test(limits_hold_at_the_byte),
		cmocka_unit_test(slow_peers_are_sent_away),
		cmocka_unit_test(connections_are_counted),
		cmocka_unit_test(a_peer_that_left_is_no_harm),
		cmocka_unit_test(drains),
		cmocka_unit_test(listens_on_tcp),
		cmocka_unit_test(what_is_no_socket_is_refused),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("net/http_server", tests, NULL, NULL);
}
