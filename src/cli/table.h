/* cli/table.h: JSON rows as aligned columns for humans. */
#pragma once

#include <jansson.h>

#include "base/buf.h"

struct column {
	const char *title; /* NULL ends a list */
	const char *path;  /* "ssl.status": where the value stands in a row */
};

/* One line of titles, one line a row; what is missing or null is shown as "-". */
void table_write(struct buf *out, const json_t *rows, const struct column *columns);

/* One "title  value" line a column, for a single object. */
void table_write_one(struct buf *out, const json_t *row, const struct column *columns);

/* The value at a path such as "ssl.validation_records.0.txt_name", or NULL. Borrowed. */
const json_t *table_at(const json_t *row, const char *path);

/* Its text as the table shows it. */
void table_text(struct buf *out, const json_t *value);
