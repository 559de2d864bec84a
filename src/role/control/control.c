/* role/control: truth, API, brain. This file is the role itself: what it may do, and its life. */
#include "run/log/log.h"
#include "run/role/role.h"

static const struct sandbox_path control_paths[] = {
	{ ".", SANDBOX_READ | SANDBOX_WRITE },
	{ "/etc/resolv.conf", SANDBOX_READ },
	{ "/etc/hosts", SANDBOX_READ },
	{ "/etc/nsswitch.conf", SANDBOX_READ },
	{ NULL, 0 },
};

static const char *const control_listens[] = { "api.listen", "run/api.sock", "run/feed.sock",
					       NULL };
static const char *const control_peers[] = { "ca", NULL };

static int control_start(struct role_env *env, struct fail *f)
{
	(void)env;
	(void)f;
	return 0;
}

static void control_drain(struct role_env *env)
{
	role_finish(env);
}

static void control_on_steer(struct role_env *env, uint16_t type, uint32_t id, struct slice payload)
{
	(void)env;
	(void)type;
	(void)id;
	(void)payload;
}

const struct role control_role = {
	.name = "control",
	.folder = "truth",
	.alone = true,
	.reads_metrics = true,
	.listens = control_listens,
	.peers = control_peers,
	.sandbox = { .paths = control_paths,
		     .calls = SANDBOX_CALLS_FILES | SANDBOX_CALLS_CHANGE | SANDBOX_CALLS_ACCEPT |
			      SANDBOX_CALLS_INTERNET | SANDBOX_CALLS_THREADS,
		     .connects = true,
		     .files_most = 65536,
		     .file_bytes = UINT64_MAX },
	.start = control_start,
	.drain = control_drain,
	.on_steer = control_on_steer,
};
