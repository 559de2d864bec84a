/* role/control: truth, API, brain. This file is the role itself: what it may do, and its life. */
#include <jansson.h>
#include <stdlib.h>

#include "base/must.h"
#include "role/control/api/server.h"
#include "role/control/greeting.h"
#include "role/control/rotation.h"
#include "role/control/truth.h"
#include "run/random/random.h"
#include "run/role/role.h"

struct control {
	struct truth truth;
	struct rotation rotation;
	struct api api;
};

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

/* Members of JSON objects are hashed with this seed; it must be there before the first thread. */
static void json_seed(void)
{
	uint32_t seed = 0;

	while (seed == 0)
		random_bytes(&seed, sizeof(seed));
	json_object_seed(seed);
}

static int control_start(struct role_env *env, struct fail *f)
{
	struct control *c = calloc(1, sizeof(*c));

	must(c != NULL);
	env->state = c;
	json_seed();
	if (truth_open(&c->truth, env, f) < 0)
		return fail_pass(f, "the truth");
	rotation_init(&c->rotation, &c->truth, env);
	if (truth_start(&c->truth, env, f) < 0)
		return -1;
	if (api_open(&c->api, &c->truth, env, f) < 0)
		return fail_pass(f, "the API");
	c->api.rotation = &c->rotation;
	greeting_show(env);
	return 0;
}

/* Nobody asks any more: what was submitted ends, then the loop. */
static void on_drained(struct api *api)
{
	struct control *c = container_of(api, struct control, api);

	api_close(&c->api);
	rotation_fini(&c->rotation);
	truth_close(&c->truth);
	role_finish(api->env);
}

static void control_drain(struct role_env *env)
{
	struct control *c = env->state;

	api_drain(&c->api, on_drained);
}

static void control_on_peer(struct role_env *env, const char *name, int fd)
{
	struct control *c = env->state;

	truth_on_peer(&c->truth, name, fd);
}

static void control_on_steer(struct role_env *env, uint16_t type, uint32_t id, struct slice payload)
{
	struct control *c = env->state;

	(void)id;
	rotation_on_steer(&c->rotation, type, payload);
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
		     .connect_port = 53, /* long answers to TXT questions come by TCP */
		     .files_most = 65536,
		     .file_bytes = UINT64_MAX },
	.start = control_start,
	.drain = control_drain,
	.on_peer = control_on_peer,
	.on_steer = control_on_steer,
};
