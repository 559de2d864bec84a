/* demo/origin.c: the small origin behind the demo hostname of `make run`: answers every request on
 * 127.0.0.1:PORT with what it saw of it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "net/http_server/http_server.h"
#include "run/loop/loop.h"

static const struct http_server_limits limits = {
	.max_line = 8192,
	.max_head = 65536,
	.max_body = 1 << 20,
	.max_connections = 1024,
	.idle_ms = 60000,
	.head_ms = 10000,
	.body_ms = 10000,
	.write_ms = 10000,
};

static void on_request(void *owner, struct http_exchange *x)
{
	const struct http_header type = { "Content-Type", slice_lit("text/plain; charset=utf-8") };
	struct buf body = BUF_INIT;

	(void)owner;
	buf_addf(&body, "Hello from the demo origin. This is what reached it:\n\n%.*s %.*s\n",
		 SLICE_ARG(x->request->method_text), SLICE_ARG(x->request->target));
	for (size_t i = 0; i < x->request->head.count; i++)
		buf_addf(&body, "%.*s: %.*s\n", SLICE_ARG(x->request->head.fields[i].name),
			 SLICE_ARG(x->request->head.fields[i].value));
	http_exchange_reply(x, 200, &type, 1, buf_slice(&body));
	buf_free(&body);
}

static int listen_on(uint16_t port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, 128) != 0) {
		perror("demo-origin: listen");
		return -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	const struct http_server_events events = { .on_request = on_request };
	struct fail f = FAIL_INIT;
	struct loop loop;
	uint64_t port;

	if (argc != 2 || !text_u64(slice_str(argv[1]), 65535, &port)) {
		(void)fputs("usage: demo-origin PORT\n", stderr);
		return 2;
	}
	int fd = listen_on((uint16_t)port);
	if (fd < 0)
		return 1;
	loop_init(&loop);
	struct http_server *server = http_server_new(&loop, &limits, &events, NULL);
	if (http_server_listen(server, fd, &f) < 0) {
		(void)fprintf(stderr, "demo-origin: %s\n", f.words);
		return 1;
	}
	loop_run(&loop);
	return 0;
}
