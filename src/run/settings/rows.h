/* run/settings/rows.h: every setting of the program, one row each. No include guard: included
 * several times with other meanings of the macros. Keep rooms together, with a heading line.
 *
 *	SETTING_TEXT(field, "name", "default", "sentence")
 *	SETTING_INT(field, "name", "default", "min", "max", "unit", "sentence")
 *	SETTING_BOOL(field, "name", "default", "sentence")                   yes | no
 *	SETTING_SPAN(field, "name", "default", "min", "max", "sentence")      10s 250ms 24h 30d
 *	SETTING_SIZE(field, "name", "default", "min", "max", "sentence")      bytes: 64k 16m 1g
 *	SETTING_LIST(field, "name", "default", "sentence")                   a, b, c
 *	SETTING_PLACES(field, "name", "default", "sentence")                 127.0.0.1:80, [::1]:80
 *	SETTING_NETS(field, "name", "default", "sentence")                   10.0.0.0/8, ::1
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
SETTING_PLACES(api_listen, "api.listen", "127.0.0.1:2780",
	       "Loopback addresses of the API, besides the socket run/api.sock in the data folder.")
SETTING_PLACES(edge_http_listen, "edge.http.listen", "0.0.0.0:80, [::]:80",
	       "Addresses of plain HTTP.")
SETTING_PLACES(edge_https_listen, "edge.https.listen", "0.0.0.0:443, [::]:443",
	       "Addresses of HTTPS.")
SETTING_INT(edge_workers, "edge.workers", "0", "0", "64", "processes",
	    "Edge worker processes; 0: one per CPU.")

SETTING_HEADING("Processes")
SETTING_SPAN(shutdown_timeout, "shutdown.timeout", "10s", "0s", "1h",
	     "How long requests in flight may take to finish after SIGTERM.")
SETTING_SPAN(supervisor_grace, "supervisor.grace", "60s", "0s", "30d",
	     "How long roles serve on when the supervisor is lost and no new one has come.")
SETTING_SPAN(supervisor_pause, "supervisor.pause", "5s", "50ms", "5m",
	     "Longest pause before a process that keeps dying is started again.")
SETTING_INT(
	role_uid_base, "role.uid_base", "61440", "1000", "4000000000", "user id",
	"Started as root, roles without a user everseal-ROLE run as this id and those after it.")

SETTING_HEADING("Replica")
SETTING_SIZE(
	replica_map, "replica.map", "64g", "1m", "16384g",
	"Address space of each of the replica's two files, the most they can grow to; it takes no "
	"disk by itself.")

SETTING_HEADING("Logs")
SETTING_ENUM(log_level, "log.level", "info", "debug|info|warning|error",
	     "Least level of lines that are written.")
SETTING_TEXT(log_file, "log.file", "",
	     "File of log lines, opened anew on SIGHUP; empty: standard error.")
SETTING_TEXT(
	access_log_file, "access_log.file", "log/access.log",
	"File of access lines, opened anew on SIGHUP; -: standard error; empty: no access log.")

SETTING_HEADING("Edge: who may connect, and what a request may be")
SETTING_TEXT(
	edge_default_name, "edge.default_name", "",
	"Name whose certificate answers handshakes without a name or with an unknown one; empty: "
	"they get the alert unrecognized_name.")
SETTING_TEXT(
	edge_loop_name, "edge.loop_name", "everseal",
	"Name of this installation in CDN-Loop: a request that carries it already has gone in a "
	"circle.")
SETTING_NETS(
	trusted_proxies, "trusted_proxies", "",
	"Nets of peers whose X-Forwarded-For, X-Forwarded-Proto, Forwarded and X-Request-Id are "
	"believed and continued.")
SETTING_INT(edge_connections, "edge.limit.connections", "10000", "1", "1000000", "connections",
	    "Client connections of one worker; beyond it: 503 on plain HTTP, closed on HTTPS.")
SETTING_INT(
	edge_network_connections, "edge.limit.network_connections", "4000", "1", "1000000",
	"connections",
	"Client connections of one worker from one /24 (IPv4) or /64 (IPv6); beyond it as above.")
SETTING_SIZE(edge_line, "edge.limit.line", "16k", "256", "32k",
	     "Bytes of a request line; beyond it: 414.")
SETTING_SIZE(edge_head, "edge.limit.head", "32k", "512", "48k",
	     "Bytes of a request's line and fields together; beyond it: 431.")
SETTING_INT(edge_fields, "edge.limit.fields", "100", "4", "128", "fields",
	    "Fields of a request; beyond it: 431.")
SETTING_SIZE(edge_body, "edge.limit.body", "100m", "0", "1024g",
	     "Bytes of a request's body; beyond it: 413.")
SETTING_INT(edge_requests, "edge.limit.requests", "10000", "1", "1000000000", "requests",
	    "Requests on one client connection; the last one is answered with Connection: close.")
SETTING_SIZE(edge_drain, "edge.limit.drain", "256k", "0", "64m",
	     "Bytes of an unread request body that are taken and dropped before the connection is "
	     "closed, so that the client can read its answer.")
SETTING_SIZE(edge_certificates, "edge.limit.certificates", "64m", "64k", "64g",
	     "Memory of one worker for certificates and keys ready for use; the least used ones "
	     "leave it.")
SETTING_SPAN(edge_handshake_timeout, "edge.timeout.handshake", "10s", "10ms", "10m",
	     "From a connection to the end of its TLS handshake; beyond it: closed.")
SETTING_SPAN(edge_head_timeout, "edge.timeout.head", "15s", "10ms", "10m",
	     "From the first byte of a request to the end of its fields; beyond it: 408.")
SETTING_SPAN(edge_body_timeout, "edge.timeout.body", "30s", "10ms", "1h",
	     "Pause of a client inside a request's body; beyond it: 408.")
SETTING_SPAN(edge_idle_timeout, "edge.timeout.idle", "60s", "10ms", "1h",
	     "Pause between two requests of a connection; beyond it: closed.")
SETTING_SPAN(edge_send_timeout, "edge.timeout.send", "30s", "10ms", "1h",
	     "Pause of a client in reading its answer; beyond it: closed.")
SETTING_SPAN(edge_drain_timeout, "edge.timeout.drain", "2s", "0s", "1m",
	     "How long a closed connection takes what the client still sends.")

SETTING_HEADING("Origins: what the edge connects to")
SETTING_NETS(
	origin_allow, "origin.allow", "",
	"Nets in which origins may be although they are loopback, private, link-local, metadata "
	"or other special addresses.")
SETTING_TEXT(origin_roots, "origin.roots", "/etc/ssl/certs/ca-certificates.crt",
	     "PEM file of the authorities that the mode strict trusts.")
SETTING_TEXT(origin_bundle, "origin.bundle", "",
	     "PEM file of further authorities that the mode strict trusts; empty: none.")
SETTING_INT(origin_connections, "origin.limit.connections", "10000", "1", "1000000", "connections",
	    "Connections of one worker to origins; beyond it: 503.")
SETTING_INT(origin_idle, "origin.limit.idle", "1024", "0", "1000000", "connections",
	    "Idle connections to origins that one worker keeps.")
SETTING_INT(origin_idle_each, "origin.limit.idle_each", "64", "0", "100000", "connections",
	    "Idle connections to one origin that one worker keeps.")
SETTING_SIZE(origin_head, "origin.limit.head", "48k", "512", "60k",
	     "Bytes of the fields of an origin's answer; beyond it: 502.")
SETTING_INT(origin_fields, "origin.limit.fields", "128", "4", "128", "fields",
	    "Fields of an origin's answer; beyond it: 502.")
SETTING_SPAN(origin_connect_timeout, "origin.timeout.connect", "10s", "10ms", "10m",
	     "Lookup, connection and handshake with an origin together; beyond it: 504.")
SETTING_SPAN(origin_head_timeout, "origin.timeout.head", "100s", "10ms", "1h",
	     "From a whole request to the fields of the origin's answer; beyond it: 504.")
SETTING_SPAN(origin_body_timeout, "origin.timeout.body", "60s", "10ms", "1h",
	     "Pause of an origin inside a body, its answer's or the request's; beyond it: 504, or "
	     "closed when the answer has begun.")
SETTING_SPAN(origin_idle_timeout, "origin.timeout.idle", "30s", "10ms", "1h",
	     "How long an idle connection to an origin is kept.")
SETTING_SPAN(
	origin_fresh, "origin.timeout.fresh", "1s", "0s", "1h",
	"A request that must not be sent twice uses a kept connection only if it was in use so "
	"lately, else a new one.")

SETTING_HEADING("Name lookups")
SETTING_LIST(dns_resolvers, "dns.resolvers", "",
	     "Addresses of DNS servers, with port where it is not 53; empty: those of "
	     "/etc/resolv.conf.")
SETTING_SPAN(dns_timeout, "dns.timeout", "2s", "10ms", "1m", "One question to one server.")
SETTING_SPAN(dns_least, "dns.ttl.least", "1s", "0s", "1h",
	     "An answer is used at least so long, whatever its TTL.")
SETTING_SPAN(dns_most, "dns.ttl.most", "5m", "0s", "24h",
	     "An answer is used at most so long, whatever its TTL.")
SETTING_SPAN(dns_failed, "dns.ttl.failed", "2s", "0s", "1h",
	     "How long a name that could not be looked up is not asked for again.")
SETTING_SPAN(dns_stale, "dns.ttl.stale", "1h", "0s", "24h",
	     "How long an old answer serves while no DNS server answers.")

SETTING_HEADING("Certificate authority")
SETTING_SPAN(ca_keep, "ca.keep", "90d", "1d", "3650d",
	     "How long the built-in CA remembers a certificate after its end.")

SETTING_HEADING("API")
SETTING_BOOL(api_remote, "api.remote", "no",
	     "Names may have an address of api.listen as their origin, so that the edge serves the "
	     "API; origin.allow must list the address too.")
SETTING_SIZE(api_body_max, "api.body.max", "1m", "1k", "64m",
	     "Largest body of an API request; beyond it: 413.")
SETTING_SIZE(api_line_max, "api.line.max", "8k", "1k", "64k",
	     "Longest request line of the API; beyond it: 414.")
SETTING_SIZE(api_head_max, "api.head.max", "32k", "2k", "256k",
	     "Request line and fields of an API request together; beyond it: 431.")
SETTING_INT(api_connections_max, "api.connections.max", "256", "1", "65536", "connections",
	    "Connections to the API at a time; beyond it: 503.")
SETTING_INT(api_rate_requests, "api.rate.requests", "1200", "0", "1000000000", "requests",
	    "Requests a token may make in api.rate.window; beyond it: 429. 0: as many as it likes.")
SETTING_SPAN(api_rate_window, "api.rate.window", "5m", "1s", "1h",
	     "Span over which a token's requests are counted.")
SETTING_SPAN(api_timeout_idle, "api.timeout.idle", "60s", "1s", "1h",
	     "How long an API connection may wait for its next request.")
SETTING_SPAN(api_timeout_read, "api.timeout.read", "10s", "1s", "10m",
	     "How long head, body and reply of an API request may each take.")

SETTING_HEADING("What control does by itself")
SETTING_SPAN(dns_proof_interval, "dns.proof_interval", "60s", "1s", "7d",
	     "How often the TXT proof of a pending zone or custom hostname is looked up.")
SETTING_SPAN(retention_changes, "retention.changes", "7d", "1h", "365d",
	     "Change records, from which a machine that was away catches up; older: a snapshot.")
SETTING_SPAN(retention_audit, "retention.audit", "365d", "1h", "3650d",
	     "Audit rows: who changed what.")
SETTING_SPAN(retention_events, "retention.events", "90d", "1h", "3650d",
	     "Events of hostnames, and certificate orders that are done.")

SETTING_HEADING("Names and certificates")
SETTING_ENUM(
	zones_activation, "zones.activation", "trust", "trust|txt",
	"What makes a claimed name its account's: trust: that nobody else holds it; txt: a TXT "
	"record that proves control.")
SETTING_LIST(zones_own_names, "zones.own_names", "",
	     "Names of this installation itself, which nobody may claim.")
SETTING_SPAN(
	ca_leaf_lifetime, "ca.leaf_lifetime", "7d", "10s", "397d",
	"How long certificates of the built-in CA are valid; they are renewed after two thirds "
	"of it.")
