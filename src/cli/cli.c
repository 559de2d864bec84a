#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/help.h"

#define FOLDER_DEFAULT "/var/lib/everseal"

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
	(void)vsnprintf(line, sizeof(line), fmt, ap);
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
	for (const struct command_group *const *g = cli_groups; *g != NULL; g++)
		if (strcmp((*g)->name, name) == 0)
			return *g;
	return NULL;
}

static const struct command *command_find(const struct command_group *g, const char *name)
{
	for (size_t i = 0; i < g->count; i++)
		if (strcmp(g->commands[i].name, name) == 0)
			return &g->commands[i];
	return NULL;
}

__attribute__((format(printf, 1, 2))) static int misused(const char *fmt, ...)
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
	cli->remote = folder == NULL && url != NULL;
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

	if (args_parse(&cli.args, argc, argv, c->words, c->flags, cli_flags, &f) < 0)
		return misused("%s (everseal %s%s%s --help shows how)", f.words, g->name,
			       c->name[0] == '\0' ? "" : " ", c->name);
	if (args_has(&cli.args, "help")) {
		help_command(&cli.out, g, c);
		return finish(&cli, 0, &f);
	}
	cli.json = args_has(&cli.args, "json");
	cli_place(&cli);
	return finish(&cli, c->run(&cli, &f), &f);
}

/* Help that was asked for goes to stdout; help that answers a mistake to stderr. */
static int help_print(struct buf *text, bool asked)
{
	(void)fwrite(text->p, 1, text->n, asked ? stdout : stderr);
	buf_free(text);
	return asked ? 0 : 2;
}

static int help_run(int argc, char **argv)
{
	struct buf text = BUF_INIT;

	if (argc > 2 && strcmp(argv[2], "man") == 0)
		help_man(&text);
	else
		help_all(&text);
	return help_print(&text, argc > 1);
}

static int group_run(const struct command_group *g, int argc, char **argv)
{
	const struct command *c = argc > 2 ? command_find(g, argv[2]) : NULL;
	struct buf text = BUF_INIT;

	if (c != NULL && c->name[0] != '\0')
		return command_run(g, c, argc - 3, argv + 3);
	c = command_find(g, "");
	if (c != NULL)
		return command_run(g, c, argc - 2, argv + 2);
	if (argc > 2 && strcmp(argv[2], "--help") != 0)
		return misused("there is no command '%s %s': everseal %s --help lists them",
			       g->name, argv[2], g->name);
	help_group(&text, g);
	return help_print(&text, argc > 2);
}

int cli_main(int argc, char **argv)
{
	if (argc > 1 && (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0))
		return puts("everseal " EVERSEAL_VERSION) < 0 ? 1 : 0;
	if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
		return help_run(argc, argv);
	const struct command_group *g = group_find(argv[1]);
	if (g == NULL)
		return misused("there is no command '%s': everseal --help lists them", argv[1]);
	return group_run(g, argc, argv);
}
