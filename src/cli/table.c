#include "cli/table.h"

#include "base/text.h"

#define COLUMNS_MAX 16

static const json_t *step(const json_t *at, struct slice name)
{
	uint64_t index;

	if (json_is_object(at)) {
		char key[128];

		if (name.n >= sizeof(key))
			return NULL;
		memcpy(key, name.p, name.n);
		key[name.n] = '\0';
		return json_object_get(at, key);
	}
	if (json_is_array(at) && text_u64(name, UINT32_MAX, &index))
		return json_array_get(at, (size_t)index);
	return NULL;
}

const json_t *table_at(const json_t *row, const char *path)
{
	struct slice rest = slice_str(path);
	struct slice name;

	while (row != NULL && slice_split(&rest, '.', &name))
		row = step(row, name);
	return row;
}

static void text_array(struct buf *out, const json_t *value)
{
	size_t i;
	json_t *item;

	json_array_foreach(value, i, item)
	{
		if (i > 0)
			buf_add_str(out, ", ");
		table_text(out, item);
	}
	if (json_array_size(value) == 0)
		buf_add_byte(out, '-');
}

void table_text(struct buf *out, const json_t *value)
{
	if (value == NULL || json_is_null(value)) {
		buf_add_byte(out, '-');
	} else if (json_is_string(value)) {
		/* What comes from outside must not steer the terminal. */
		const char *s = json_string_value(value);
		for (; *s != '\0'; s++)
			buf_add_byte(out, (uint8_t)*s < 0x20 || *s == 0x7f ? '?' : (uint8_t)*s);
	} else if (json_is_boolean(value)) {
		buf_add_str(out, json_is_true(value) ? "yes" : "no");
	} else if (json_is_integer(value)) {
		buf_addf(out, "%lld", (long long)json_integer_value(value));
	} else if (json_is_array(value)) {
		text_array(out, value);
	} else {
		char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		buf_add_str(out, text == NULL ? "?" : text);
		free(text);
	}
}

/* Columns on the screen: code points, not bytes. */
static size_t width(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

static void cell_add(struct buf *out, struct slice text, size_t wide, bool last)
{
	buf_add(out, text);
	for (size_t n = width(text); !last && n < wide + 2; n++)
		buf_add_byte(out, ' ');
}

void table_write(struct buf *out, const json_t *rows, const struct column *columns)
{
	size_t wide[COLUMNS_MAX] = { 0 };
	size_t count = 0;
	struct buf cell = BUF_INIT;
	size_t i;
	json_t *row;

	for (; columns[count].title != NULL; count++)
		wide[count] = width(slice_str(columns[count].title));
	must(count <= COLUMNS_MAX);
	json_array_foreach(rows, i, row) for (size_t c = 0; c < count; c++)
	{
		buf_clear(&cell);
		table_text(&cell, table_at(row, columns[c].path));
		if (width(buf_slice(&cell)) > wide[c])
			wide[c] = width(buf_slice(&cell));
	}
	for (size_t c = 0; c < count; c++)
		cell_add(out, slice_str(columns[c].title), wide[c], c + 1 == count);
	buf_add_byte(out, '\n');
	json_array_foreach(rows, i, row)
	{
		for (size_t c = 0; c < count; c++) {
			buf_clear(&cell);
			table_text(&cell, table_at(row, columns[c].path));
			cell_add(out, buf_slice(&cell), wide[c], c + 1 == count);
		}
		buf_add_byte(out, '\n');
	}
	buf_free(&cell);
}

void table_write_one(struct buf *out, const json_t *row, const struct column *columns)
{
	size_t wide = 0;

	for (const struct column *c = columns; c->title != NULL; c++)
		if (width(slice_str(c->title)) > wide)
			wide = width(slice_str(c->title));
	for (const struct column *c = columns; c->title != NULL; c++) {
		cell_add(out, slice_str(c->title), wide, false);
		table_text(out, table_at(row, c->path));
		buf_add_byte(out, '\n');
	}
}
