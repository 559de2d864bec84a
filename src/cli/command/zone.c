#include <stdlib.h>

#include "cli/command.h"
#include "cli/find.h"

static const struct column zone_columns[] = {
	{ "NAME", "name" }, { "STATUS", "status" },      { "PAUSED", "paused" },
	{ "ID", "id" },     { "CREATED", "created_on" }, { NULL, NULL },
};

static const struct column setting_columns[] = {
	{ "SETTING", "id" },
	{ "VALUE", "value" },
	{ "CHANGED", "modified_on" },
	{ NULL, NULL },
};

static const struct flag add_flags[] = {
	{ "account", "ID", "account the zone belongs to (EVERSEAL_ACCOUNT, or the only one)" },
	{ NULL, NULL, NULL },
};

static int zone_list(struct cli *cli, struct fail *f)
{
	struct client *client;
	json_t *rows;

	if (cli_client(cli, &client, f) < 0 || client_list(client, "/zones", &rows, f) < 0)
		return -1;
	cli_show(cli, rows, zone_columns);
	json_decref(rows);
	return 0;
}

static int zone_show(struct cli *cli, struct fail *f)
{
	json_t *zone;

	if (cli_zone(cli, args_word(&cli->args, 0), &zone, f) < 0)
		return -1;
	cli_show_one(cli, zone, zone_columns);
	json_decref(zone);
	return 0;
}

static int zone_add(struct cli *cli, struct fail *f)
{
	const char *account = args_flag(&cli->args, "account");
	json_t *body = json_pack("{s:s}", "name", args_word(&cli->args, 0));
	json_t *zone;

	if (body == NULL)
		return fail(f, FAIL_INPUT, "a zone's name is UTF-8 text");
	if (account == NULL)
		account = getenv("EVERSEAL_ACCOUNT");
	if (account != NULL)
		json_object_set_new(body, "account", json_pack("{s:s}", "id", account));
	int r = cli_call(cli, "POST", "/zones", body, &zone, f);
	json_decref(body);
	if (r < 0)
		return -1;
	cli_show_one(cli, zone, zone_columns);
	json_decref(zone);
	return 0;
}

static int zone_call(struct cli *cli, const char *method, const char *rest, const json_t *body,
		     json_t **result, struct fail *f)
{
	struct buf path = BUF_INIT;
	json_t *zone;

	if (cli_zone(cli, args_word(&cli->args, 0), &zone, f) < 0)
		return -1;
	buf_addf(&path, "/zones/%s%s", cli_id(zone), rest);
	int r = cli_call(cli, method, buf_str(&path), body, result, f);
	buf_free(&path);
	json_decref(zone);
	return r;
}

static int zone_remove(struct cli *cli, struct fail *f)
{
	if (zone_call(cli, "DELETE", "", NULL, NULL, f) < 0)
		return -1;
	cli_say(cli, "zone %s is removed, with everything in it", args_word(&cli->args, 0));
	return 0;
}

static int zone_check(struct cli *cli, struct fail *f)
{
	if (zone_call(cli, "PUT", "/activation_check", NULL, NULL, f) < 0)
		return -1;
	cli_say(cli, "the proof for %s is being looked up", args_word(&cli->args, 0));
	return 0;
}

/* zone set NAME [SETTING [VALUE]]: all settings, one, or a new value for one. */
static int zone_set(struct cli *cli, struct fail *f)
{
	const char *setting = args_word(&cli->args, 1);
	const char *value = args_word(&cli->args, 2);
	struct buf rest = BUF_INIT;
	json_t *result;
	json_t *body = NULL;

	buf_add_str(&rest, "/settings");
	if (setting != NULL) {
		buf_add_byte(&rest, '/');
		client_escape(&rest, setting);
	}
	if (value != NULL)
		body = json_pack("{s:s}", "value", value);
	int r = zone_call(cli, value == NULL ? "GET" : "PATCH", buf_str(&rest), body, &result, f);
	buf_free(&rest);
	json_decref(body);
	if (r < 0)
		return -1;
	if (setting == NULL)
		cli_show(cli, result, setting_columns);
	else
		cli_show_one(cli, result, setting_columns);
	json_decref(result);
	return 0;
}

static const struct command commands[] = {
	{ "list", "", "Lists the zones this token may see.", "  everseal zone list --json", NULL,
	  zone_list },
	{ "show", "NAME", "Shows one zone.", "  everseal zone show example.com", NULL, zone_show },
	{ "add", "NAME", "Adds a zone: a domain whose names shall be served.",
	  "  everseal zone add example.com", add_flags, zone_add },
	{ "remove", "NAME", "Removes a zone and everything in it.",
	  "  everseal zone remove example.com", NULL, zone_remove },
	{ "check", "NAME", "Looks again for the TXT proof of a pending zone.",
	  "  everseal zone check example.com", NULL, zone_check },
	{ "set", "NAME [SETTING] [VALUE]", "Shows a zone's settings, or changes one.",
	  "  everseal zone set example.com\n  everseal zone set example.com ssl strict", NULL,
	  zone_set },
};

COMMAND_GROUP(zone, "zones: the domains whose names are served", commands);
