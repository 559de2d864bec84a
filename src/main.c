/* The one program: `everseal up` is the supervisor, `everseal @ROLE` a role that it starts, and
 * everything else is the command line. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "role/roles.h"
#include "role/supervisor/supervisor.h"

static int role_start(const char *name)
{
	const struct role *role = role_find(name);

	if (role == NULL) {
		fprintf(stderr, "everseal: no role is called %s\n", name);
		return 2;
	}
	return role_main(role);
}

int main(int argc, char **argv)
{
	if (argc > 1 && argv[1][0] == '@')
		return role_start(argv[1] + 1);
	if (argc > 1 && strcmp(argv[1], "up") == 0)
		return supervisor_main(argc, argv);
	return cli_main(argc, argv);
}
