/* cli/offline.h: work on a data folder itself, not on the running instance: its settings, its lock,
 * its files. */
#pragma once

#include "cli/command.h"
#include "run/settings/settings.h"

/* The settings as `everseal up` would see them: `file` (NULL: --config), environment, flags. The
 * data folder is the one meant. */
must_check int offline_settings(struct cli *cli, const char *file, struct settings *s,
				struct fail *f);

/* Takes the lock that `up` holds while it runs; *fd keeps it until closed. A running instance is
 * a failure that names its pid. */
must_check int offline_lock(struct cli *cli, int *fd, struct fail *f);

/* A path made of folder and name, with an end mark; the caller frees it. */
void offline_path(struct buf *out, const char *folder, const char *name);
