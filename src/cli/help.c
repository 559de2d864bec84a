#include "cli/help.h"

#include <stdio.h>

#include "cli/roff.h"

static const char what_it_is[] = "give it a hostname, it serves it over trusted HTTPS";

void help_usage(struct buf *out, const struct command_group *g, const struct command *c)
{
	const char *const parts[] = { g->name, c->name, c->words };

	buf_add_str(out, "everseal");
	for (size_t i = 0; i < 3; i++)
		if (parts[i][0] != '\0')
			buf_addf(out, " %s", parts[i]);
}

static void add_flags(struct buf *out, const char *title, const struct flag *flags)
{
	if (flags == NULL)
		return;
	buf_addf(out, "\n%s\n", title);
	for (; flags->name != NULL; flags++) {
		char left[64];

		(void)snprintf(left, sizeof(left), "--%s %s", flags->name,
			       flags->value == NULL ? "" : flags->value);
		buf_addf(out, "  %-22s %s\n", left, flags->help);
	}
}

void help_all(struct buf *out)
{
	buf_addf(out,
		 "everseal " EVERSEAL_VERSION ": %s.\n\n"
		 "  everseal up              run everything on this machine\n"
		 "  everseal COMMAND --help  what a command does, with examples\n\n",
		 what_it_is);
	for (const struct command_group *const *g = cli_groups; *g != NULL; g++)
		buf_addf(out, "  %-10s %s\n", (*g)->name, (*g)->summary);
	add_flags(out, "Flags of every command:", cli_flags);
}

void help_group(struct buf *out, const struct command_group *g)
{
	buf_addf(out, "everseal %s: %s\n\n", g->name, g->summary);
	for (size_t i = 0; i < g->count; i++) {
		buf_add_str(out, "  ");
		help_usage(out, g, &g->commands[i]);
		buf_addf(out, "\n        %s\n", g->commands[i].summary);
	}
}

void help_command(struct buf *out, const struct command_group *g, const struct command *c)
{
	help_usage(out, g, c);
	buf_addf(out, "\n\n%s\n", c->summary);
	add_flags(out, "Flags:", c->flags);
	add_flags(out, "Flags of every command:", cli_flags);
	if (c->examples != NULL)
		buf_addf(out, "\nExamples:\n%s\n", c->examples);
}

static void man_flags(struct buf *out, const struct flag *flags)
{
	for (; flags != NULL && flags->name != NULL; flags++) {
		buf_addf(out, ".TP\n.B \\-\\-");
		roff_add(out, flags->name);
		if (flags->value != NULL)
			buf_addf(out, " \\fI%s\\fP", flags->value);
		buf_add_byte(out, '\n');
		roff_add(out, flags->help);
		buf_add_byte(out, '\n');
	}
}

static void man_command(struct buf *out, const struct command_group *g, const struct command *c)
{
	struct buf usage = BUF_INIT;

	help_usage(&usage, g, c);
	buf_add_str(out, ".SS ");
	roff_add(out, buf_str(&usage));
	buf_add_byte(out, '\n');
	roff_add(out, c->summary);
	buf_add_byte(out, '\n');
	man_flags(out, c->flags);
	if (c->examples != NULL) {
		buf_add_str(out, ".PP\n.nf\n");
		roff_add(out, c->examples);
		buf_add_str(out, "\n.fi\n");
	}
	buf_free(&usage);
}

void help_man(struct buf *out)
{
	buf_add_str(out, ".TH EVERSEAL 1 \"\" \"Everseal " EVERSEAL_VERSION "\" \"User commands\"\n"
			 ".SH NAME\neverseal \\- ");
	roff_add(out, what_it_is);
	buf_add_str(out,
		    "\n.SH SYNOPSIS\n.B everseal up\n.RI [\\-\\- setting = value ...]\n.br\n"
		    ".B everseal\n.I command\n.RI [ word ...]\n"
		    ".SH DESCRIPTION\n"
		    "everseal up runs everything on this machine: it listens, makes and renews "
		    "certificates and passes requests on to origins. The other commands ask it, or "
		    "change what it serves, over its Unix socket or its API.\n"
		    "SIGTERM lets requests in flight finish, a second one ends at once; SIGHUP "
		    "opens log files anew.\n"
		    ".SH FLAGS OF EVERY COMMAND\n");
	man_flags(out, cli_flags);
	buf_add_str(out, ".SH COMMANDS\n");
	for (const struct command_group *const *g = cli_groups; *g != NULL; g++)
		for (size_t i = 0; i < (*g)->count; i++)
			man_command(out, *g, &(*g)->commands[i]);
	buf_add_str(out, ".SH EXIT STATUS\n0: done; 1: it failed, one sentence on standard error "
			 "says why; 2: the command was not understood.\n"
			 ".SH SEE ALSO\n.BR everseal.conf (5)\n");
}
