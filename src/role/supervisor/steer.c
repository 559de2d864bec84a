/* What roles say to the supervisor and are told. A role that breaks the rules of its channel is
 * ended; it will be started again. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "role/supervisor/supervisor_priv.h"
#include "run/log/log.h"

#define TELL_WAIT 500 /* ms */

/* --- channels between roles --- */

static bool has_peer(const struct role *role, const char *name)
{
	for (const char *const *peer = role->peers; peer != NULL && *peer != NULL; peer++)
		if (strcmp(*peer, name) == 0)
			return true;
	return false;
}

static void peer_send(struct process *to, const char *name, int fd)
{
	(void)!ipc_send(to->steer, STEER_PEER, 0, slice_str(name), fd);
}

static void peers_join(struct process *a, struct process *b)
{
	int fds[2];

	ipc_socketpair(fds);
	peer_send(a, b->role->name, fds[0]);
	peer_send(b, a->role->name, fds[1]);
	close(fds[0]);
	close(fds[1]);
}

void steer_peers(struct process *p)
{
	for (size_t i = 0; i < p->s->process_count; i++) {
		struct process *other = &p->s->processes[i];

		if (other != p && other->steer != NULL && has_peer(p->role, other->role->name))
			peers_join(p, other);
	}
}

/* The feed's socket is out of the applier's reach, so we connect for it. */
static int feed_connect(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "run/feed.sock" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void want(struct process *p, struct slice name)
{
	int fd = -1;

	if (strcmp(p->role->name, "applier") == 0 && slice_eq_str(name, "feed"))
		fd = feed_connect();
	if (fd < 0) {
		log_line(LOG_WARNING, "peer.refused", "no such channel for this role, or not now",
			 LOG_S("name", p->role->name), LOG_B("peer", name));
		return;
	}
	peer_send(p, "feed", fd);
	close(fd);
}

/* --- keys --- */

void steer_keyring(struct supervisor *s)
{
	for (size_t i = 0; i < s->process_count; i++) {
		struct process *p = &s->processes[i];

		if (p->steer != NULL && p->role->wants_keyring)
			(void)!ipc_send(p->steer, STEER_KEYRING, 0, secret_slice(&s->keyring), -1);
	}
}

static void answer(struct process *p, uint16_t type, uint32_t id, bool good, const char *words)
{
	struct buf payload = BUF_INIT;

	write_u8(&payload, good ? 0 : 1);
	buf_add_str(&payload, words);
	(void)!ipc_send(p->steer, type, id, buf_slice(&payload), -1);
	buf_free(&payload);
}

static void rotate(struct process *p, uint32_t id)
{
	struct fail f = FAIL_INIT;
	struct id made;
	char hex[ID_HEX + 1];

	if (kek_rotate(p->s, &made, &f) < 0) {
		answer(p, STEER_KEK_ROTATED, id, false, f.words);
		return;
	}
	steer_keyring(p->s);
	id_hex(&made, hex);
	log_line(LOG_INFO, "kek.rotated", "a new key-encryption key is in use", LOG_S("kek", hex));
	answer(p, STEER_KEK_ROTATED, id, true, hex);
}

static void retire(struct process *p, uint32_t id, struct slice hex)
{
	struct fail f = FAIL_INIT;

	if (kek_retire(p->s, hex, &f) < 0) {
		answer(p, STEER_KEK_RETIRED, id, false, f.words);
		return;
	}
	steer_keyring(p->s);
	log_line(LOG_INFO, "kek.retired", "an old key-encryption key is forgotten",
		 LOG_B("kek", hex));
	answer(p, STEER_KEK_RETIRED, id, true, "");
}

static void restart(struct supervisor *s, struct slice name)
{
	for (size_t i = 0; i < s->process_count; i++) {
		struct process *p = &s->processes[i];

		if (!slice_eq_str(name, p->role->name))
			continue;
		p->at_once = true;
		process_drain(p, s->settings.shutdown_timeout);
	}
}

/* --- frames --- */

static void ready(struct process *p)
{
	p->row->state = PROCESS_READY;
	if (p->was_ready)
		return;
	p->was_ready = true;
	supervisor_on_ready(p->s, p);
}

static void failed(struct process *p, struct slice words)
{
	if (!p->s->ready && !p->was_ready)
		supervisor_give_up(p->s, p->role->name, words);
}

/* For a person, so worth a moment; but a terminal that takes nothing must not stop us. */
static void tell(struct slice words)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (poll(&out, 1, TELL_WAIT) != 1 || write(STDOUT_FILENO, words.p, words.n) < 0)
		log_line(LOG_WARNING, "tell.lost", "words for the terminal could not be shown");
}

/* The bytes are the ca's word; whoever trusts root.pem trusts the ca. */
static void root_write(struct process *p, struct slice pem)
{
	struct fail f = FAIL_INIT;

	if (strcmp(p->role->name, "ca") == 0 && file_replace("root.pem", pem, 0644, &f) < 0)
		log_line(LOG_ERROR, "root.unwritten", "root.pem could not be written",
			 LOG_FAIL(&f));
}

static void on_frame(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	struct process *p = ipc_owner(c);

	(void)fd; /* no role may send one */
	switch ((enum ipc_steer)type) {
	case STEER_READY: ready(p); return;
	case STEER_FAILED: failed(p, payload); return;
	case STEER_TELL: tell(payload); return;
	case STEER_ROOT: root_write(p, payload); return;
	case STEER_WANT: want(p, payload); return;
	case STEER_KEK_ROTATE: rotate(p, id); return;
	case STEER_KEK_RETIRE: retire(p, id, payload); return;
	case STEER_RESTART: restart(p->s, payload); return;
	case STEER_DRAIN:
	case STEER_PEER:
	case STEER_KEYRING:
	case STEER_KEK_ROTATED:
	case STEER_KEK_RETIRED: must_not_reach(); /* the channel refuses what is ours to say */
	}
}

/* A process that has closed its channel is ending, or has lost its way. */
static void on_closed(struct ipc *c, const char *why)
{
	struct process *p = ipc_owner(c);

	(void)why;
	ipc_close(c);
	p->steer = NULL;
	process_kill(p);
}

const struct ipc_events steer_events = { on_frame, on_closed, NULL };
