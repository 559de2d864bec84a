#include "cli/command.h"
#include "cli/find.h"

static const struct column columns[] = {
	{ "NAME", "name" },       { "TYPE", "type" }, { "CONTENT", "content" },
	{ "PROXIED", "proxied" }, { "ID", "id" },     { NULL, NULL },
};

static const struct flag list_flags[] = {
	{ "zone", "NAME", "zone (the only one, when left out)" },
	{ NULL, NULL, NULL },
};

static const struct flag add_flags[] = {
	{ "zone", "NAME", "zone (the one that contains the name, when left out)" },
	{ "dns-only", NULL, "do not serve the name: only keep the record" },
	{ "http-port", "N", "port of the origin for http (80)" },
	{ "https-port", "N", "port of the origin for https (443)" },
	{ NULL, NULL, NULL },
};

static int record_zone(struct cli *cli, const char *host, json_t **zone, struct fail *f)
{
	const char *named = args_flag(&cli->args, "zone");

	if (named == NULL && host != NULL) {
		if (cli_zone_holding(cli, host, zone, f) < 0)
			return -1;
		if (*zone != NULL)
			return 0;
	}
	return cli_zone(cli, named, zone, f);
}

static int record_list(struct cli *cli, struct fail *f)
{
	struct buf path = BUF_INIT;
	struct client *client;
	json_t *zone, *rows;

	if (record_zone(cli, NULL, &zone, f) < 0)
		return -1;
	buf_addf(&path, "/zones/%s/dns_records", cli_id(zone));
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

static int body_ports(struct cli *cli, json_t *body, struct fail *f)
{
	uint64_t http, https;
	const struct args *a = &cli->args;

	if (args_number(a, "http-port", 65535, 80, &http, f) < 0 ||
	    args_number(a, "https-port", 65535, 443, &https, f) < 0)
		return -1;
	if (args_has(a, "http-port") || args_has(a, "https-port"))
		json_object_set_new(body, "everseal",
				    json_pack("{s:{s:I,s:I}}", "origin", "http_port",
					      (json_int_t)http, "https_port", (json_int_t)https));
	return 0;
}

static int record_add(struct cli *cli, struct fail *f)
{
	const struct args *a = &cli->args;
	struct buf path = BUF_INIT;
	json_t *zone, *record;
	json_t *body =
		json_pack("{s:s,s:s,s:s,s:b}", "name", args_word(a, 0), "type", args_word(a, 1),
			  "content", args_word(a, 2), "proxied", !args_has(a, "dns-only"));

	if (body == NULL)
		return fail(f, FAIL_INPUT, "a record is UTF-8 text");
	if (body_ports(cli, body, f) < 0 || record_zone(cli, args_word(a, 0), &zone, f) < 0) {
		json_decref(body);
		return -1;
	}
	buf_addf(&path, "/zones/%s/dns_records", cli_id(zone));
	int r = cli_call(cli, "POST", buf_str(&path), body, &record, f);
	buf_free(&path);
	json_decref(body);
	json_decref(zone);
	if (r < 0)
		return -1;
	cli_show_one(cli, record, columns);
	json_decref(record);
	return 0;
}

static int record_remove(struct cli *cli, struct fail *f)
{
	const char *id = args_word(&cli->args, 0);
	struct buf path = BUF_INIT;
	json_t *zone;

	if (record_zone(cli, NULL, &zone, f) < 0)
		return -1;
	buf_addf(&path, "/zones/%s/dns_records/", cli_id(zone));
	client_escape(&path, id);
	int r = cli_call(cli, "DELETE", buf_str(&path), NULL, NULL, f);
	buf_free(&path);
	json_decref(zone);
	if (r < 0)
		return -1;
	cli_say(cli, "record %s is removed", id);
	return 0;
}

static const struct command commands[] = {
	{ "list", "", "Lists the records of a zone.", "  everseal record list --zone example.com",
	  list_flags, record_list },
	{ "add", "NAME TYPE CONTENT", "Adds a record; a proxied one is served, with HTTPS.",
	  "  everseal record add www.example.com A 192.0.2.7\n"
	  "  everseal record add www.example.com A 127.0.0.1 --http-port 9000",
	  add_flags, record_add },
	{ "remove", "ID", "Removes a record.",
	  "  everseal record remove 023e105f4ecef8ad9ca31a8372d0c353 --zone example.com",
	  list_flags, record_remove },
};

COMMAND_GROUP(record, "DNS records: which names of a zone are served, and from which origin",
	      commands);
