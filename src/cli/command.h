/* cli/command.h: what a command is, and what its function is given. */
#pragma once

#include "cli/args.h"
#include "cli/client.h"
#include "cli/table.h"

struct settings;

/* One run of the program. */
struct cli {
	struct args args;
	bool json;
	const char *folder; /* --data, EVERSEAL_DATA_FOLDER, or the default */
	bool remote;        /* an API was named and no folder: the instance may be elsewhere */
	int argc;           /* the command line behind the command's name, for settings */
	char **argv;
	struct client *client;     /* private: use cli_client() */
	struct client_where where; /* private */
	struct buf socket;         /* private */
	struct buf out;            /* what is printed when the command has ended well */
};

typedef int command_f(struct cli *cli, struct fail *f);

struct command {
	const char *name;     /* behind the group's name: "add"; "" for the group itself */
	const char *words;    /* "NAME [TYPE]" */
	const char *summary;  /* one sentence */
	const char *examples; /* lines, each a whole command */
	const struct flag *flags;
	command_f *run;
};

struct command_group {
	const char *name;
	const char *summary;
	const struct command *commands;
	size_t count;
};

#define COMMAND_GROUP(group, sentence, rows)                                                       \
	const struct command_group group##_group = { #group, (sentence), (rows),                   \
						     sizeof(rows) / sizeof(*(rows)) }

extern const struct command_group zone_group, record_group, hostname_group, cert_group, token_group,
	status_group, config_group, backup_group, restore_group, kek_group, replica_group,
	doctor_group, api_group;

/* All groups, to a NULL, and the flags every command takes (cli/groups.c). */
extern const struct command_group *const cli_groups[];
extern const struct flag cli_flags[];

/* The API of the instance meant, opened at first use; it is closed when the command has ended. */
must_check int cli_client(struct cli *cli, struct client **out, struct fail *f);

/* One call, its "result" into *result (the caller's), the envelope dropped. */
must_check int cli_call(struct cli *cli, const char *method, const char *path, const json_t *body,
			json_t **result, struct fail *f);

/* Prints rows or one object: as JSON with --json, else as a table. */
void cli_show(struct cli *cli, const json_t *rows, const struct column *columns);
void cli_show_one(struct cli *cli, const json_t *row, const struct column *columns);

/* A sentence for humans; with --json nothing. */
void cli_say(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A line of progress, at once, on stderr; nothing with --json. */
void cli_progress(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A file's path in the data folder, for one use: the caller frees the buffer. */
void cli_path(const struct cli *cli, const char *name, struct buf *out);
