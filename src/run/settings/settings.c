/* One value, one parser by type, whatever the source; bounds are written in the rows in the same
 * words a user writes and are read by the same parsers. */
#include "run/settings/settings.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/stamp.h"
#include "base/text.h"
#include "run/file/file.h"
#include "run/settings/item.h"

#define FILE_MOST (1024 * 1024)
#define NAME_MOST 64

const struct setting_row *setting_find(struct slice name)
{
	for (size_t i = 0; i < setting_row_count; i++)
		if (setting_rows[i].name != NULL && slice_eq_str(name, setting_rows[i].name))
			return &setting_rows[i];
	return NULL;
}

/* --- values --- */

static bool size_parse(struct slice s, int64_t *out)
{
	uint8_t unit = s.n > 0 ? text_lower(s.p[s.n - 1]) : 0;
	int shift = unit == 'k' ? 10 : unit == 'm' ? 20 : unit == 'g' ? 30 : 0;
	uint64_t n;

	if (shift > 0)
		s.n--;
	if (!text_u64(s, (uint64_t)INT64_MAX >> shift, &n))
		return false;
	*out = (int64_t)(n << shift);
	return true;
}

static bool int_parse(struct slice s, int64_t *out)
{
	uint64_t n;

	if (!text_u64(s, INT64_MAX, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

/* A number alone is refused unless it is 0, so that nobody has to guess the unit. */
static bool span_parse(struct slice s, int64_t *out)
{
	stamp span;

	if (slice_eq_str(s, "0")) {
		*out = 0;
		return true;
	}
	if (!stamp_span_parse(s, &span))
		return false;
	*out = span;
	return true;
}

struct number_type {
	bool (*parse)(struct slice s, int64_t *out);
	const char *like; /* what a value looks like */
};

static const struct number_type number_types[] = {
	[SETTING_TYPE_INT] = { int_parse, "a whole number" },
	[SETTING_TYPE_SPAN] = { span_parse, "a time span such as 250ms, 10s, 15m, 24h or 30d" },
	[SETTING_TYPE_SIZE] = { size_parse, "a size in bytes such as 4096, 64k, 16m or 1g" },
};

static int number_set(const struct setting_row *row, struct slice value, int64_t *out,
		      struct fail *f)
{
	const struct number_type *type = &number_types[row->type];
	const char *unit = row->unit == NULL ? "" : row->unit;
	int64_t n;
	int64_t least = 0;
	int64_t most = INT64_MAX;

	must(row->least == NULL || type->parse(slice_str(row->least), &least));
	must(row->most == NULL || type->parse(slice_str(row->most), &most));
	if (!type->parse(value, &n))
		return fail(f, FAIL_INPUT, "%s: '%.*s' is not %s", row->name, SLICE_ARG(value),
			    type->like);
	if (n < least || n > most)
		return fail(f, FAIL_INPUT, "%s: %.*s is out of bounds: choose %s to %s %s",
			    row->name, SLICE_ARG(value), row->least, row->most, unit);
	*out = n;
	return 0;
}

static int bool_set(const struct setting_row *row, struct slice value, bool *out, struct fail *f)
{
	bool yes = slice_eq_str(value, "yes") || slice_eq_str(value, "true");
	bool no = slice_eq_str(value, "no") || slice_eq_str(value, "false");

	if (!yes && !no)
		return fail(f, FAIL_INPUT, "%s: '%.*s' is neither yes nor no", row->name,
			    SLICE_ARG(value));
	*out = yes;
	return 0;
}

static int enum_set(const struct setting_row *row, struct slice value, int *out, struct fail *f)
{
	struct slice rest = slice_str(row->allowed);
	struct slice one;

	for (int i = 0; slice_split(&rest, '|', &one); i++) {
		if (!slice_eq(one, value))
			continue;
		*out = i;
		return 0;
	}
	return fail(f, FAIL_INPUT, "%s: '%.*s' is not allowed: choose one of %s", row->name,
		    SLICE_ARG(value), row->allowed);
}

static void list_set(struct arena *a, struct slice value, struct settings_list *out)
{
	struct slice rest = value;
	struct slice one;
	size_t most = 1;
	const char **items;

	for (size_t i = 0; i < value.n; i++)
		most += value.p[i] == ',';
	items = arena_array(a, const char *, most);
	*out = (struct settings_list){ items, 0 };
	while (slice_split(&rest, ',', &one)) {
		one = slice_trim(one);
		if (one.n > 0)
			items[out->count++] = arena_str(a, one);
	}
}

struct item_type {
	bool (*fits)(struct slice item); /* NULL: anything does */
	const char *like;
};

static const struct item_type item_types[] = {
	[SETTING_TYPE_LIST] = { NULL, NULL },
	[SETTING_TYPE_PLACES] = { item_is_place, "address with port: write 127.0.0.1:8080 or "
						 "[::1]:8080" },
	[SETTING_TYPE_NETS] = { item_is_net, "net: write 10.0.0.0/8, fc00::/7 or an address" },
};

static int list_check(const struct setting_row *row, const struct settings_list *list,
		      struct fail *f)
{
	const struct item_type *type = &item_types[row->type];

	for (size_t i = 0; type->fits != NULL && i < list->count; i++)
		if (!type->fits(slice_str(list->items[i])))
			return fail(f, FAIL_INPUT, "%s: '%s' is no %s", row->name, list->items[i],
				    type->like);
	return 0;
}

static int value_set(struct settings *s, const struct setting_row *row, struct slice value,
		     struct fail *f)
{
	void *field = (char *)s + row->offset;

	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < 0x20 || value.p[i] == 0x7f)
			return fail(f, FAIL_INPUT, "%s: the value holds a control character",
				    row->name);
	switch (row->type) {
	case SETTING_TYPE_TEXT: *(const char **)field = arena_str(&s->arena, value); return 0;
	case SETTING_TYPE_LIST:
	case SETTING_TYPE_PLACES:
	case SETTING_TYPE_NETS: list_set(&s->arena, value, field); return list_check(row, field, f);
	case SETTING_TYPE_INT:
	case SETTING_TYPE_SPAN:
	case SETTING_TYPE_SIZE: return number_set(row, value, field, f);
	case SETTING_TYPE_BOOL: return bool_set(row, value, field, f);
	case SETTING_TYPE_ENUM: return enum_set(row, value, field, f);
	}
	must_not_reach();
}

int setting_check(const struct setting_row *row, struct slice value, struct fail *f)
{
	struct settings scratch = { .arena = ARENA_INIT };
	int r = value_set(&scratch, row, value, f);

	arena_free(&scratch.arena);
	return r;
}

static void settings_default(struct settings *s)
{
	struct fail f = FAIL_INIT;

	*s = (struct settings){ .arena = ARENA_INIT };
	for (size_t i = 0; i < setting_row_count; i++)
		if (setting_rows[i].name != NULL)
			must(value_set(s, &setting_rows[i], slice_str(setting_rows[i].fallback),
				       &f) == 0);
}

/* --- an unknown name and the one that may have been meant --- */

static size_t least_of(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, or a large number for names that are too long to compare. */
static size_t distance(struct slice a, struct slice b)
{
	size_t row[NAME_MOST + 1];

	if (a.n > NAME_MOST || b.n > NAME_MOST)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t above = row[j];

			row[j] = least_of(above + 1, row[j - 1] + 1,
					  diagonal + (a.p[i - 1] != b.p[j - 1]));
			diagonal = above;
		}
	}
	return row[b.n];
}

static const char *nearest(struct slice name)
{
	size_t best = name.n / 3 + 2;
	const char *found = NULL;

	for (size_t i = 0; i < setting_row_count; i++) {
		const char *other = setting_rows[i].name;
		size_t d = other == NULL ? SIZE_MAX : distance(name, slice_str(other));

		if (d < best) {
			best = d;
			found = other;
		}
	}
	return found;
}

static int fail_unknown(struct slice name, struct fail *f)
{
	const char *near = nearest(name);

	if (near != NULL)
		return fail(f, FAIL_INPUT, "no setting is called '%.*s': did you mean %s?",
			    SLICE_ARG(name), near);
	return fail(f, FAIL_INPUT,
		    "no setting is called '%.*s': see `everseal config example` for all of them",
		    SLICE_ARG(name));
}

/* --- files --- */

struct file_state {
	struct settings *s;
	int *lines; /* by row: where it was set, 0: not yet */
};

static int line_set(struct file_state *state, struct slice line, int number, struct fail *f)
{
	size_t equals = slice_find(line, '=');
	struct slice name = slice_trim(slice_sub(line, 0, equals));
	const struct setting_row *row = setting_find(name);
	int *before;

	if (equals == line.n)
		return fail(f, FAIL_INPUT,
			    "'%.*s' is no setting: write name = value, or # before "
			    "a comment",
			    SLICE_ARG(slice_sub(line, 0, 80)));
	if (row == NULL)
		return fail_unknown(slice_sub(name, 0, 80), f);
	before = &state->lines[row - setting_rows];
	if (*before != 0)
		return fail(f, FAIL_INPUT, "%s is set in line %d already: keep one of them",
			    row->name, *before);
	*before = number;
	return value_set(state->s, row, slice_trim(slice_from(line, equals + 1)), f);
}

static int text_set(struct settings *s, struct slice text, const char *origin, struct fail *f)
{
	struct file_state state = { s, arena_array(&s->arena, int, setting_row_count) };
	struct slice line;
	int number = 0;

	while (slice_split(&text, '\n', &line)) {
		number++;
		if (slice_ends(line, slice_lit("\r")))
			line.n--;
		line = slice_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (line_set(&state, line, number, f) < 0)
			return fail_pass(f, "%s:%d", origin, number);
	}
	return 0;
}

static int file_set(struct settings *s, const char *path, struct fail *f)
{
	struct buf text = BUF_INIT;
	int r = file_read(path, FILE_MOST, &text, f);

	if (r < 0)
		(void)fail_pass(f, "settings file");
	else
		r = text_set(s, buf_slice(&text), path, f);
	buf_free(&text);
	return r;
}

/* --- environment and flags --- */

static void env_name(const char *name, char out[NAME_MOST + 16])
{
	size_t n = (size_t)snprintf(out, NAME_MOST, "EVERSEAL_");

	for (; *name != '\0' && n < NAME_MOST; name++) {
		bool letter = text_is_alpha((uint8_t)*name) || text_is_digit((uint8_t)*name);

		out[n++] = (char)(letter ? (text_is_digit((uint8_t)*name) ? *name : *name & ~32)
					 : '_');
	}
	out[n] = '\0';
}

static const char *env_value(const char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static int env_set(struct settings *s, const char *const *env, struct fail *f)
{
	char name[NAME_MOST + 16];

	for (size_t i = 0; i < setting_row_count; i++) {
		const char *value = NULL;

		if (setting_rows[i].name == NULL)
			continue;
		env_name(setting_rows[i].name, name);
		value = env_value(env, name);
		if (value != NULL && value_set(s, &setting_rows[i], slice_str(value), f) < 0)
			return fail_pass(f, "environment variable %s", name);
	}
	return 0;
}

static int flag_set(struct settings *s, const char *flag, struct fail *f)
{
	struct slice text = slice_str(flag);
	size_t equals = slice_find(text, '=');
	struct slice name;
	const struct setting_row *row;

	if (!slice_starts(text, slice_lit("--")) || equals == text.n)
		return fail(f, FAIL_INPUT,
			    "'%s' is not understood: settings are written "
			    "--name=value",
			    flag);
	name = slice_sub(text, 2, equals - 2);
	row = setting_find(name);
	if (row == NULL)
		return fail_unknown(slice_sub(name, 0, 80), f);
	return value_set(s, row, slice_from(text, equals + 1), f);
}

static int flags_set(struct settings *s, const char *const *flags, struct fail *f)
{
	for (; *flags != NULL; flags++)
		if (flag_set(s, *flags, f) < 0)
			return fail_pass(f, "command line");
	return 0;
}

/* --- the whole --- */

static int sources_set(struct settings *s, const struct settings_source *from, struct fail *f)
{
	if (from->file != NULL && file_set(s, from->file, f) < 0)
		return -1;
	if (from->env != NULL && env_set(s, from->env, f) < 0)
		return -1;
	return from->flags == NULL ? 0 : flags_set(s, from->flags, f);
}

int settings_load(struct settings *s, const struct settings_source *from, struct fail *f)
{
	settings_default(s);
	if (sources_set(s, from, f) == 0)
		return 0;
	settings_fini(s);
	return -1;
}

int settings_parse(struct settings *s, struct slice text, const char *origin, struct fail *f)
{
	settings_default(s);
	if (text_set(s, text, origin, f) == 0)
		return 0;
	settings_fini(s);
	return -1;
}

void settings_fini(struct settings *s)
{
	arena_free(&s->arena);
}
