/* Bytes that arrive go to one buffer, descriptors to a short queue beside it. The kernel gives a
 * descriptor together with (some of) the bytes it was sent with, never later, and in order; so a
 * frame that claims one (FLAG_FD) takes the first of the queue when the frame is complete.
 *
 * A descriptor is sent with a sendmsg() of its own, so that frames before it are not mixed with it.
 *
 * All of a channel's memory is freed by the close callback of its poll handle, so an event may
 * close the channel it comes from: the loops here look at `open` after each event.
 */
#include "run/ipc/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/must.h"

#define FLAG_FD   1
#define FDS_MOST  8 /* received and not yet claimed by a frame */
#define READ_SIZE (64 * 1024)
#define READ_TURN 16 /* reads of one channel before the others have their turn */

/* A descriptor waiting to be sent: when `at` bytes of the queue have gone before it. */
struct fd_out {
	struct list link;
	uint64_t at;
	int fd;
};

struct ipc {
	uv_poll_t poll;
	struct loop *loop;
	const struct ipc_pair *pair;
	enum ipc_side me;
	const struct ipc_events *events;
	void *owner;
	int fd;
	bool open;   /* false after ipc_close() */
	bool mute;   /* the peer reads no more; what it sent before may still be there */
	bool broken; /* nothing more to read; on_closed was or will be called */
	bool paused;
	bool tell_drained;
	const char *why;
	struct deferred closed; /* reports `why` from the loop */
	struct deferred more;   /* parses what is there after a pause or a long turn */
	struct buf in;
	int fds[FDS_MOST];
	size_t fd_count;
	struct buf out;
	size_t sent; /* of out */
	uint64_t sent_total, queued_total;
	struct list fds_out;
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void poll_set(struct ipc *c)
{
	int events = (c->paused ? 0 : UV_READABLE) | (ipc_queued(c) > 0 ? UV_WRITABLE : 0);

	if (!c->open || c->broken || events == 0)
		uv_poll_stop(&c->poll);
	else
		must(uv_poll_start(&c->poll, events, on_poll) == 0);
}

static void channel_break(struct ipc *c, const char *why)
{
	if (c->broken)
		return;
	c->broken = true;
	c->why = why;
	poll_set(c);
	loop_defer(c->loop, &c->closed);
}

static void on_broken(struct deferred *d)
{
	struct ipc *c = container_of(d, struct ipc, closed);

	c->events->on_closed(c, c->why);
}

/* --- heads --- */

static const struct ipc_row *row_find(const struct ipc_pair *pair, uint16_t type)
{
	for (size_t i = 0; i < pair->count; i++)
		if (pair->rows[i].type == type)
			return &pair->rows[i];
	return NULL;
}

const char *ipc_head_parse(const struct ipc_pair *pair, enum ipc_side sender,
			   const uint8_t bytes[IPC_HEAD], struct ipc_head *out)
{
	struct reader r = reader_of(slice_of(bytes, IPC_HEAD));
	struct ipc_head head = { .length = read_u32(&r), .type = read_u16(&r) };
	uint16_t flags = read_u16(&r);
	const struct ipc_row *row = row_find(pair, head.type);

	head.id = read_u32(&r);
	head.has_fd = flags == FLAG_FD;
	if (row == NULL)
		return "a frame of unknown type";
	if (row->sender != sender && row->sender != IPC_BOTH)
		return "a frame that is not the peer's to send";
	if (head.length > row->most)
		return "a frame longer than its row allows";
	if (flags > FLAG_FD || head.has_fd != row->carries_fd)
		return "a frame with wrong flags";
	*out = head;
	return NULL;
}

/* --- receiving --- */

static int fd_claim(struct ipc *c)
{
	int fd = c->fds[0];

	memmove(c->fds, c->fds + 1, --c->fd_count * sizeof(int));
	return fd;
}

/* One frame from the front of the buffer, at *at. False when there is none to give. */
static bool frame_next(struct ipc *c, size_t *at)
{
	struct slice rest = slice_from(buf_slice(&c->in), *at);
	struct ipc_head head;
	const char *wrong;
	int fd = -1;

	if (!c->open || c->broken || c->paused || rest.n < IPC_HEAD)
		return false;
	wrong = ipc_head_parse(c->pair, c->me == IPC_LEFT ? IPC_RIGHT : IPC_LEFT, rest.p, &head);
	if (wrong == NULL && rest.n < IPC_HEAD + head.length)
		return false;
	if (wrong == NULL && head.has_fd && c->fd_count == 0)
		wrong = "a frame without its descriptor";
	if (wrong != NULL) {
		channel_break(c, wrong);
		return false;
	}
	*at += IPC_HEAD + head.length;
	if (head.has_fd)
		fd = fd_claim(c);
	c->events->on_frame(c, head.type, head.id, slice_sub(rest, IPC_HEAD, head.length), fd);
	return true;
}

static void frames_give(struct ipc *c)
{
	size_t at = 0;

	while (frame_next(c, &at))
		;
	buf_drop(&c->in, at);
}

static void on_more(struct deferred *d)
{
	frames_give(container_of(d, struct ipc, more));
}

/* Takes the descriptors out of a received message; false when there are more than we hold. */
static bool fds_take(struct ipc *c, struct msghdr *m)
{
	bool fits = (m->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h != NULL; h = CMSG_NXTHDR(m, h)) {
		size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
			if (c->fd_count < FDS_MOST) {
				c->fds[c->fd_count++] = fd;
				continue;
			}
			close(fd);
			fits = false;
		}
	}
	return fits;
}

/* False when there is nothing more to read now, or ever. */
static bool receive(struct ipc *c)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(FDS_MOST * sizeof(int))];
	} control;
	struct iovec v = { buf_reserve(&c->in, READ_SIZE), READ_SIZE };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(c->fd, &m, MSG_CMSG_CLOEXEC);

	if (got < 0 && errno == EINTR)
		return true;
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		channel_break(c, "the peer is gone");
		return false;
	}
	c->in.n += (size_t)got;
	if (!fds_take(c, &m)) {
		channel_break(c, "too many descriptors");
		return false;
	}
	frames_give(c);
	return got == READ_SIZE;
}

/* --- sending --- */

static ssize_t send_some(struct ipc *c, struct slice bytes, int fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	union {
		const uint8_t *in;
		void *out;
	} p = { bytes.p }; /* sendmsg() takes what it only reads as not const */
	struct iovec v = { p.out, bytes.n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	if (fd >= 0) {
		control.align = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						  .cmsg_level = SOL_SOCKET,
						  .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(int));
		m.msg_control = &control;
		m.msg_controllen = CMSG_LEN(sizeof(int));
	}
	return sendmsg(c->fd, &m, MSG_NOSIGNAL);
}

static struct fd_out *fd_out_first(struct ipc *c)
{
	struct list *link = list_first(&c->fds_out);

	return link == NULL ? NULL : container_of(link, struct fd_out, link);
}

static void fd_out_free(struct fd_out *o)
{
	list_remove(&o->link);
	close(o->fd);
	free(o);
}

/* The peer reads no more. Reading goes on, to its last words and the end. */
static void queue_drop(struct ipc *c)
{
	struct fd_out *o;

	while ((o = fd_out_first(c)) != NULL)
		fd_out_free(o);
	c->mute = true;
	c->sent = c->out.n;
}

static bool flush_once(struct ipc *c)
{
	struct slice bytes = slice_from(buf_slice(&c->out), c->sent);
	struct fd_out *o = fd_out_first(c);
	bool due = o != NULL && o->at == c->sent_total;
	ssize_t gone;

	if (o != NULL && !due)
		bytes.n = (size_t)(o->at - c->sent_total);
	gone = send_some(c, bytes, due ? o->fd : -1);
	if (gone < 0 && errno == EINTR)
		return true;
	if (gone < 0 && errno == EAGAIN)
		return false;
	if (gone < 0) {
		queue_drop(c);
		return false;
	}
	if (due)
		fd_out_free(o);
	c->sent += (size_t)gone;
	c->sent_total += (uint64_t)gone;
	return true;
}

void ipc_flush(struct ipc *c)
{
	while (ipc_queued(c) > 0 && flush_once(c))
		;
	if (ipc_queued(c) == 0) {
		buf_clear(&c->out);
		c->sent = 0;
	}
	poll_set(c);
}

static void drained_tell(struct ipc *c)
{
	if (!c->tell_drained || c->mute || ipc_queued(c) > c->pair->queue_most / 8)
		return;
	c->tell_drained = false;
	if (c->events->on_drained != NULL)
		c->events->on_drained(c);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct ipc *c = container_of(poll, struct ipc, poll);

	if (status < 0) {
		channel_break(c, "the channel failed");
		return;
	}
	if ((events & UV_WRITABLE) != 0) {
		ipc_flush(c);
		drained_tell(c);
	}
	for (int i = 0; (events & UV_READABLE) != 0 && c->open && !c->broken && !c->paused; i++)
		if (i == READ_TURN || !receive(c))
			break;
}

static void frame_queue(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	if (c->sent > READ_SIZE) {
		buf_drop(&c->out, c->sent);
		c->sent = 0;
	}
	if (fd >= 0) {
		struct fd_out *o = calloc(1, sizeof(*o));

		must(o != NULL);
		o->at = c->queued_total;
		o->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		must(o->fd >= 0);
		list_append(&c->fds_out, &o->link);
	}
	write_u32(&c->out, (uint32_t)payload.n);
	write_u16(&c->out, type);
	write_u16(&c->out, fd >= 0 ? FLAG_FD : 0);
	write_u32(&c->out, id);
	buf_add(&c->out, payload);
	c->queued_total += IPC_HEAD + payload.n;
}

int ipc_send(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	const struct ipc_row *row = row_find(c->pair, type);
	size_t queued = ipc_queued(c);

	must(row != NULL && (row->sender == c->me || row->sender == IPC_BOTH));
	must(payload.n <= row->most && row->carries_fd == (fd >= 0));
	if (c->broken || c->mute)
		return -1;
	if (queued + IPC_HEAD + payload.n > c->pair->queue_most) {
		c->tell_drained = true;
		return -1;
	}
	frame_queue(c, type, id, payload, fd);
	if (ipc_queued(c) > c->pair->queue_most / 2)
		c->tell_drained = true;
	poll_set(c);
	return 0;
}

size_t ipc_queued(const struct ipc *c)
{
	return c->out.n - c->sent;
}

void ipc_pause(struct ipc *c)
{
	c->paused = true;
	poll_set(c);
}

void ipc_resume(struct ipc *c)
{
	c->paused = false;
	poll_set(c);
	if (c->in.n > 0)
		loop_defer(c->loop, &c->more);
}

/* --- life --- */

struct ipc *ipc_open(struct loop *l, int fd, const struct ipc_pair *pair, enum ipc_side me,
		     const struct ipc_events *events, void *owner)
{
	struct ipc *c = calloc(1, sizeof(*c));

	must(c != NULL);
	*c = (struct ipc){ .loop = l, .pair = pair, .me = me, .events = events, .owner = owner };
	c->fd = fd;
	c->open = true;
	list_init(&c->fds_out);
	deferred_init(&c->closed, on_broken);
	deferred_init(&c->more, on_more);
	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0);
	must(uv_poll_init(&l->uv, &c->poll, fd) == 0);
	poll_set(c);
	return c;
}

static void on_poll_closed(uv_handle_t *handle)
{
	struct ipc *c = container_of((uv_poll_t *)(void *)handle, struct ipc, poll);

	buf_free_wiped(&c->in);
	buf_free_wiped(&c->out);
	free(c);
}

void ipc_close(struct ipc *c)
{
	if (c == NULL)
		return;
	must(c->open);
	c->open = false;
	deferred_cancel(&c->closed);
	deferred_cancel(&c->more);
	queue_drop(c);
	while (c->fd_count > 0)
		close(fd_claim(c));
	uv_close((uv_handle_t *)&c->poll, on_poll_closed);
	close(c->fd);
}

void *ipc_owner(const struct ipc *c)
{
	return c->owner;
}

void ipc_socketpair(int fds[2])
{
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
}
