#include "cli/command.h"
#include "cli/find.h"

static const struct column columns[] = {
	{ "NAMES", "hosts" },     { "SOURCE", "source" }, { "ISSUED", "issued_on" },
	{ "ENDS", "expires_on" }, { "SERIAL", "serial" }, { "ID", "id" },
	{ NULL, NULL },
};

static const struct column why_columns[] = {
	{ "#", "rank" },        { "CERTIFICATE", "certificate" }, { "NAMES", "hosts" },
	{ "SOURCE", "source" }, { "ENDS", "expires_on" },         { "WHY", "why" },
	{ NULL, NULL },
};

static const struct flag list_flags[] = {
	{ "zone", "NAME", "zone (the only one, when left out)" },
	{ NULL, NULL, NULL },
};

static int cert_list(struct cli *cli, struct fail *f)
{
	struct buf path = BUF_INIT;
	struct client *client;
	json_t *zone, *rows;

	if (cli_zone(cli, args_flag(&cli->args, "zone"), &zone, f) < 0)
		return -1;
	buf_addf(&path, "/zones/%s/everseal/certificates", cli_id(zone));
	json_decref(zone);
	int r = cli_client(cli, &client, f);
	if (r == 0)
		r = client_list(client, buf_str(&path), &rows, f);
	buf_free(&path);
	if (r < 0)
		return -1;
	cli_show(cli, rows, columns);
	json_decref(rows);
	return 0;
}

static int cert_why(struct cli *cli, struct fail *f)
{
	struct buf path = BUF_INIT;
	json_t *why;

	buf_add_str(&path, "/everseal/why/");
	client_escape(&path, args_word(&cli->args, 0));
	int r = cli_call(cli, "GET", buf_str(&path), NULL, &why, f);
	buf_free(&path);
	if (r < 0)
		return -1;
	if (cli->json) {
		cli_show_one(cli, why, NULL);
	} else {
		cli_say(cli, "%s", json_string_value(json_object_get(why, "summary")));
		cli_show(cli, json_object_get(why, "candidates"), why_columns);
	}
	json_decref(why);
	return 0;
}

static const struct command commands[] = {
	{ "list", "", "Lists the certificates of a zone.",
	  "  everseal cert list --zone example.com", list_flags, cert_list },
	{ "why", "NAME", "Says which certificate a name is served with, and why that one.",
	  "  everseal cert why shop.example.com", NULL, cert_why },
};

COMMAND_GROUP(cert, "certificates: which there are, and why a name has the one it has", commands);
