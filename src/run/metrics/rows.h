/* run/metrics/rows.h: every figure the program counts, one row each. No include guard: included
 * several times with other meanings of the macros.
 *
 *	METRIC_COUNTER(role, id, "name_total", "label=\"value\"", "one sentence")
 *	METRIC_GAUGE(role, id, "name", "labels", "one sentence")
 *	METRIC_HISTOGRAM(role, id, "name_seconds", "labels", "one sentence")    observed in µs
 *
 * role: control, applier, ca, edge, or any: whose processes have the figure. Rows of one name
 * stand together and have the same sentence. Names begin with everseal_.
 */

/* every process */
METRIC_COUNTER(any, log_dropped, "everseal_log_lines_dropped_total", "",
	       "Log lines dropped because the log pipe was full.")
METRIC_GAUGE(any, started, "everseal_process_start_time_seconds", "",
	     "When the process started, in seconds since 1970.")

/* the applier */
METRIC_GAUGE(applier, replica_seq, "everseal_replica_seq", "", "The last change that is applied.")
METRIC_GAUGE(applier, replica_behind, "everseal_replica_behind_changes", "",
	     "Changes the truth has told of that are not applied yet.")
METRIC_GAUGE(applier, replica_heard, "everseal_replica_heard_time_seconds", "",
	     "When the truth's last heartbeat came, in seconds since 1970.")
METRIC_GAUGE(applier, replica_held, "everseal_replica_held_transactions", "",
	     "Transactions since the oldest reader began; above 1,000 somebody holds one open.")
METRIC_COUNTER(applier, replica_changes, "everseal_replica_changes_total", "", "Changes applied.")
METRIC_COUNTER(applier, replica_loads, "everseal_replica_snapshots_total", "",
	       "Snapshots loaded and swapped in.")
METRIC_COUNTER(applier, replica_resyncs, "everseal_replica_resyncs_total", "",
	       "Gaps or broken chains met in the feed.")
METRIC_COUNTER(applier, replica_failed, "everseal_replica_failures_total", "",
	       "Batches that could not be committed.")
METRIC_HISTOGRAM(applier, replica_lag, "everseal_replica_lag_seconds", "",
		 "From a change's commit in the truth to its commit in the replica.")

/* edge workers */
METRIC_GAUGE(edge, edge_connections, "everseal_edge_connections", "",
	     "Client connections that are open.")
METRIC_COUNTER(edge, edge_accepted_http, "everseal_edge_accepted_total", "port=\"http\"",
	       "Client connections accepted.")
METRIC_COUNTER(edge, edge_accepted_https, "everseal_edge_accepted_total", "port=\"https\"",
	       "Client connections accepted.")
METRIC_COUNTER(edge, edge_refused_worker, "everseal_edge_refused_total", "limit=\"worker\"",
	       "Client connections refused by a limit.")
METRIC_COUNTER(edge, edge_refused_network, "everseal_edge_refused_total", "limit=\"network\"",
	       "Client connections refused by a limit.")
METRIC_COUNTER(edge, edge_refused_descriptors, "everseal_edge_refused_total",
	       "limit=\"descriptors\"", "Client connections refused by a limit.")
METRIC_COUNTER(edge, handshakes_full, "everseal_edge_handshakes_total", "mode=\"full\"",
	       "TLS handshakes completed.")
METRIC_COUNTER(edge, handshakes_resumed, "everseal_edge_handshakes_total", "mode=\"resumed\"",
	       "TLS handshakes completed.")
METRIC_COUNTER(edge, handshake_failed_name, "everseal_edge_handshakes_failed_total",
	       "reason=\"unrecognized_name\"", "TLS handshakes that failed.")
METRIC_COUNTER(edge, handshake_failed_certificate, "everseal_edge_handshakes_failed_total",
	       "reason=\"no_certificate\"", "TLS handshakes that failed.")
METRIC_COUNTER(edge, handshake_failed_alert, "everseal_edge_handshakes_failed_total",
	       "reason=\"tls\"", "TLS handshakes that failed.")
METRIC_COUNTER(edge, handshake_failed_gone, "everseal_edge_handshakes_failed_total",
	       "reason=\"gone\"", "TLS handshakes that failed.")
METRIC_COUNTER(edge, handshake_failed_timeout, "everseal_edge_handshakes_failed_total",
	       "reason=\"timeout\"", "TLS handshakes that failed.")
METRIC_COUNTER(edge, certificates_hostname, "everseal_edge_certificates_total",
	       "source=\"custom_hostname\"",
	       "Certificates used in full handshakes, by what they were made for.")
METRIC_COUNTER(edge, certificates_record, "everseal_edge_certificates_total", "source=\"record\"",
	       "Certificates used in full handshakes, by what they were made for.")
METRIC_COUNTER(edge, certificates_default, "everseal_edge_certificates_total", "source=\"default\"",
	       "Certificates used in full handshakes, by what they were made for.")
METRIC_COUNTER(edge, certificates_overdue, "everseal_edge_certificates_overdue_total", "",
	       "Handshakes answered with a certificate outside its validity, for want of a better.")
METRIC_HISTOGRAM(edge, handshake_seconds, "everseal_edge_handshake_seconds", "",
		 "From the connection to the end of the TLS handshake.")
METRIC_COUNTER(edge, requests_none, "everseal_edge_requests_total", "status=\"none\"",
	       "Requests answered, by class of status; none: not answered.")
METRIC_COUNTER(edge, requests_2xx, "everseal_edge_requests_total", "status=\"2xx\"",
	       "Requests answered, by class of status; none: not answered.")
METRIC_COUNTER(edge, requests_3xx, "everseal_edge_requests_total", "status=\"3xx\"",
	       "Requests answered, by class of status; none: not answered.")
METRIC_COUNTER(edge, requests_4xx, "everseal_edge_requests_total", "status=\"4xx\"",
	       "Requests answered, by class of status; none: not answered.")
METRIC_COUNTER(edge, requests_5xx, "everseal_edge_requests_total", "status=\"5xx\"",
	       "Requests answered, by class of status; none: not answered.")
METRIC_COUNTER(edge, faults_client, "everseal_edge_faults_total", "side=\"client\"",
	       "Requests that went wrong, by the side at fault.")
METRIC_COUNTER(edge, faults_edge, "everseal_edge_faults_total", "side=\"edge\"",
	       "Requests that went wrong, by the side at fault.")
METRIC_COUNTER(edge, faults_origin, "everseal_edge_faults_total", "side=\"origin\"",
	       "Requests that went wrong, by the side at fault.")
METRIC_HISTOGRAM(edge, request_seconds, "everseal_edge_request_seconds", "",
		 "From the first byte of a request to the last byte of its answer.")
METRIC_HISTOGRAM(edge, origin_seconds, "everseal_edge_origin_seconds", "",
		 "From a request's fields to those of the origin's answer.")
METRIC_COUNTER(edge, bytes_in, "everseal_edge_bytes_total", "direction=\"in\"",
	       "Bytes of client connections on the wire.")
METRIC_COUNTER(edge, bytes_out, "everseal_edge_bytes_total", "direction=\"out\"",
	       "Bytes of client connections on the wire.")
METRIC_COUNTER(edge, origin_connects, "everseal_edge_origin_connects_total", "",
	       "Connections to origins begun.")
METRIC_COUNTER(edge, origin_reuses, "everseal_edge_origin_reuses_total", "",
	       "Requests sent on a kept connection to an origin.")
METRIC_COUNTER(edge, origin_retries, "everseal_edge_origin_retries_total", "",
	       "Requests sent again because a kept connection had died.")
METRIC_GAUGE(edge, origin_connections, "everseal_edge_origin_connections", "state=\"open\"",
	     "Connections to origins.")
METRIC_GAUGE(edge, origin_idle, "everseal_edge_origin_connections", "state=\"idle\"",
	     "Connections to origins.")
METRIC_COUNTER(edge, certificate_cache_hits, "everseal_edge_certificate_cache_total",
	       "answer=\"hit\"", "Lookups in the worker's cache of certificates.")
METRIC_COUNTER(edge, certificate_cache_misses, "everseal_edge_certificate_cache_total",
	       "answer=\"miss\"", "Lookups in the worker's cache of certificates.")
METRIC_GAUGE(edge, certificate_cache_bytes, "everseal_edge_certificate_cache_bytes", "",
	     "Memory of certificates and keys ready for use.")
METRIC_COUNTER(edge, access_dropped, "everseal_edge_access_lines_dropped_total", "",
	       "Access lines dropped because the access pipe was full.")
METRIC_GAUGE(edge, edge_replica_seq, "everseal_edge_replica_seq", "",
	     "Last change that this worker sees in the replica.")

/* control's API */
METRIC_COUNTER(control, api_done, "everseal_api_requests_total", "code=\"2xx\"",
	       "API requests answered, by class of status.")
METRIC_COUNTER(control, api_refused, "everseal_api_requests_total", "code=\"4xx\"",
	       "API requests answered, by class of status.")
METRIC_COUNTER(control, api_failed, "everseal_api_requests_total", "code=\"5xx\"",
	       "API requests answered, by class of status.")
METRIC_HISTOGRAM(control, api_request, "everseal_api_request_seconds", "",
		 "From a whole API request to its answer.")
