/* role/supervisor.h: `everseal up`. Owns the data folder's lock, the listening sockets (one
 * SO_REUSEPORT socket per worker slot and address, kept over restarts), the shared pages and the
 * key-encryption keys; starts every role as a process of its own, watches it, starts it again
 * with a growing pause when it dies, and copies log lines. It parses nothing from outside but its
 * settings.
 *
 *	everseal up [--config=FILE] [--ready-fd=N] [--SETTING=VALUE ...]
 *
 * SIGTERM or SIGINT: roles stop accepting and finish, up to shutdown.timeout; a second one ends
 * everything at once. SIGHUP: log files are opened anew. When it is killed itself, its roles
 * serve on (run/role/role.h), and the next `everseal up` takes over from them.
 */
#pragma once

/* Returns the exit status: 0 after a stop that was asked for. */
int supervisor_main(int argc, char **argv);
