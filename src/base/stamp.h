/* base/stamp.h: points in time as milliseconds since 1970 UTC (int64_t), and their text.
 *
 * Nothing here reads a clock: time is an argument (run/clock is where it comes from).
 */
#pragma once

#include "base/slice.h"

typedef int64_t stamp; /* milliseconds since 1970-01-01T00:00:00Z, without leap seconds */

#define STAMP_SECOND ((stamp)1000)
#define STAMP_MINUTE (60 * STAMP_SECOND)
#define STAMP_HOUR   (60 * STAMP_MINUTE)
#define STAMP_DAY    (24 * STAMP_HOUR)

#define STAMP_TEXT 28 /* "2026-11-21T21:43:42.123456Z" and an end mark */

/* RFC 3339 in UTC, with milliseconds when they are not zero: "2026-11-21T21:43:42.120Z". */
void stamp_text(stamp at, char out[STAMP_TEXT]);

/* RFC 3339 with any offset and fraction. */
__attribute__((warn_unused_result)) bool stamp_parse(struct slice text, stamp *out);

/* RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT" and an end mark: 30 bytes. */
#define STAMP_HTTP 30
void stamp_http(stamp at, char out[STAMP_HTTP]);

/* "90s", "15m", "24h", "30d", "250ms": what settings and the command line take. At most a
 * hundred years. */
__attribute__((warn_unused_result)) bool stamp_span_parse(struct slice text, stamp *out);
