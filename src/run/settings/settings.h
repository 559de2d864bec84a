/* run/settings.h: the settings of the program, from one table of rows (run/settings/rows.h).
 *
 *	struct settings s;
 *	struct settings_source from = { .file = "everseal.conf", .env = environ, .flags = argv };
 *	if (settings_load(&s, &from, f) < 0) ...
 *	timer_arm(loop, &t, s.shutdown_timeout);
 *
 * Later sources win: default, file, environment (EVERSEAL_EDGE_WORKERS), flags (--edge.workers=2).
 * Failures name source, line, setting, what is wrong and what to do. Everything belongs to the
 * struct until settings_fini().
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"

struct settings_list {
	const char *const *items;
	size_t count;
};

struct settings {
	struct arena arena; /* private */
#define SETTING_HEADING(words)
#define SETTING_TEXT(field, name, fallback, words)                   const char *field;
#define SETTING_INT(field, name, fallback, least, most, unit, words) int64_t field;
#define SETTING_BOOL(field, name, fallback, words)                   bool field;
#define SETTING_SPAN(field, name, fallback, least, most, words)      int64_t field; /* ms */
#define SETTING_SIZE(field, name, fallback, least, most, words)      int64_t field; /* bytes */
#define SETTING_LIST(field, name, fallback, words)                   struct settings_list field;
#define SETTING_PLACES(field, name, fallback, words)                 struct settings_list field;
#define SETTING_NETS(field, name, fallback, words)                   struct settings_list field;
#define SETTING_ENUM(field, name, fallback, allowed, words)          int field;
#include "run/settings/rows.h"
#include "run/settings/rows_end.h"
};

enum setting_type {
	SETTING_TYPE_TEXT,
	SETTING_TYPE_INT,
	SETTING_TYPE_BOOL,
	SETTING_TYPE_SPAN,
	SETTING_TYPE_SIZE,
	SETTING_TYPE_LIST,
	SETTING_TYPE_PLACES, /* a list of addresses with port */
	SETTING_TYPE_NETS,   /* a list of nets */
	SETTING_TYPE_ENUM,
};

struct setting_row {
	const char *heading; /* not NULL: the row only begins a section */
	const char *name;
	enum setting_type type;
	size_t offset; /* in struct settings */
	const char *fallback;
	const char *least, *most; /* NULL: no bounds */
	const char *allowed;      /* of an enum: "this|that" */
	const char *unit;         /* of an int */
	const char *words;
};

/* In the order of rows.h, headings among them. */
extern const struct setting_row setting_rows[];
extern const size_t setting_row_count;

/* NULL when there is no setting of this name. */
const struct setting_row *setting_find(struct slice name);

struct settings_source {
	const char *file;         /* NULL: none */
	const char *const *env;   /* "NAME=value" strings to a NULL; NULL: none */
	const char *const *flags; /* "--name=value" strings to a NULL; NULL: none */
};

must_check int settings_load(struct settings *s, const struct settings_source *from,
			     struct fail *f);

/* Text of a settings file only (tests, fuzzing, what the supervisor hands its roles). `origin`
 * stands in failures before the line number. */
must_check int settings_parse(struct settings *s, struct slice text, const char *origin,
			      struct fail *f);

/* Parses one value as the row says, without storing it: for `config check` and schemas. */
must_check int setting_check(const struct setting_row *row, struct slice value, struct fail *f);

void settings_fini(struct settings *s);

/* Every setting with its present value as a settings file; settings_parse() reads it back. */
void settings_render(const struct settings *s, struct buf *out);

/* A commented example file with every row: `everseal config example`. */
void settings_example(struct buf *out);

/* The rows as a Markdown table, for the documentation. */
void settings_explain(struct buf *out);
