#include <time.h>

#include "cli/command.h"
#include "cli/find.h"
#include "cli/origin_url.h"
#include "run/clock/clock.h"

#define WAIT_DEFAULT (60 * STAMP_SECOND)
#define ASK_EVERY_MS 50

static const struct column columns[] = {
	{ "NAME", "hostname" },
	{ "STATUS", "status" },
	{ "CERTIFICATE", "ssl.status" },
	{ "ORIGIN", "everseal.origin.host" },
	{ "LIVE", "everseal.deployment.live" },
	{ "OF", "everseal.deployment.of" },
	{ "ID", "id" },
	{ NULL, NULL },
};

static const struct column one_columns[] = {
	{ "name", "hostname" },
	{ "status", "status" },
	{ "certificate", "ssl.status" },
	{ "certificate ends", "ssl.expires_on" },
	{ "origin scheme", "everseal.origin.scheme" },
	{ "origin host", "everseal.origin.host" },
	{ "origin http port", "everseal.origin.http_port" },
	{ "origin https port", "everseal.origin.https_port" },
	{ "live on", "everseal.deployment.live" },
	{ "of machines", "everseal.deployment.of" },
	{ "not heard of", "everseal.deployment.silent" },
	{ "errors", "verification_errors" },
	{ "id", "id" },
	{ NULL, NULL },
};

static const struct flag zone_flags[] = {
	{ "zone", "NAME", "zone the name was added to (searched, when left out)" },
	{ NULL, NULL, NULL },
};

static const struct flag add_flags[] = {
	{ "origin", "URL", "where requests go: http://127.0.0.1:9000 (the zone's fallback)" },
	{ "zone", "NAME", "zone it is added to (the one that contains it, or the only one)" },
	{ "wait", NULL, "show progress until every edge serves it" },
	{ "timeout", "SPAN", "how long to wait (60s)" },
	{ NULL, NULL, NULL },
};

static int add_zone(struct cli *cli, const char *host, json_t **zone, struct fail *f)
{
	const char *named = args_flag(&cli->args, "zone");
	json_t *rows;

	if (named != NULL)
		return cli_zone(cli, named, zone, f);
	if (cli_zone_holding(cli, host, zone, f) < 0)
		return -1;
	if (*zone != NULL)
		return 0;
	if (cli_call(cli, "GET", "/zones?order=name&per_page=5", NULL, &rows, f) < 0)
		return -1;
	*zone = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	if (*zone == NULL)
		return fail(f, FAIL_ABSENT,
			    "there is no zone yet: make one with `everseal zone add NAME`");
	return 0;
}

/* The row called `host` and the path it stands at. */
static int hostname_find(struct cli *cli, const char *host, struct buf *path, json_t **row,
			 struct fail *f)
{
	const char *named = args_flag(&cli->args, "zone");
	struct client *client;
	json_t *zones = NULL, *zone;
	size_t i;
	int r = 0;

	*row = NULL;
	if (named != NULL) {
		zones = json_array();
		r = cli_zone(cli, named, &zone, f);
		if (r == 0)
			json_array_append_new(zones, zone);
	} else {
		r = cli_client(cli, &client, f);
		if (r == 0)
			r = client_list(client, "/zones", &zones, f);
	}
	for (i = 0; r == 0 && *row == NULL && i < json_array_size(zones); i++) {
		buf_clear(path);
		buf_addf(path, "/zones/%s/custom_hostnames", cli_id(json_array_get(zones, i)));
		r = cli_find(cli, buf_str(path), "hostname", host, row, f);
	}
	json_decref(zones);
	if (r < 0)
		return -1;
	if (*row == NULL)
		return fail(f, FAIL_ABSENT,
			    "nobody added a hostname '%s' that this token may see: "
			    "`everseal hostname list` shows those there are",
			    host);
	buf_addf(path, "/%s", cli_id(*row));
	return 0;
}

static int hostname_list(struct cli *cli, struct fail *f)
{
	const char *named = args_flag(&cli->args, "zone");
	struct client *client;
	json_t *zones, *zone, *all;

	if (cli_client(cli, &client, f) < 0)
		return -1;
	if (named == NULL && client_list(client, "/zones", &zones, f) < 0)
		return -1;
	if (named != NULL) {
		if (cli_zone(cli, named, &zone, f) < 0)
			return -1;
		zones = json_pack("[o]", zone);
	}
	all = json_array();
	int r = 0;
	for (size_t i = 0; r == 0 && i < json_array_size(zones); i++) {
		struct buf path = BUF_INIT;
		json_t *rows;

		buf_addf(&path, "/zones/%s/custom_hostnames", cli_id(json_array_get(zones, i)));
		r = client_list(client, buf_str(&path), &rows, f);
		buf_free(&path);
		if (r == 0) {
			json_array_extend(all, rows);
			json_decref(rows);
		}
	}
	if (r == 0)
		cli_show(cli, all, columns);
	json_decref(all);
	json_decref(zones);
	return r;
}

static int hostname_show(struct cli *cli, struct fail *f)
{
	struct buf path = BUF_INIT;
	json_t *row;

	int r = hostname_find(cli, args_word(&cli->args, 0), &path, &row, f);
	buf_free(&path);
	if (r < 0)
		return -1;
	cli_show_one(cli, row, one_columns);
	json_decref(row);
	return 0;
}

static bool is_live(const json_t *row)
{
	json_int_t live = json_integer_value(table_at(row, "everseal.deployment.live"));
	json_int_t of = json_integer_value(table_at(row, "everseal.deployment.of"));
	const char *ssl = json_string_value(table_at(row, "ssl.status"));

	return ssl != NULL && strcmp(ssl, "active") == 0 && of > 0 && live == of;
}

/* One line for each state it passes through. */
static void progress_show(struct cli *cli, const json_t *row, int64_t ms, struct buf *last)
{
	struct buf line = BUF_INIT;

	buf_add_str(&line, "certificate ");
	table_text(&line, table_at(row, "ssl.status"));
	buf_add_str(&line, ", live on ");
	table_text(&line, table_at(row, "everseal.deployment.live"));
	buf_add_str(&line, " of ");
	table_text(&line, table_at(row, "everseal.deployment.of"));
	if (!slice_eq(buf_slice(&line), buf_slice(last))) {
		cli_progress(cli, "%7.2f s  %s", (double)ms / 1000, buf_str(&line));
		buf_clear(last);
		buf_add(last, buf_slice(&line));
	}
	buf_free(&line);
}

static int wait_live(struct cli *cli, const char *path, int64_t began, int64_t limit, json_t **row,
		     struct fail *f)
{
	const struct timespec nap = { 0, ASK_EVERY_MS * 1000000L };
	struct buf last = BUF_INIT;
	int r = 0;

	while (r == 0) {
		int64_t ms = clock_mono() - began;

		progress_show(cli, *row, ms, &last);
		if (is_live(*row))
			break;
		if (ms > limit) {
			r = fail(f, FAIL_TIMEOUT,
				 "not served everywhere after %lld s: `everseal hostname show %s` "
				 "and `everseal status` tell more",
				 (long long)(ms / 1000), args_word(&cli->args, 0));
			break;
		}
		(void)nanosleep(&nap, NULL);
		json_decref(*row);
		*row = NULL;
		r = cli_call(cli, "GET", path, NULL, row, f);
	}
	buf_free(&last);
	return r;
}

static json_t *origin_json(const struct origin_url *o)
{
	return json_pack("{s:s,s:s%,s:i,s:i}", "scheme", o->tls ? "https" : "http", "host",
			 (const char *)o->host.p, o->host.n, "http_port", o->tls ? 80 : o->port,
			 "https_port", o->tls ? o->port : 443);
}

static int add_body(struct cli *cli, json_t **body, struct fail *f)
{
	const char *url = args_flag(&cli->args, "origin");
	struct origin_url origin;

	*body = json_pack("{s:s,s:{s:s,s:s}}", "hostname", args_word(&cli->args, 0), "ssl",
			  "method", "http", "type", "dv");
	if (*body == NULL)
		return fail(f, FAIL_INPUT, "a hostname is UTF-8 text");
	if (url == NULL)
		return 0;
	if (origin_url_parse(url, &origin, f) < 0) {
		json_decref(*body);
		return -1;
	}
	json_object_set_new(*body, "everseal", json_pack("{s:o}", "origin", origin_json(&origin)));
	return 0;
}

static int hostname_post(struct cli *cli, const json_t *body, struct buf *path, json_t **row,
			 struct fail *f)
{
	json_t *zone;

	if (add_zone(cli, args_word(&cli->args, 0), &zone, f) < 0)
		return -1;
	cli_progress(cli, "   zone    %s", json_string_value(json_object_get(zone, "name")));
	buf_addf(path, "/zones/%s/custom_hostnames", cli_id(zone));
	json_decref(zone);
	if (cli_call(cli, "POST", buf_str(path), body, row, f) < 0)
		return -1;
	buf_addf(path, "/%s", cli_id(*row));
	return 0;
}

static int hostname_add(struct cli *cli, struct fail *f)
{
	struct buf path = BUF_INIT;
	int64_t began = clock_mono();
	json_t *body, *row = NULL;
	int64_t limit;

	if (args_span(&cli->args, "timeout", WAIT_DEFAULT, &limit, f) < 0 ||
	    add_body(cli, &body, f) < 0)
		return -1;
	int r = hostname_post(cli, body, &path, &row, f);
	if (r == 0 && args_has(&cli->args, "wait"))
		r = wait_live(cli, buf_str(&path), began, limit, &row, f);
	if (r == 0)
		cli_show_one(cli, row, one_columns);
	buf_free(&path);
	json_decref(body);
	json_decref(row);
	return r;
}

static int hostname_remove(struct cli *cli, struct fail *f)
{
	struct buf path = BUF_INIT;
	json_t *row = NULL;

	int r = hostname_find(cli, args_word(&cli->args, 0), &path, &row, f);
	if (r == 0)
		r = cli_call(cli, "DELETE", buf_str(&path), NULL, NULL, f);
	buf_free(&path);
	json_decref(row);
	if (r < 0)
		return -1;
	cli_say(cli, "%s is no longer served", args_word(&cli->args, 0));
	return 0;
}

static const struct command commands[] = {
	{ "list", "", "Lists hostnames, of one zone or of all.",
	  "  everseal hostname list --zone example.com", zone_flags, hostname_list },
	{ "show", "NAME", "Shows one hostname: its certificate, origin and where it is live.",
	  "  everseal hostname show shop.example.com", zone_flags, hostname_show },
	{ "add", "NAME", "Serves a hostname over trusted HTTPS.",
	  "  everseal hostname add shop.example.com --origin http://127.0.0.1:9000 --wait",
	  add_flags, hostname_add },
	{ "remove", "NAME", "Stops serving a hostname.",
	  "  everseal hostname remove shop.example.com", zone_flags, hostname_remove },
};

COMMAND_GROUP(hostname, "hostnames: what is served, from which origin, where it is live", commands);
