/* Log and access lines are copied unread, whole lines at a time. Nothing here may wait: before
 * each write to a pipe or terminal poll() is asked, and a pipe that says yes takes at least
 * PIPE_BUF bytes. While the outlet is stuck nothing is read either, so that the role's pipe fills
 * and the role counts what it drops. What a file cannot take (disk full) is lost and counted. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "role/supervisor/supervisor_priv.h"

#define READ_SIZE (64 * 1024)
#define STUCK_MS  50 /* until a stuck outlet is tried again */

int outlet_open(struct outlet *o, const char *path, struct fail *f)
{
	*o = (struct outlet){ .fd = -1 };
	if (path[0] == '\0')
		return 0;
	if (strcmp(path, "-") == 0) {
		o->fd = STDERR_FILENO;
		return 0;
	}
	o->path = path;
	outlet_reopen(o);
	if (o->fd < 0)
		return fail(f, FAIL_SYSTEM, "log file %s cannot be opened: %s", path,
			    strerror(errno));
	return 0;
}

void outlet_reopen(struct outlet *o)
{
	int fd;

	if (o->path == NULL)
		return;
	fd = open(o->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
	if (fd < 0)
		return; /* the old one goes on */
	if (o->fd >= 0)
		close(o->fd);
	o->fd = fd;
}

/* As many whole lines as one write may have, or that many bytes of a longer line. A file takes
 * whatever it is given. */
static size_t portion(const struct outlet *o, struct slice bytes)
{
	size_t most = o->path == NULL ? PIPE_BUF : READ_SIZE;
	size_t n = bytes.n < most ? bytes.n : most;
	size_t end = n;

	while (end > 0 && bytes.p[end - 1] != '\n')
		end--;
	return end > 0 ? end : n == most ? n : 0;
}

static bool takes(const struct outlet *o)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };

	return o->path != NULL || poll(&p, 1, 0) == 1;
}

/* Bytes that are done with, written or lost; 0 when the outlet is stuck or no line is whole. */
static size_t outlet_write(struct outlet *o, struct slice bytes)
{
	size_t n = portion(o, bytes);
	ssize_t written;

	if (n == 0 || o->fd < 0 || !takes(o))
		return o->fd < 0 ? bytes.n : 0;
	written = write(o->fd, bytes.p, n);
	if (written >= 0)
		return (size_t)written;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	o->lost += n;
	return n;
}

struct drain {
	uv_poll_t poll;
	struct loop *loop;
	struct outlet *to;
	int fd;
	struct buf held;
	struct timer stuck;
};

static void on_readable(uv_poll_t *poll, int status, int events);

static void copy(struct drain *d)
{
	size_t at = 0;
	size_t n;

	while ((n = outlet_write(d->to, slice_from(buf_slice(&d->held), at))) > 0)
		at += n;
	buf_drop(&d->held, at);
}

static bool is_stuck(const struct drain *d)
{
	return portion(d->to, buf_slice(&d->held)) > 0;
}

static void wait_next(struct drain *d)
{
	if (is_stuck(d)) {
		uv_poll_stop(&d->poll);
		timer_arm(d->loop, &d->stuck, STUCK_MS);
		return;
	}
	must(uv_poll_start(&d->poll, UV_READABLE, on_readable) == 0);
}

static void on_stuck(struct timer *t)
{
	struct drain *d = container_of(t, struct drain, stuck);

	copy(d);
	wait_next(d);
}

static bool fill(struct drain *d)
{
	ssize_t n = read(d->fd, buf_reserve(&d->held, READ_SIZE), READ_SIZE);

	if (n > 0)
		d->held.n += (size_t)n;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct drain *d = container_of(poll, struct drain, poll);

	(void)events;
	if (status < 0 || !fill(d)) {
		uv_poll_stop(&d->poll); /* all writers are gone; drain_close() follows */
		return;
	}
	copy(d);
	wait_next(d);
}

struct drain *drain_open(struct loop *l, int fd, struct outlet *to)
{
	struct drain *d = calloc(1, sizeof(*d));

	must(d != NULL);
	d->loop = l;
	d->fd = fd;
	d->to = to;
	timer_init(&d->stuck, on_stuck);
	must(uv_poll_init(&l->uv, &d->poll, fd) == 0); /* makes fd non-blocking */
	wait_next(d);
	return d;
}

static void on_closed(uv_handle_t *handle)
{
	struct drain *d = container_of((uv_poll_t *)(void *)handle, struct drain, poll);

	buf_free(&d->held);
	free(d);
}

void drain_close(struct drain *d)
{
	if (d == NULL)
		return;
	while (!is_stuck(d)) {
		size_t before = d->held.n;

		if (!fill(d) || d->held.n == before)
			break;
		copy(d);
	}
	timer_stop(&d->stuck);
	uv_close((uv_handle_t *)&d->poll, on_closed);
	close(d->fd);
}
