#include "role/edge/door.h"

#include "role/edge/conn.h"
#include "run/log/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_MS 100

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_pause_over(struct timer *t)
{
	struct door *d = container_of(t, struct door, pause);

	must(uv_poll_start(&d->poll, UV_READABLE, on_readable) == 0);
}

static void pause_door(struct door *d)
{
	log_line(LOG_WARNING, "door.paused", "no connections are accepted for a moment",
		 LOG_S("reason", strerror(errno)));
	metrics_add(METRIC_edge_refused_descriptors, 1);
	uv_poll_stop(&d->poll);
	timer_arm(d->edge->loop, &d->pause, PAUSE_MS);
}

/* Best effort: the client's request, if it is there, is taken first, else closing would reset the
 * connection and the answer with it. */
static void turn_away(int fd, bool secure)
{
	static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
				   "Retry-After: 1\r\nConnection: close\r\n\r\n";
	char request[4096];

	if (!secure && recv(fd, request, sizeof(request), MSG_DONTWAIT) >= -1 &&
	    send(fd, full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
}

static void take(struct door *d, int fd, const struct dns_address *peer)
{
	struct edge *e = d->edge;

	metrics_add(d->secure ? METRIC_edge_accepted_https : METRIC_edge_accepted_http, 1);
	if (e->conn_count >= (size_t)e->settings->edge_connections) {
		metrics_add(METRIC_edge_refused_worker, 1);
		turn_away(fd, d->secure);
		return;
	}
	struct crowd_seat *seat = crowd_enter(&e->crowd, peer);
	if (seat == NULL) {
		metrics_add(METRIC_edge_refused_network, 1);
		turn_away(fd, d->secure);
		return;
	}
	conn_new(e, fd, peer, seat, d->secure);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct door *d = container_of(poll, struct door, poll);
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	struct dns_address peer;

	(void)events;
	if (status < 0)
		return;
	int fd = accept4(d->fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0 && dns_address_from_socket((const struct sockaddr *)&from, &peer, NULL))
		take(d, fd, &peer);
	else if (fd >= 0)
		close(fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		pause_door(d);
}

int door_open(struct edge *e, struct door *d, int fd, bool secure, struct fail *f)
{
	int on = 1;

	*d = (struct door){ .edge = e, .fd = fd, .secure = secure };
	timer_init(&d->pause, on_pause_over);
	/* Accepted sockets inherit it. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	int r = uv_poll_init(&e->loop->uv, &d->poll, fd);
	if (r == 0)
		r = uv_poll_start(&d->poll, UV_READABLE, on_readable);
	if (r < 0)
		return fail(f, FAIL_SYSTEM, "a listening socket cannot be used: %s",
			    uv_strerror(r));
	return 0;
}

static void on_closed(uv_handle_t *h)
{
	close(container_of((uv_poll_t *)h, struct door, poll)->fd);
}

void door_close(struct door *d)
{
	timer_stop(&d->pause);
	uv_close((uv_handle_t *)&d->poll, on_closed);
}
