/* role/applier: follows the feed, is the only one that writes the replica, and makes the machine's
 * ticket keys. It parses what control says and nothing else, and opens no file outside its folder. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "proto/crypto/crypto.h"
#include "proto/tls/ticket.h"
#include "role/applier/follow.h"
#include "run/clock/clock.h"
#include "run/log/log.h"
#include "run/random/random.h"
#include "run/role/role.h"

#define TICKETS_EVERY (60 * 1000)

struct applier {
	struct follow follow;
	struct role_env *env;
	struct timer tickets;
	char name[FEED_NAME_MAX + 1];
};

static struct applier applier;

/* ---- who we are ---- */

/* A machine keeps its id when its replica is deleted: it comes from the system's id and our
 * folder, so that two installations on one system are two machines. */
static int read_machine(struct id *out, struct fail *f)
{
	struct buf b = BUF_INIT;
	uint8_t sum[32];
	char folder[4096];
	int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf_reserve(&b, 64), 64);

	if (fd >= 0)
		close(fd);
	b.n = n > 0 ? (size_t)n : 0;
	if (getcwd(folder, sizeof(folder)) == NULL)
		return fail(f, FAIL_SYSTEM, "the replica's folder has no name: %s",
			    strerror(errno));
	buf_add_str(&b, folder);
	crypto_sha256(buf_slice(&b), sum);
	memcpy(out->b, sum, ID_LEN);
	buf_free(&b);
	return 0;
}

/* The feed wants printable ASCII. */
static void read_name(char out[FEED_NAME_MAX + 1])
{
	if (gethostname(out, FEED_NAME_MAX) < 0 || out[0] == 0)
		strcpy(out, "machine");
	for (char *c = out; *c != 0; c++) {
		if (*c <= ' ' || *c > '~')
			*c = '-';
	}
}

static int applier_prepare(struct role_env *env, struct fail *f)
{
	(void)env;
	read_name(applier.name);
	return read_machine(&applier.follow.machine, f);
}

/* ---- ticket keys ---- */

static void on_tickets(struct timer *t)
{
	struct applier *a = container_of(t, struct applier, tickets);
	int made = ticket_page_turn(a->env->tickets, clock_now(), random_bytes);

	if (made > 0)
		log_line(LOG_INFO, "tickets.made", "new session-ticket keys", LOG_I("count", made));
	timer_arm(&a->env->loop, t, TICKETS_EVERY);
}

/* ---- life ---- */

static void want_channel(struct follow *f)
{
	role_want(container_of(f, struct applier, follow)->env, "feed");
}

static void applier_on_peer(struct role_env *env, const char *name, int fd)
{
	(void)env;
	if (strcmp(name, "feed") == 0 && applier.follow.writer != NULL)
		follow_channel(&applier.follow, fd);
	else
		close(fd);
}

static int applier_start(struct role_env *env, struct fail *f)
{
	_Static_assert(sizeof(struct ticket_page) <= ROLE_TICKET_PAGE, "the page holds the keys");
	applier.env = env;
	applier.follow.loop = &env->loop;
	applier.follow.folder = ".";
	applier.follow.map_size = (uint64_t)env->settings.replica_map;
	applier.follow.name = applier.name;
	applier.follow.want_channel = want_channel;
	timer_init(&applier.tickets, on_tickets);
	on_tickets(&applier.tickets);
	return follow_start(&applier.follow, f);
}

static void applier_drain(struct role_env *env)
{
	timer_stop(&applier.tickets);
	follow_stop(&applier.follow);
	role_finish(env);
}

static const struct sandbox_path applier_paths[] = {
	{ ".", SANDBOX_READ | SANDBOX_WRITE },
	{ NULL, 0 },
};

static const char *const applier_listens[] = { NULL };

const struct role applier_role = {
	.name = "applier",
	.folder = "replica",
	.group_of = "edge",
	.alone = true,
	.wants_tickets = true,
	.writes_tickets = true,
	.listens = applier_listens,
	.sandbox = { .paths = applier_paths,
		     .calls = SANDBOX_CALLS_FILES | SANDBOX_CALLS_CHANGE,
		     .file_bytes = UINT64_MAX },
	.prepare = applier_prepare,
	.start = applier_start,
	.drain = applier_drain,
	.on_peer = applier_on_peer,
};
