/* run/settings/rows.h: every setting of the program, one row each. No include guard: included
 * several times with other meanings of the macros. Keep rooms together, with a heading line.
 *
 *	SETTING_TEXT(field, "name", "default", "sentence")
 *	SETTING_INT(field, "name", "default", "min", "max", "unit", "sentence")
 *	SETTING_BOOL(field, "name", "default", "sentence")                   yes | no
 *	SETTING_SPAN(field, "name", "default", "min", "max", "sentence")      10s 250ms 24h 30d
 *	SETTING_SIZE(field, "name", "default", "min", "max", "sentence")      bytes: 64k 16m 1g
 *	SETTING_LIST(field, "name", "default", "sentence")                   a, b, c
 *	SETTING_ENUM(field, "name", "default", "this|that", "sentence")       value: its index
 */

SETTING_HEADING("Where things are")
SETTING_TEXT(data_folder, "data.folder", "/var/lib/everseal",
	     "Folder of everything this machine keeps: truth, CA, replica, sockets.")
SETTING_TEXT(kek_file, "kek.file", "kek",
	     "File with the key-encryption keys, mode 0600; a relative name is in the data folder. "
	     "The systemd credential everseal-kek goes before it.")
SETTING_INT(kek_fd, "kek.fd", "0", "0", "1023", "descriptor",
	    "Inherited descriptor to read the key-encryption keys from; 0: none.")

SETTING_HEADING("Listeners")
SETTING_LIST(api_listen, "api.listen", "127.0.0.1:2780",
	     "Loopback addresses of the API, besides the socket run/api.sock in the data folder.")
SETTING_LIST(edge_http_listen, "edge.http.listen", "0.0.0.0:80, [::]:80",
	     "Addresses of plain HTTP.")
SETTING_LIST(edge_https_listen, "edge.https.listen", "0.0.0.0:443, [::]:443", "Addresses of HTTPS.")
SETTING_INT(edge_workers, "edge.workers", "0", "0", "64", "processes",
	    "Edge worker processes; 0: one per CPU.")

SETTING_HEADING("Processes")
SETTING_SPAN(shutdown_timeout, "shutdown.timeout", "10s", "0s", "1h",
	     "How long requests in flight may take to finish after SIGTERM.")
SETTING_SPAN(supervisor_grace, "supervisor.grace", "60s", "0s", "30d",
	     "How long roles serve on when the supervisor is lost and no new one has come.")
SETTING_INT(
	role_uid_base, "role.uid_base", "61440", "1000", "4000000000", "user id",
	"Started as root, roles without a user everseal-ROLE run as this id and those after it.")

SETTING_HEADING("Logs")
SETTING_ENUM(log_level, "log.level", "info", "debug|info|warning|error",
	     "Least level of lines that are written.")
SETTING_TEXT(log_file, "log.file", "",
	     "File of log lines, opened anew on SIGHUP; empty: standard error.")
SETTING_TEXT(
	access_log_file, "access_log.file", "log/access.log",
	"File of access lines, opened anew on SIGHUP; -: standard error; empty: no access log.")
