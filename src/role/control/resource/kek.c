#include "role/control/rotation.h"

#include "model/audit.h"
#include "model/census.h"
#include "role/control/api/server.h"
#include "role/control/resource/resources.h"

struct keks {
	json_t *rows;
	struct id ids[ROTATION_OLD_MAX];
	size_t count;
};

static void on_kek(void *arg, const struct id *kek, int64_t keys, stamp since)
{
	struct keks *all = arg;
	json_t *o = json_id(kek);

	json_set_null(o, "state"); /* filled in on the loop */
	json_set_stamp(o, "created_on", since);
	json_set_int(o, "wrapped", keys);
	json_array_append_new(all->rows, o);
	if (all->count < ROTATION_OLD_MAX)
		all->ids[all->count++] = *kek;
}

static int kek_get(struct api_call *c, struct fail *f)
{
	struct keks *all = arena_new(c->arena, struct keks);

	c->state = all;
	c->result = json_object();
	all->rows = json_array();
	json_set(c->result, "keks", all->rows);
	return census_keks(c->tx, on_kek, all, f);
}

/* The key that was told last is current; before the first rotation of this process, the newest. */
static void set_states(const struct rotation *r, json_t *rows)
{
	size_t i;
	size_t last = json_array_size(rows);
	char hex[ID_HEX + 1];
	json_t *row;

	id_hex(&r->current, hex);
	json_array_foreach(rows, i, row)
	{
		bool current = id_is_zero(&r->current) ? i + 1 == last
						       : strcmp(json_get_str(row, "id"), hex) == 0;
		json_set_str(row, "state", current ? "current" : "old");
	}
}

static void show(struct api_call *c)
{
	const struct rotation *r = c->api->rotation;
	json_t *o = c->result;
	json_t *rotation = json_object();

	set_states(r, json_object_get(o, "keks"));
	json_set_str(rotation, "phase", rotation_phase_name(r->phase));
	json_set_int(rotation, "keys", (int64_t)r->keys);
	json_set_int(rotation, "left", (int64_t)r->rewrap.left);
	json_set_stamp(rotation, "started_at", r->started_at);
	json_set_stamp(rotation, "finished_at", r->finished_at);
	json_set_str(rotation, "error", r->error[0] != '\0' ? r->error : NULL);
	json_set(o, "rotation", rotation);
}

static int after_rotate(struct api_call *c, struct fail *f)
{
	const struct keks *all = c->state;

	if (rotation_begin(c->api->rotation, all->ids, all->count, f) < 0)
		return -1;
	show(c);
	return 0;
}

static int after_get(struct api_call *c, struct fail *f)
{
	(void)f;
	show(c);
	return 0;
}

static int kek_post(struct api_call *c, struct fail *f)
{
	const struct slice kind = slice_lit("kek");
	const struct audit_note note = { .action = "kek.rotate",
					 .object_kind = "kek",
					 .object_name = kind,
					 .account = c->who.account };

	return audit_append(c->tx, &c->act, &note, f) < 0 ? -1 : kek_get(c, f);
}

const struct api_route kek_routes[] = {
	{ "GET", "/everseal/kek", API_SYSTEM, API_READ, kek_get, .after = after_get,
	  .summary = "Key-encryption keys, and how far a rotation is" },
	{ "POST", "/everseal/kek/rotate", API_SYSTEM, API_WRITE, kek_post, .after = after_rotate,
	  .status = 202, .summary = "Make a new key-encryption key and wrap every key anew" },
	API_ROUTES_END,
};
