/* Any bytes from a peer, to each side of each pair, in two pieces: frames are given or the channel
 * closes; nothing is given that its table forbids. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/must.h"
#include "run/ipc/pairs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ipc_pair *const pairs[] = { &ipc_supervisor_role, &ipc_supervisor_control,
						&ipc_control_ca, &ipc_control_applier };

struct target {
	const struct ipc_pair *pair;
	enum ipc_side sender;
};

static const struct ipc_row *row_of(const struct ipc_pair *pair, uint16_t type)
{
	for (size_t i = 0; i < pair->count; i++)
		if (pair->rows[i].type == type)
			return &pair->rows[i];
	return NULL;
}

static void on_frame(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	struct target *t = ipc_owner(c);
	const struct ipc_row *row = row_of(t->pair, type);

	(void)id;
	must(row != NULL && row->sender == t->sender && payload.n <= row->most);
	must(fd < 0); /* bytes alone bring no descriptor */
}

static void on_closed(struct ipc *c, const char *why)
{
	(void)c;
	must(why != NULL);
}

static const struct ipc_events events = { on_frame, on_closed, NULL };

static void send_some(int fd, const uint8_t *p, size_t n)
{
	if (n > 0)
		(void)!send(fd, p, n, MSG_NOSIGNAL);
}

static void play(struct target *t, const uint8_t *data, size_t size)
{
	struct loop l;
	struct ipc *c;
	int fds[2];

	loop_init(&l);
	ipc_socketpair(fds);
	c = ipc_open(&l, fds[0], t->pair, t->sender == IPC_LEFT ? IPC_RIGHT : IPC_LEFT, &events, t);
	send_some(fds[1], data, size / 2);
	uv_run(&l.uv, UV_RUN_NOWAIT);
	send_some(fds[1], data + size / 2, size - size / 2);
	close(fds[1]);
	for (int i = 0; i < 4; i++)
		uv_run(&l.uv, UV_RUN_NOWAIT);
	ipc_close(c);
	loop_fini(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target t;

	if (size < 1 || size > 100000)
		return 0;
	t.pair = pairs[data[0] % 4];
	t.sender = (data[0] & 4) != 0 ? IPC_LEFT : IPC_RIGHT;
	play(&t, data + 1, size - 1);
	return 0;
}
