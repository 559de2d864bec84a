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
