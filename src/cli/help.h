/* cli/help.h: the words about commands, all made from their rows. */
#pragma once

#include "cli/command.h"

void help_all(struct buf *out);
void help_group(struct buf *out, const struct command_group *g);
void help_command(struct buf *out, const struct command_group *g, const struct command *c);

/* The manual page everseal(1). */
void help_man(struct buf *out);

/* "everseal hostname add NAME" */
void help_usage(struct buf *out, const struct command_group *g, const struct command *c);
