#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"

#define FOLDER_DEFAULT "/var/lib/everseal"

static const struct command_group *const groups[] = {
	&zone_group,   &record_group, &hostname_group, &cert_group, &token_group,  &status_group,
	&config_group, &backup_group, &restore_group,  &kek_group,  &doctor_group, &api_group,
};

#define GROUPS (sizeof groups / sizeof *groups)

static const struct flag common_flags[] = {
	{ "json", NULL, "print JSON" },
	{ "data", "DIR", "data folder of the instance meant (EVERSEAL_DATA_FOLDER)" },
	{ "api", "URL", "ask the API there instead, with the token in EVERSEAL_TOKEN" },
	{ "config", "FILE", "settings file" },
	{ "help", NULL, "print this" },
	{ NULL, NULL, NULL },
};

int cli_client(struct cli *cli, struct client **out, struct fail *f)
{
	if (cli->client == NULL && client_open(&cli->client, &cli->where, f) < 0)
		return -1;
	*out = cli->client;
	return 0;
}

int cli_call(struct cli *cli, const char *method, const char *path, const json_t *body,
	     json_t **result, struct fail *f)
{
	struct client *client;
	json_t *answer;

	if (cli_client(cli, &client, f) < 0 ||
	    client_call(client, method, path, body, &answer, f) < 0)
		return -1;
	if (result != NULL)
		*result = json_incref(json_object_get(answer, "result"));
	json_decref(answer);
	return 0;
}

static void show_json(struct cli *cli, const json_t *value)
{
	char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);

	must(text != NULL);
	buf_add_str(&cli->out, text);
	buf_add_byte(&cli->out, '\n');
	free(text);
}

void cli_show(struct cli *cli, const json_t *rows, const struct column *columns)
{
	if (cli->json)
		show_json(cli, rows);
	else if (json_array_size(rows) == 0)
		buf_add_str(&cli->out, "nothing there\n");
	else
		table_write(&cli->out, rows, columns);
}

void cli_show_one(struct cli *cli, const json_t *row, const struct column *columns)
{
	if (cli->json)
		show_json(cli, row);
	else
		table_write_one(&cli->out, row, columns);
}

void cli_say(struct cli *cli, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (cli->json)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	buf_add_str(&cli->out, line);
	buf_add_byte(&cli->out, '\n');
}

void cli_progress(struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	if (cli->json)
		return;
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

void cli_path(const struct cli *cli, const char *name, struct buf *out)
{
	buf_addf(out, "%s/%s", cli->folder, name);
}

static const struct command_group *group_find(const char *name)
{
	for (size_t i = 0; i < GROUPS; i++)
		if (strcmp(groups[i]->name, name) == 0)
			return groups[i];
	return NULL;
}

static const struct command *command_find(const struct command_group *g, const char *name)
{
	for (size_t i = 0; i < g->count; i++)
		if (strcmp(g->commands[i].name, name) == 0)
			return &g->commands[i];
	return NULL;
}

static void help_flags(FILE *to, const struct flag *flags)
{
	for (; flags != NULL && flags->name != NULL; flags++) {
		char left[64];

		(void)snprintf(left, sizeof left, "--%s %s", flags->name,
			       flags->value == NULL ? "" : flags->value);
		(void)fprintf(to, "  %-22s %s\n", left, flags->help);
	}
}

static void help_all(FILE *to)
{
	(void)fputs("everseal: give it a hostname, it serves it over trusted HTTPS.\n\n"
		    "  everseal up              run everything on this machine\n"
		    "  everseal COMMAND --help  what a command does, with examples\n\n",
		    to);
	for (size_t i = 0; i < GROUPS; i++)
		(void)fprintf(to, "  %-10s %s\n", groups[i]->name, groups[i]->summary);
	(void)fputs("\nFlags of every command:\n", to);
	help_flags(to, common_flags);
}

static void help_group(FILE *to, const struct command_group *g)
{
	(void)fprintf(to, "everseal %s: %s\n\n", g->name, g->summary);
	for (size_t i = 0; i < g->count; i++) {
		char left[96];
		const struct command *c = &g->commands[i];

		(void)snprintf(left, sizeof left, "everseal %s%s%s %s", g->name,
			       c->name[0] == '\0' ? "" : " ", c->name, c->words);
		(void)fprintf(to, "  %s\n        %s\n", left, c->summary);
	}
}

static void help_command(FILE *to, const struct command_group *g, const struct command *c)
{
	(void)fprintf(to, "everseal %s%s%s %s\n\n%s\n", g->name, c->name[0] == '\0' ? "" : " ",
		      c->name, c->words, c->summary);
	if (c->flags != NULL)
		(void)fputs("\nFlags:\n", to);
	help_flags(to, c->flags);
	(void)fputs("\nFlags of every command:\n", to);
	help_flags(to, common_flags);
	if (c->examples != NULL)
		(void)fprintf(to, "\nExamples:\n%s\n", c->examples);
}

static int misused(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("everseal: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	return 2;
}

/* --data and --api win over the environment; a data folder named by hand wins over EVERSEAL_API. */
static void cli_place(struct cli *cli)
{
	const char *folder = args_flag(&cli->args, "data");
	const char *url = args_flag(&cli->args, "api");

	if (url == NULL && folder == NULL)
		url = getenv("EVERSEAL_API");
	if (folder == NULL)
		folder = getenv("EVERSEAL_DATA_FOLDER");
	cli->folder = folder == NULL ? FOLDER_DEFAULT : folder;
	cli_path(cli, "run/api.sock", &cli->socket);
	cli->where = (struct client_where){ url, getenv("EVERSEAL_TOKEN"), buf_str(&cli->socket) };
}

static int finish(struct cli *cli, int r, const struct fail *f)
{
	(void)fwrite(cli->out.p, 1, cli->out.n, stdout);
	if (fflush(stdout) != 0 && r == 0)
		r = misused("stdout does not take the answer");
	client_close(cli->client);
	buf_free(&cli->socket);
	buf_free_wiped(&cli->out);
	if (r < 0)
		(void)fprintf(stderr, "everseal: %s\n", f->words);
	return r < 0 ? 1 : r;
}

static int command_run(const struct command_group *g, const struct command *c, int argc,
		       char **argv)
{
	struct cli cli = { .argc = argc, .argv = argv };
	struct fail f = FAIL_INIT;

	if (args_parse(&cli.args, argc, argv, c->words, c->flags, common_flags, &f) < 0)
		return misused("%s (everseal %s%s%s --help shows how)", f.words, g->name,
			       c->name[0] == '\0' ? "" : " ", c->name);
	if (args_has(&cli.args, "help")) {
		help_command(stdout, g, c);
		return 0;
	}
	cli.json = args_has(&cli.args, "json");
	cli_place(&cli);
	return finish(&cli, c->run(&cli, &f), &f);
}

int cli_main(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
		help_all(argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : 0;
	}
	const struct command_group *g = group_find(argv[1]);
	if (g == NULL)
		return misused("there is no command '%s': everseal --help lists them", argv[1]);
	const struct command *c = argc > 2 ? command_find(g, argv[2]) : NULL;
	if (c != NULL && c->name[0] != '\0')
		return command_run(g, c, argc - 3, argv + 3);
	c = command_find(g, "");
	if (c != NULL)
		return command_run(g, c, argc - 2, argv + 2);
	help_group(argc > 2 && strcmp(argv[2], "--help") == 0 ? stdout : stderr, g);
	return argc > 2 && strcmp(argv[2], "--help") == 0 ? 0 : 2;
}
