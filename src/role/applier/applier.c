/* role/applier: follows the feed and is the only one that writes the replica. */
#include "run/role/role.h"

static const struct sandbox_path applier_paths[] = {
	{ ".", SANDBOX_READ | SANDBOX_WRITE },
	{ NULL, 0 },
};

static const char *const applier_listens[] = { NULL };

static int applier_start(struct role_env *env, struct fail *f)
{
	(void)env;
	(void)f;
	return 0;
}

static void applier_drain(struct role_env *env)
{
	role_finish(env);
}

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
	.start = applier_start,
	.drain = applier_drain,
};
