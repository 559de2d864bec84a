/* role/ca: makes keys and issues certificates for control, and for nobody else. */
#include "run/role/role.h"

#include <unistd.h>

static const struct sandbox_path ca_paths[] = {
	{ ".", SANDBOX_READ | SANDBOX_WRITE },
	{ NULL, 0 },
};

static const char *const ca_listens[] = { NULL };
static const char *const ca_peers[] = { "control", NULL };

static int ca_start(struct role_env *env, struct fail *f)
{
	(void)env;
	(void)f;
	return 0;
}

static void ca_on_peer(struct role_env *env, const char *name, int fd)
{
	(void)env;
	(void)name;
	close(fd);
}

static void ca_drain(struct role_env *env)
{
	role_finish(env);
}

const struct role ca_role = {
	.name = "ca",
	.folder = "ca",
	.alone = true,
	.wants_keyring = true,
	.listens = ca_listens,
	.peers = ca_peers,
	.sandbox = { .paths = ca_paths,
		     .calls = SANDBOX_CALLS_FILES | SANDBOX_CALLS_CHANGE | SANDBOX_CALLS_THREADS,
		     .file_bytes = UINT64_MAX },
	.start = ca_start,
	.drain = ca_drain,
	.on_peer = ca_on_peer,
};
