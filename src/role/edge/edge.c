/* role/edge: meets the internet. This file is the role itself: what it may do, and its life. */
#include "run/role/role.h"

static const struct sandbox_path edge_paths[] = {
	{ ".", SANDBOX_READ },
	{ "public/lock.mdb", SANDBOX_READ | SANDBOX_WRITE }, /* LMDB's table of readers */
	{ "keys/lock.mdb", SANDBOX_READ | SANDBOX_WRITE },
	{ "/etc/resolv.conf", SANDBOX_READ },
	{ "/etc/hosts", SANDBOX_READ },
	{ "/etc/nsswitch.conf", SANDBOX_READ },
	{ "/etc/ssl", SANDBOX_READ },
	{ "/usr/share/ca-certificates", SANDBOX_READ },
	{ NULL, 0 },
};

static const char *const edge_listens[] = { "edge.http.listen", "edge.https.listen", NULL };

static int edge_start(struct role_env *env, struct fail *f)
{
	(void)env;
	(void)f;
	return 0;
}

static void edge_drain(struct role_env *env)
{
	role_finish(env);
}

const struct role edge_role = {
	.name = "edge",
	.folder = "replica",
	.after = "applier",
	.wants_keyring = true,
	.wants_tickets = true,
	.wants_access_log = true,
	.listens = edge_listens,
	.sandbox = { .paths = edge_paths,
		     .calls = SANDBOX_CALLS_FILES | SANDBOX_CALLS_ACCEPT | SANDBOX_CALLS_INTERNET,
		     .connects = true,
		     .files_most = 1048576,
		     .file_bytes = 0 },
	.start = edge_start,
	.drain = edge_drain,
};
