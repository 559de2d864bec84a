/* Names to objects: people write names, the API wants ids. */
#include "cli/find.h"

#include "cli/command.h"

int cli_find(struct cli *cli, const char *list, const char *key, const char *value, json_t **row,
	     struct fail *f)
{
	struct buf path = BUF_INIT;
	json_t *rows;

	buf_addf(&path, "%s?%s=", list, key);
	client_escape(&path, value);
	int r = cli_call(cli, "GET", buf_str(&path), NULL, &rows, f);
	buf_free(&path);
	if (r < 0)
		return -1;
	*row = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return 0;
}

static int zone_only(struct cli *cli, json_t **zone, struct fail *f)
{
	json_t *rows;

	if (cli_call(cli, "GET", "/zones?per_page=2", NULL, &rows, f) < 0)
		return -1;
	size_t count = json_array_size(rows);
	*zone = count == 1 ? json_incref(json_array_get(rows, 0)) : NULL;
	json_decref(rows);
	if (count == 0)
		return fail(f, FAIL_ABSENT,
			    "there is no zone yet: make one with `everseal zone add NAME`");
	if (count > 1)
		return fail(f, FAIL_INPUT, "there is more than one zone: say which by --zone NAME");
	return 0;
}

static bool is_id(const char *text)
{
	return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

int cli_zone(struct cli *cli, const char *name, json_t **zone, struct fail *f)
{
	if (name == NULL)
		return zone_only(cli, zone, f);
	if (is_id(name)) {
		struct buf path = BUF_INIT;
		buf_addf(&path, "/zones/%s", name);
		int r = cli_call(cli, "GET", buf_str(&path), NULL, zone, f);
		buf_free(&path);
		return r;
	}
	if (cli_find(cli, "/zones", "name", name, zone, f) < 0)
		return -1;
	if (*zone == NULL)
		return fail(f, FAIL_ABSENT,
			    "there is no zone '%s' that this token may see: "
			    "`everseal zone list` shows those there are",
			    name);
	return 0;
}

int cli_zone_holding(struct cli *cli, const char *host, json_t **zone, struct fail *f)
{
	*zone = NULL;
	for (const char *at = host; at != NULL && *zone == NULL; at = strchr(at, '.')) {
		at += *at == '.';
		if (strchr(at, '.') == NULL)
			break;
		if (cli_find(cli, "/zones", "name", at, zone, f) < 0)
			return -1;
	}
	return 0;
}

const char *cli_id(const json_t *row)
{
	const char *id = json_string_value(json_object_get(row, "id"));

	return id == NULL ? "" : id;
}
