/* The installation as it is now: processes, machines, and how much there is of everything. */
#include "model/census.h"
#include "role/control/api/server.h"
#include "role/control/fleet.h"
#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"
#include "role/control/truth.h"
#include "run/metrics/metrics.h"
#include "run/role/role.h"

static int status_get(struct api_call *c, struct fail *f)
{
	struct census n = { 0 };
	json_t *o = json_object();

	c->result = o;
	json_set_str(o, "version", EVERSEAL_VERSION);
	if (census_take(c->tx, &n, f) < 0)
		return -1;
	json_set_int(o, "zones", n.zones);
	json_set_int(o, "hostnames", n.hostnames);
	json_set_int(o, "names", n.names);
	json_set_int(o, "certificates", n.certificates);
	json_set_int(o, "orders", n.orders);
	json_set_int(o, "orders_failing", n.failing);
	return 0;
}

static json_t *show_process(const struct process_row *row)
{
	json_t *o = json_object();

	json_set_str(o, "role", row->role);
	json_set_int(o, "slot", row->slot);
	json_set_int(o, "pid", row->pid);
	json_set_str(o, "state", process_state_name(row->state));
	json_set_int(o, "restarts", row->restarts);
	json_set_stamp(o, "started_on", row->started);
	json_set_str(o, "sandbox", row->sandbox);
	json_set_str(o, "ended", row->ended[0] != '\0' ? row->ended : NULL);
	return o;
}

/* The table is written by others while it is read: a row is copied and ended before it is shown. */
static json_t *processes(const struct metrics_page *page)
{
	json_t *list = json_array();

	for (size_t i = 0; page != NULL && i < METRICS_SLOTS; i++) {
		struct process_row row = *metrics_process_read(page, i);
		row.role[sizeof(row.role) - 1] = '\0';
		row.sandbox[sizeof(row.sandbox) - 1] = '\0';
		row.ended[sizeof(row.ended) - 1] = '\0';
		if (row.state != PROCESS_NONE)
			json_array_append_new(list, show_process(&row));
	}
	return list;
}

static int after_status(struct api_call *c, struct fail *f)
{
	struct truth *truth = c->api->truth;
	json_t *machines = json_array();
	struct sql_pool_stats sql;

	(void)f;
	json_set_hex(c->result, "epoch", &truth->epoch);
	json_set_int(c->result, "seq", (int64_t)fleet_seq(truth->fleet));
	sql_pool_stats(truth->pool, &sql);
	json_set(c->result, "sql",
		 json_pack("{s:I,s:I,s:I,s:i}", "commits", (json_int_t)sql.commits, "jobs",
			   (json_int_t)sql.jobs, "failed", (json_int_t)sql.failed, "waiting",
			   sql.waiting));
	json_set(c->result, "processes", processes(c->api->env->metrics));
	machine_show(c, NULL, machines);
	json_set(c->result, "machines", machines);
	return 0;
}

const struct api_route status_routes[] = {
	{ "GET", "/everseal/status", API_SYSTEM, API_READ, status_get, .after = after_status,
	  .summary = "Processes, machines, and how much there is of everything" },
	API_ROUTES_END,
};
