/* A line is built in a fixed buffer and written by one write(2) of at most PIPE_BUF bytes, which
 * a pipe takes whole or refuses whole. Nothing is allocated: out-of-memory can be logged too. */
#include "run/log/log.h"

#include <stdio.h>
#include <unistd.h>

#include "base/stamp.h"
#include "base/text.h"
#include "run/clock/clock.h"
#include "run/metrics/metrics.h"

static struct {
	const char *role;
	int slot;
	int fd;
	enum log_level least;
	_Atomic uint64_t dropped; /* SQL threads log, too */
	_Atomic uint64_t untold;  /* of dropped: not yet said in a line */
} log_state = { "-", -1, STDERR_FILENO, LOG_INFO, 0, 0 };

#define TAIL 64 /* kept free for what ends the line */

struct line {
	char p[LOG_LINE_MAX];
	size_t n;
	bool full; /* nothing more fits; what came before stands */
};

static const char *const level_names[] = { "debug", "info", "warning", "error" };

void log_open(const char *role, int slot, int fd, enum log_level least)
{
	log_state.role = role;
	log_state.slot = slot;
	log_state.fd = fd;
	log_state.least = least;
}

enum log_level log_least(void)
{
	return log_state.least;
}

uint64_t log_dropped(void)
{
	return log_state.dropped;
}

static bool add(struct line *l, const char *p, size_t n)
{
	if (l->n + n > sizeof(l->p) - TAIL)
		l->full = true;
	if (l->full)
		return false;
	memcpy(l->p + l->n, p, n);
	l->n += n;
	return true;
}

static bool add_str(struct line *l, const char *s)
{
	return add(l, s, strlen(s));
}

static size_t utf8_length(const uint8_t *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t want = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
	uint32_t c;

	if (want < 2 || want > n || p[0] > 0xf4)
		return want == 1 ? 1 : 0;
	c = p[0] & (0x7fu >> want);
	for (size_t i = 1; i < want; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c < least[want] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ? 0 : want;
}

/* One character of the text as JSON takes it; what is no UTF-8 shows as U+FFFD. */
static size_t add_char(struct line *l, const uint8_t *p, size_t n)
{
	char escaped[8];
	size_t length = utf8_length(p, n);

	if (length == 0) {
		add_str(l, "\\ufffd");
		return 1;
	}
	if (p[0] == '"' || p[0] == '\\')
		snprintf(escaped, sizeof(escaped), "\\%c", p[0]);
	else if (p[0] < 0x20 || p[0] == 0x7f)
		snprintf(escaped, sizeof(escaped), "\\u%04x", p[0]);
	else
		return add(l, (const char *)p, length), length;
	add_str(l, escaped);
	return length;
}

/* A text that does not fit is cut, and the line ends after it. */
static void add_text(struct line *l, struct slice s)
{
	if (!add_str(l, "\""))
		return;
	for (size_t i = 0; i < s.n && !l->full;)
		i += add_char(l, s.p + i, s.n - i);
	l->p[l->n++] = '"'; /* the tail has room */
}

static void add_name(struct line *l, const char *name)
{
	if (l->n + strlen(name) + 8 > sizeof(l->p) - TAIL)
		l->full = true;
	add_str(l, ",\"");
	add_str(l, name);
	add_str(l, "\":");
}

static void add_number(struct line *l, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	add_str(l, text);
}

static void add_value(struct line *l, const struct log_field *f)
{
	char hex[2 * ID_LEN + 1];

	switch (f->type) {
	case LOG_FIELD_TEXT: add_text(l, f->text); break;
	case LOG_FIELD_INT: add_number(l, f->number); break;
	case LOG_FIELD_BOOL: add_str(l, f->number != 0 ? "true" : "false"); break;
	case LOG_FIELD_ID:
		text_hex(f->text, hex);
		add_text(l, slice_str(hex));
		break;
	case LOG_FIELD_END: break;
	}
}

static void add_field(struct line *l, const struct log_field *f)
{
	size_t room = sizeof(l->p) - TAIL - l->n;

	if (l->full || strlen(f->name) + 32 > room) {
		l->full = true;
		return;
	}
	add_name(l, f->name);
	add_value(l, f);
}

static void add_head(struct line *l, enum log_level level, const char *event)
{
	char at[STAMP_TEXT];

	stamp_text(clock_now(), at);
	add_str(l, "{\"time\":\"");
	add_str(l, at);
	add_str(l, "\",\"level\":\"");
	add_str(l, level_names[level]);
	add_str(l, "\",\"role\":\"");
	add_str(l, log_state.role);
	add_str(l, "\"");
	if (log_state.slot >= 0)
		add_field(l, &(struct log_field)LOG_I("slot", log_state.slot));
	add_field(l, &(struct log_field)LOG_I("pid", getpid()));
	add_field(l, &(struct log_field)LOG_S("event", event));
}

static void send(struct line *l)
{
	memcpy(l->p + l->n, "}\n", 2);
	if (write(log_state.fd, l->p, l->n + 2) == (ssize_t)l->n + 2) {
		log_state.untold = 0;
		return;
	}
	log_state.dropped++;
	log_state.untold++;
	metrics_add(METRIC_log_dropped, 1);
}

void log_write(enum log_level level, const char *event, const char *words,
	       const struct log_field *fields)
{
	struct line l;

	if (level < log_state.least)
		return;
	l.n = 0;
	l.full = false;
	add_head(&l, level, event);
	add_field(&l, &(struct log_field)LOG_S("text", words));
	if (log_state.untold > 0)
		add_field(&l, &(struct log_field)LOG_I("dropped", log_state.untold));
	for (; fields->name != NULL; fields++)
		add_field(&l, fields);
	send(&l);
}
