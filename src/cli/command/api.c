/* The API as it is, for what no other command does. */
#include <stdlib.h>

#include "cli/command.h"

static int api_run(struct cli *cli, struct fail *f)
{
	const struct args *a = &cli->args;
	struct client *client;
	long status;
	char *text;

	if (args_word(a, 1)[0] != '/')
		return fail(f, FAIL_INPUT, "a path begins with /: /zones");
	if (cli_client(cli, &client, f) < 0 ||
	    client_raw(client, args_word(a, 0), args_word(a, 1), slice_str(args_word(a, 2)),
		       &status, &text, f) < 0)
		return -1;
	buf_add_str(&cli->out, text);
	if (cli->out.n > 0 && cli->out.p[cli->out.n - 1] != '\n')
		buf_add_byte(&cli->out, '\n');
	free(text);
	if (status >= 400)
		return fail(f, FAIL_PEER, "the API answered %ld", status);
	return 0;
}

static const struct command commands[] = {
	{ "", "METHOD PATH [BODY]", "Sends one request and prints the answer as it is.",
	  "  everseal api GET /zones\n"
	  "  everseal api PATCH /zones/ID/settings/ssl '{\"value\":\"strict\"}'",
	  NULL, api_run },
};

COMMAND_GROUP(api, "one request to the API, as it is", commands);
