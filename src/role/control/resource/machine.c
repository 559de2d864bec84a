/* The machines that follow the truth. Who is heard and how far is known on the loop. */
#include "model/machine.h"

#include "role/control/api/server.h"
#include "role/control/fleet.h"
#include "role/control/resource/resources.h"
#include "role/control/truth.h"

static const struct api_field edit_fields[] = {
	{ "drained", FIELD_BOOL, FIELD_REQUIRED,
	  .about = "Not waited for when it is asked where a change is live." },
	FIELD_END,
};

static bool on_machine(void *arg, const struct machine_row *row)
{
	struct id *id = arg;

	if (!id_eq(id, &row->id))
		return true;
	*id = (struct id){ { 0 } };
	return false;
}

static int exists(struct api_call *c, const struct id *id, struct fail *f)
{
	struct id looked_for = *id;

	if (machine_each(c->tx, on_machine, &looked_for, f) < 0)
		return -1;
	return id_is_zero(&looked_for) ? 0 : fail(f, FAIL_ABSENT, "no such machine");
}

static int machine_list(struct api_call *c, struct fail *f)
{
	(void)f;
	c->result = json_array();
	return 0;
}

static const char *state_of(const struct fleet_machine *m)
{
	if (m->drained)
		return "drained";
	return m->heard ? "live" : "silent";
}

struct showing {
	json_t *rows;
	const struct id *only; /* NULL: all */
	struct id epoch;
	uint64_t head;
};

static bool show(void *arg, const struct fleet_machine *m)
{
	struct showing *s = arg;

	if (s->only != NULL && !id_eq(s->only, &m->id))
		return true;
	bool same = id_eq(&s->epoch, &m->epoch);
	json_t *o = json_id(&m->id);
	json_set_str(o, "name", m->name);
	json_set_str(o, "state", state_of(m));
	json_set_bool(o, "drained", m->drained);
	json_set_hex(o, "epoch", &m->epoch);
	json_set_int(o, "seq", (int64_t)m->seq);
	json_set_int(o, "behind", same && m->seq <= s->head ? (int64_t)(s->head - m->seq) : 0);
	json_set_stamp(o, "last_seen_on", m->seen_at);
	json_set_stamp(o, "enrolled_on", m->enrolled_at);
	json_array_append_new(s->rows, o);
	return true;
}

void machine_show(struct api_call *c, const struct id *only, json_t *rows)
{
	struct truth *truth = c->api->truth;
	struct showing s = { rows, only, truth->epoch, fleet_seq(truth->fleet) };

	fleet_each(truth->fleet, show, &s);
}

static int after_list(struct api_call *c, struct fail *f)
{
	(void)f;
	machine_show(c, NULL, c->result);
	return 0;
}

static int machine_patch(struct api_call *c, struct fail *f)
{
	const struct id *id = api_call_id(c, "machine_id");

	if (!json_has(c->body, "drained"))
		return fail(f, FAIL_INPUT, "drained is required");
	c->result = json_array();
	return exists(c, id, f) < 0
		       ? -1
		       : machine_set_drained(c->tx, &c->act, id,
					     json_get_bool(c->body, "drained", false), f);
}

static int after_patch(struct api_call *c, struct fail *f)
{
	const struct id *id = api_call_id(c, "machine_id");
	bool drained = json_get_bool(c->body, "drained", false);

	fleet_set_drained(c->api->truth->fleet, id, drained);
	machine_show(c, id, c->result);
	json_t *one = json_incref(json_array_get(c->result, 0));
	if (one == NULL)
		return fail(f, FAIL_ABSENT, "the machine is enrolled, but was not heard of yet");
	json_decref(c->result);
	c->result = one;
	return 0;
}

const struct api_route machine_routes[] = {
	{ "GET", "/everseal/machines", API_SYSTEM, API_READ, machine_list, .after = after_list,
	  .summary = "The machines that follow the truth" },
	{ "PATCH", "/everseal/machines/{machine_id}", API_SYSTEM, API_WRITE, machine_patch,
	  .body = edit_fields, .after = after_patch,
	  .summary = "Drain a machine, or take it back" },
	API_ROUTES_END,
};
