/* The settings in words: as a file, as an example, as a table. All from the rows. */
#include "base/must.h"
#include "run/settings/settings.h"

static void render_list(const struct settings_list *list, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : ", ", list->items[i]);
}

static void render_enum(const struct setting_row *row, int index, struct buf *out)
{
	struct slice rest = slice_str(row->allowed);
	struct slice one = SLICE_NONE;

	while (index-- >= 0)
		must(slice_split(&rest, '|', &one));
	buf_add(out, one);
}

static void render_value(const struct settings *s, const struct setting_row *row, struct buf *out)
{
	const void *field = (const char *)s + row->offset;

	switch (row->type) {
	case SETTING_TYPE_TEXT: buf_add_str(out, *(const char *const *)field); return;
	case SETTING_TYPE_BOOL: buf_add_str(out, *(const bool *)field ? "yes" : "no"); return;
	case SETTING_TYPE_LIST:
	case SETTING_TYPE_PLACES:
	case SETTING_TYPE_NETS: render_list(field, out); return;
	case SETTING_TYPE_ENUM: render_enum(row, *(const int *)field, out); return;
	case SETTING_TYPE_SPAN: buf_addf(out, "%lldms", (long long)*(const int64_t *)field); return;
	case SETTING_TYPE_INT:
	case SETTING_TYPE_SIZE: buf_addf(out, "%lld", (long long)*(const int64_t *)field); return;
	}
	must_not_reach();
}

void settings_render(const struct settings *s, struct buf *out)
{
	for (size_t i = 0; i < setting_row_count; i++) {
		if (setting_rows[i].name == NULL)
			continue;
		buf_addf(out, "%s = ", setting_rows[i].name);
		render_value(s, &setting_rows[i], out);
		buf_add_byte(out, '\n');
	}
}

/* "0s to 1h", "debug|info", "yes|no": what may be written. */
static void describe_values(const struct setting_row *row, struct buf *out)
{
	static const char *const kinds[] = {
		[SETTING_TYPE_TEXT] = "text",
		[SETTING_TYPE_INT] = "number",
		[SETTING_TYPE_BOOL] = "yes|no",
		[SETTING_TYPE_SPAN] = "time span",
		[SETTING_TYPE_SIZE] = "size",
		[SETTING_TYPE_LIST] = "list, by commas",
		[SETTING_TYPE_PLACES] = "addresses with port, by commas",
		[SETTING_TYPE_NETS] = "nets, by commas",
		[SETTING_TYPE_ENUM] = "",
	};

	buf_add_str(out, row->allowed == NULL ? kinds[row->type] : row->allowed);
	if (row->least != NULL)
		buf_addf(out, ", %s to %s", row->least, row->most);
	if (row->unit != NULL)
		buf_addf(out, " %s", row->unit);
}

static void example_row(const struct setting_row *row, struct buf *out)
{
	if (row->heading != NULL) {
		buf_addf(out, "\n\n## %s\n", row->heading);
		return;
	}
	buf_addf(out, "\n# %s (", row->words);
	describe_values(row, out);
	buf_addf(out, ")\n#%s = %s\n", row->name, row->fallback);
}

void settings_example(struct buf *out)
{
	buf_add_str(out,
		    "# Settings of Everseal: name = value, one a line. Every line here shows a "
		    "default.\n"
		    "# The environment (EVERSEAL_EDGE_WORKERS=2) wins over this file, flags\n"
		    "# (--edge.workers=2) win over both. Check with `everseal config check "
		    "FILE`.\n");
	for (size_t i = 0; i < setting_row_count; i++)
		example_row(&setting_rows[i], out);
}

static void explain_row(const struct setting_row *row, struct buf *out)
{
	struct buf values = BUF_INIT;
	struct slice rest;
	struct slice part;

	if (row->heading != NULL) {
		buf_addf(
			out,
			"\n### %s\n\n| setting | default | values | meaning |\n|---|---|---|---|\n",
			row->heading);
		return;
	}
	describe_values(row, &values);
	rest = buf_slice(&values);
	buf_addf(out, "| `%s` | `%s` | ", row->name,
		 row->fallback[0] == '\0' ? " " : row->fallback);
	for (bool first = true; slice_split(&rest, '|', &part); first = false)
		buf_addf(out, "%s%.*s", first ? "" : "\\|", SLICE_ARG(part));
	buf_addf(out, " | %s |\n", row->words);
	buf_free(&values);
}

void settings_explain(struct buf *out)
{
	for (size_t i = 0; i < setting_row_count; i++)
		explain_row(&setting_rows[i], out);
}
