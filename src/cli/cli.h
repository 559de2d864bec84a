/* cli/cli.h: the command line, all of it but `everseal up` and the roles.
 *
 * A command is a row of its group's table (cli/command/GROUP.c); the groups stand in cli/cli.c.
 * Whatever a command prints for humans it prints as JSON too when --json is given. A command that
 * fails says so in one sentence on stderr and the exit status is 1; a wrong use of it is status 2.
 */
#pragma once

/* Runs one command and returns the exit status. argv[0] is the program's name. */
int cli_main(int argc, char **argv);
