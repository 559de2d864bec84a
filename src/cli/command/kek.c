#include <time.h>

#include "cli/command.h"

#define ASK_EVERY_MS 200

static const struct column columns[] = {
	{ "KEK", "id" },
	{ "STATE", "state" },
	{ "FIRST USED", "created_on" },
	{ "KEYS WRAPPED", "wrapped" },
	{ NULL, NULL },
};

static const struct flag rotate_flags[] = {
	{ "wait", NULL, "show progress until every key is wrapped anew" },
	{ NULL, NULL, NULL },
};

static void status_show(struct cli *cli, const json_t *status)
{
	if (cli->json)
		cli_show_one(cli, status, NULL);
	else
		cli_show(cli, json_object_get(status, "keks"), columns);
}

static int kek_status(struct cli *cli, struct fail *f)
{
	json_t *status;

	if (cli_call(cli, "GET", "/everseal/kek", NULL, &status, f) < 0)
		return -1;
	status_show(cli, status);
	json_decref(status);
	return 0;
}

/* Until the new key exists, or, when all is asked for, until it wraps every key. */
static bool goes_on(const json_t *status, bool all)
{
	const char *phase = json_string_value(table_at(status, "rotation.phase"));

	if (phase == NULL || strcmp(phase, "idle") == 0)
		return false;
	return all || strcmp(phase, "making") == 0;
}

static int rotation_wait(struct cli *cli, json_t **status, bool all, struct fail *f)
{
	const struct timespec nap = { 0, ASK_EVERY_MS * 1000000L };

	while (goes_on(*status, all)) {
		cli_progress(cli, "%s: %lld of %lld keys left",
			     json_string_value(table_at(*status, "rotation.phase")),
			     (long long)json_integer_value(table_at(*status, "rotation.left")),
			     (long long)json_integer_value(table_at(*status, "rotation.keys")));
		(void)nanosleep(&nap, NULL);
		json_decref(*status);
		*status = NULL;
		if (cli_call(cli, "GET", "/everseal/kek", NULL, status, f) < 0)
			return -1;
	}
	const char *error = json_string_value(table_at(*status, "rotation.error"));
	return error == NULL ? 0 : fail(f, FAIL_PEER, "the rotation did not end: %s", error);
}

static int kek_rotate(struct cli *cli, struct fail *f)
{
	json_t *status;

	if (cli_call(cli, "POST", "/everseal/kek/rotate", NULL, &status, f) < 0)
		return -1;
	int r = rotation_wait(cli, &status, args_has(&cli->args, "wait"), f);
	if (r == 0) {
		status_show(cli, status);
		cli_say(cli,
			"\nThe file of the key-encryption keys has changed: back it up again.");
		if (!args_has(&cli->args, "wait"))
			cli_say(cli, "Keys are wrapped anew in the background; `everseal kek "
				     "status` counts them.");
	}
	json_decref(status);
	return r;
}

static const struct command commands[] = {
	{ "status", "", "Shows the key-encryption keys and how many keys each one wraps.",
	  "  everseal kek status", NULL, kek_status },
	{ "rotate", "", "Makes a new key-encryption key and wraps every key anew, while serving.",
	  "  everseal kek rotate --wait", rotate_flags, kek_rotate },
};

COMMAND_GROUP(kek, "key-encryption keys: state and rotation", commands);
