#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/offline.h"
#include "cli/roff.h"

static const struct column columns[] = {
	{ "SETTING", "name" },
	{ "VALUE", "value" },
	{ NULL, NULL },
};

static int config_check(struct cli *cli, struct fail *f)
{
	const char *file = args_word(&cli->args, 0);
	struct settings s;

	if (offline_settings(cli, file, &s, f) < 0)
		return -1;
	settings_fini(&s);
	cli_say(cli, "%s: fine", file != NULL ? file : "the settings");
	if (cli->json)
		cli_show_one(cli, json_true(), NULL);
	return 0;
}

/* The present values, parsed back from their own text. */
static int config_show(struct cli *cli, struct fail *f)
{
	struct buf text = BUF_INIT;
	json_t *rows = json_array();
	struct slice rest, line;
	struct settings s;

	if (offline_settings(cli, NULL, &s, f) < 0)
		return -1;
	settings_render(&s, &text);
	settings_fini(&s);
	rest = buf_slice(&text);
	while (slice_split(&rest, '\n', &line)) {
		size_t at = slice_find(line, '=');
		struct slice name = slice_trim(slice_sub(line, 0, at));
		struct slice value = slice_trim(slice_from(line, at + 1));

		if (at < line.n && line.p[0] != '#')
			json_array_append_new(rows,
					      json_pack("{s:s%,s:s%}", "name", name.p, name.n,
							"value", (const char *)value.p, value.n));
	}
	cli_show(cli, rows, columns);
	json_decref(rows);
	buf_free(&text);
	return 0;
}

static int config_example(struct cli *cli, struct fail *f)
{
	(void)f;
	settings_example(&cli->out);
	return 0;
}

static int config_explain(struct cli *cli, struct fail *f)
{
	(void)f;
	buf_add_str(&cli->out,
		    "# Settings\n\nOne `name = value` a line in the settings file; the environment "
		    "goes before it (`EVERSEAL_EDGE_WORKERS`),\nflags before that "
		    "(`--edge.workers=4`). This page is printed by `everseal config explain`.\n\n");
	settings_explain(&cli->out);
	return 0;
}

static void man_row(struct buf *out, const struct setting_row *row)
{
	buf_add_str(out, ".TP\n.B ");
	roff_add(out, row->name);
	buf_add_byte(out, '\n');
	roff_add(out, row->words);
	buf_add_str(out, "\nDefault: ");
	roff_add(out, row->fallback[0] == '\0' ? "empty" : row->fallback);
	if (row->least != NULL) {
		buf_add_str(out, "; from ");
		roff_add(out, row->least);
		buf_add_str(out, " to ");
		roff_add(out, row->most);
	}
	if (row->allowed != NULL) {
		buf_add_str(out, "; one of ");
		roff_add(out, row->allowed);
	}
	buf_add_str(out, ".\n");
}

static int config_man(struct cli *cli, struct fail *f)
{
	struct buf *out = &cli->out;

	(void)f;
	buf_add_str(
		out,
		".TH EVERSEAL.CONF 5 \"\" \"Everseal\" \"File formats\"\n"
		".SH NAME\neverseal.conf \\- settings of everseal\n"
		".SH DESCRIPTION\n"
		"One setting a line, name = value; what follows # is a comment. The environment "
		"goes before the file (edge.workers is EVERSEAL_EDGE_WORKERS) and flags before "
		"the environment (\\-\\-edge.workers=2).\n"
		"Spans of time are written 250ms, 10s, 15m, 24h or 30d, sizes 64k, 16m or 1g, "
		"and the parts of a list stand between commas.\n");
	for (size_t i = 0; i < setting_row_count; i++) {
		const struct setting_row *row = &setting_rows[i];

		if (row->heading == NULL) {
			man_row(out, row);
			continue;
		}
		roff_heading(out, row->heading);
	}
	buf_add_str(out, ".SH SEE ALSO\n.BR everseal (1)\n");
	return 0;
}

static const struct command commands[] = {
	{ "check", "[FILE]", "Checks a settings file; names file, line, setting and remedy.",
	  "  everseal config check /etc/everseal/everseal.conf", NULL, config_check },
	{ "show", "", "Shows every setting as it is now: default, file, environment, flags.",
	  "  everseal config show\n  everseal config show --edge.workers=4", NULL, config_show },
	{ "example", "", "Prints a commented settings file with every setting.",
	  "  everseal config example > /etc/everseal/everseal.conf", NULL, config_example },
	{ "explain", "", "Prints all settings as a Markdown table.", "  everseal config explain",
	  NULL, config_explain },
	{ "man", "", "Prints the manual page everseal.conf(5).", "  everseal config man | man -l -",
	  NULL, config_man },
};

COMMAND_GROUP(config, "settings: check, show, an example file", commands);
