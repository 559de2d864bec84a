#include "cli/command.h"

static const struct column process_columns[] = {
	{ "ROLE", "role" },   { "SLOT", "slot" },         { "PID", "pid" },
	{ "STATE", "state" }, { "RESTARTS", "restarts" }, { "SINCE", "started_on" },
	{ NULL, NULL },
};

static const struct column machine_columns[] = {
	{ "MACHINE", "name" }, { "STATE", "state" },   { "EPOCH", "epoch" },
	{ "SEQ", "seq" },      { "BEHIND", "behind" }, { "LAST HEARD", "last_seen_on" },
	{ NULL, NULL },
};

static const struct column truth_columns[] = {
	{ "version", "version" },
	{ "epoch", "epoch" },
	{ "sequence", "seq" },
	{ "zones", "zones" },
	{ "hostnames", "hostnames" },
	{ "certificates", "certificates" },
	{ "open orders", "orders" },
	{ "of these failing", "orders_failing" },
	{ NULL, NULL },
};

static const struct flag flags[] = {
	{ "sandbox", NULL, "show how each process is locked in" },
	{ NULL, NULL, NULL },
};

/* A process, then a line for each layer of its sandbox. */
static void show_sandbox(struct cli *cli, const json_t *process)
{
	struct slice words = slice_str(json_string_value(json_object_get(process, "sandbox")));
	struct slice line;

	buf_addf(&cli->out, "%s %d (pid %d)\n", json_string_value(json_object_get(process, "role")),
		 (int)json_integer_value(json_object_get(process, "slot")),
		 (int)json_integer_value(json_object_get(process, "pid")));
	while (slice_split(&words, '\n', &line) && line.n > 0)
		buf_addf(&cli->out, "  %.*s\n", SLICE_ARG(line));
}

static void show_sandboxes(struct cli *cli, const json_t *processes)
{
	size_t i;
	const json_t *process;

	json_array_foreach(processes, i, process) show_sandbox(cli, process);
}

static int status_run(struct cli *cli, struct fail *f)
{
	json_t *status;

	if (cli_call(cli, "GET", "/everseal/status", NULL, &status, f) < 0)
		return -1;
	const json_t *processes = json_object_get(status, "processes");
	if (cli->json) {
		cli_show_one(cli, status, NULL);
	} else if (args_has(&cli->args, "sandbox")) {
		show_sandboxes(cli, processes);
	} else {
		cli_show_one(cli, status, truth_columns);
		buf_add_byte(&cli->out, '\n');
		cli_show(cli, processes, process_columns);
		buf_add_byte(&cli->out, '\n');
		cli_show(cli, json_object_get(status, "machines"), machine_columns);
	}
	json_decref(status);
	return 0;
}

static const struct command commands[] = {
	{ "", "", "Shows processes, machines and how far each has followed the truth.",
	  "  everseal status\n  everseal status --sandbox\n  everseal status --json", flags,
	  status_run },
};

COMMAND_GROUP(status, "processes, machines, and what is live where", commands);
