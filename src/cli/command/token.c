#include <stdlib.h>

#include "cli/command.h"
#include "cli/find.h"

static const struct column columns[] = {
	{ "NAME", "name" },          { "STATUS", "status" },          { "ID", "id" },
	{ "EXPIRES", "expires_on" }, { "LAST USED", "last_used_on" }, { NULL, NULL },
};

static const struct flag create_flags[] = {
	{ "read-only", NULL, "may look and not change" },
	{ "zone", "NAME", "for this zone alone" },
	{ "expires", "SPAN", "ends by itself: 24h, 90d" },
	{ NULL, NULL, NULL },
};

static int token_list(struct cli *cli, struct fail *f)
{
	struct client *client;
	json_t *rows;

	if (cli_client(cli, &client, f) < 0 || client_list(client, "/user/tokens", &rows, f) < 0)
		return -1;
	cli_show(cli, rows, columns);
	json_decref(rows);
	return 0;
}

static int account_resource(struct cli *cli, json_t *resources, struct fail *f)
{
	const char *known = getenv("EVERSEAL_ACCOUNT");
	char key[96];
	json_t *rows = NULL;

	if (known == NULL && cli_call(cli, "GET", "/accounts", NULL, &rows, f) < 0)
		return -1;
	(void)snprintf(key, sizeof(key), "com.cloudflare.api.account.%s",
		       known != NULL ? known : cli_id(json_array_get(rows, 0)));
	json_object_set_new(resources, key, json_string("*"));
	json_decref(rows);
	return 0;
}

/* What the token may do is one policy, in the API's form: a resource and a group of rights. */
static int policy_make(struct cli *cli, json_t **policy, struct fail *f)
{
	const char *zone_name = args_flag(&cli->args, "zone");
	const char *group = args_has(&cli->args, "read-only") ? "read" : "write";
	json_t *resources = json_object();
	int r;

	if (zone_name != NULL) {
		json_t *zone;
		char key[96];

		r = cli_zone(cli, zone_name, &zone, f);
		if (r == 0) {
			(void)snprintf(key, sizeof(key), "com.cloudflare.api.account.zone.%s",
				       cli_id(zone));
			json_object_set_new(resources, key, json_string("*"));
			json_decref(zone);
		}
	} else {
		r = account_resource(cli, resources, f);
	}
	if (r < 0) {
		json_decref(resources);
		return -1;
	}
	*policy = json_pack("{s:s,s:o,s:[{s:s}]}", "effect", "allow", "resources", resources,
			    "permission_groups", "name", group);
	return 0;
}

static int body_make(struct cli *cli, json_t **body, struct fail *f)
{
	json_t *policy;
	int64_t span;

	if (args_span(&cli->args, "expires", 0, &span, f) < 0 || policy_make(cli, &policy, f) < 0)
		return -1;
	*body = json_pack("{s:s,s:[o]}", "name", args_word(&cli->args, 0), "policies", policy);
	if (*body == NULL)
		return fail(f, FAIL_INPUT, "a token's name is UTF-8 text");
	if (span > 0)
		json_object_set_new(*body, "everseal",
				    json_pack("{s:I}", "expires_in", (json_int_t)(span / 1000)));
	return 0;
}

static int token_create(struct cli *cli, struct fail *f)
{
	json_t *body, *token;

	if (body_make(cli, &body, f) < 0)
		return -1;
	int r = cli_call(cli, "POST", "/user/tokens", body, &token, f);
	json_decref(body);
	if (r < 0)
		return -1;
	cli_show_one(cli, token, columns);
	cli_say(cli, "\n%s\n\nThis is the only time the token is shown.",
		json_string_value(json_object_get(token, "value")));
	json_decref(token);
	return 0;
}

static int token_remove(struct cli *cli, struct fail *f)
{
	const char *id = args_word(&cli->args, 0);
	struct buf path = BUF_INIT;

	buf_add_str(&path, "/user/tokens/");
	client_escape(&path, id);
	int r = cli_call(cli, "DELETE", buf_str(&path), NULL, NULL, f);
	buf_free(&path);
	if (r < 0)
		return -1;
	cli_say(cli, "token %s is revoked", id);
	return 0;
}

static int token_verify(struct cli *cli, struct fail *f)
{
	json_t *token;

	if (cli_call(cli, "GET", "/user/tokens/verify", NULL, &token, f) < 0)
		return -1;
	cli_show_one(cli, token, columns);
	json_decref(token);
	return 0;
}

static const struct command commands[] = {
	{ "list", "", "Lists tokens, never their text.", "  everseal token list", NULL,
	  token_list },
	{ "create", "NAME", "Makes a token and shows its text once.",
	  "  everseal token create deploy\n"
	  "  everseal token create monitor --read-only --expires 90d",
	  create_flags, token_create },
	{ "remove", "ID", "Revokes a token at once.", "  everseal token remove ID", NULL,
	  token_remove },
	{ "verify", "", "Says whether the token in EVERSEAL_TOKEN is good.",
	  "  everseal token verify", NULL, token_verify },
};

COMMAND_GROUP(token, "tokens: who may use the API, and for what", commands);
