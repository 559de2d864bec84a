/* The visible list of all commands: a group a row, its file in cli/command/. */
#include "cli/command.h"

const struct command_group *const cli_groups[] = {
	&zone_group,    &record_group, &hostname_group, &cert_group,    &token_group,
	&status_group,  &config_group, &backup_group,   &restore_group, &kek_group,
	&replica_group, &doctor_group, &api_group,      NULL,
};

const struct flag cli_flags[] = {
	{ "json", NULL, "print JSON" },
	{ "data", "DIR", "data folder of the instance meant (EVERSEAL_DATA_FOLDER)" },
	{ "api", "URL", "ask the API there, with the token in EVERSEAL_TOKEN (EVERSEAL_API)" },
	{ "config", "FILE", "settings file that `everseal up` is started with" },
	{ "help", NULL, "print this" },
	{ NULL, NULL, NULL },
};
