/* run/log.h: one JSON object a line, written to the role's log pipe (standard error), never
 * waiting: when the pipe is full the line is dropped and counted, and the next line that fits
 * says how many are missing.
 *
 *	log_line(LOG_INFO, "feed.connected", "following the truth", LOG_ID("epoch", &epoch),
 *		 LOG_I("seq", seq));
 *
 * Events are named thing.happened; names are stable, words are for people. Never log a token, a
 * key, or a header that may hold one. Lines are cut at LOG_LINE_MAX bytes (texts first).
 */
#pragma once

#include "base/fail.h"
#include "base/id.h"

#define LOG_LINE_MAX 4096 /* PIPE_BUF: a line arrives whole or not at all */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

enum log_field_type { LOG_FIELD_END, LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_BOOL, LOG_FIELD_ID };

struct log_field {
	const char *name;
	enum log_field_type type;
	struct slice text; /* also the 16 bytes of an id */
	int64_t number;
};

#define LOG_S(name, str)                                                                           \
	{                                                                                          \
		(name), LOG_FIELD_TEXT, slice_str(str), 0                                          \
	} /* C string or NULL */
#define LOG_B(name, bytes)                                                                         \
	{                                                                                          \
		(name), LOG_FIELD_TEXT, (bytes), 0                                                 \
	} /* struct slice */
#define LOG_I(name, n)                                                                             \
	{                                                                                          \
		(name), LOG_FIELD_INT, SLICE_NONE, (int64_t)(n)                                    \
	}
#define LOG_YES(name, yes)                                                                         \
	{                                                                                          \
		(name), LOG_FIELD_BOOL, SLICE_NONE, (yes)                                          \
	}
#define LOG_ID(name, id)                                                                           \
	{                                                                                          \
		(name), LOG_FIELD_ID, id_slice(id), 0                                              \
	} /* const struct id * */
#define LOG_FAIL(f)                                                                                \
	{                                                                                          \
		"error", LOG_FIELD_TEXT, slice_str((f)->words), 0                                  \
	} /* const struct fail * */

#define log_line(level, event, words, ...)                                                         \
	log_write((level), (event), (words),                                                       \
		  (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ .name = NULL } })

/* Before the first line; until then lines go to standard error as role "-". fd is borrowed and
 * should be non-blocking. slot < 0: the role has one process. */
void log_open(const char *role, int slot, int fd, enum log_level least);

enum log_level log_least(void);

/* Lines that were dropped since the start. */
uint64_t log_dropped(void);

void log_write(enum log_level level, const char *event, const char *words,
	       const struct log_field *fields);
