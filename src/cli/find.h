/* cli/find.h: names to objects. Every function makes *row the caller's. */
#pragma once

#include "cli/command.h"

/* The first row of the list at `list` whose `key` is `value`; NULL when there is none. */
must_check int cli_find(struct cli *cli, const char *list, const char *key, const char *value,
			json_t **row, struct fail *f);

/* The zone called `name` or with that id; with NULL the only one there is. */
must_check int cli_zone(struct cli *cli, const char *name, json_t **zone, struct fail *f);

/* The zone that contains `host` (longest name first); NULL when there is none. */
must_check int cli_zone_holding(struct cli *cli, const char *host, json_t **zone, struct fail *f);

/* The row's "id", "" when it has none. */
const char *cli_id(const json_t *row);
