/* run/sql/rewrite.c: $n becomes ?n. A statement is read as SQL reads it: 'strings' and "names"
 * with the quote doubled inside, -- comments to the end of the line, C comments (PostgreSQL nests
 * them, SQLite does not: statements that nest are written by nobody). A $ inside a word belongs
 * to the word. */
#include "base/buf.h"
#include "base/text.h"
#include "run/sql/sql.h"

static size_t until(const char *text, size_t from, const char *end)
{
	const char *found = strstr(text + from, end);

	return found == NULL ? strlen(text) : (size_t)(found - text) + strlen(end);
}

/* The end of what starts at `at` and is copied whole: quotes, comments, words; else one byte. */
static size_t piece_end(const char *text, size_t at)
{
	char c = text[at];

	if (c == '\'' || c == '"')
		return until(text, at + 1, c == '\'' ? "'" : "\"");
	if (c == '-' && text[at + 1] == '-')
		return until(text, at, "\n");
	if (c == '/' && text[at + 1] == '*')
		return until(text, at + 2, "*/");
	if (!text_is_alpha((uint8_t)c) && c != '_')
		return at + 1;
	while (text_is_alpha((uint8_t)text[at]) || text_is_digit((uint8_t)text[at]) ||
	       text[at] == '_' || text[at] == '$')
		at++;
	return at;
}

void sql_rewrite(const char *text, struct buf *out)
{
	for (size_t at = 0, end; text[at] != 0; at = end) {
		end = piece_end(text, at);
		if (text[at] == '$' && text_is_digit((uint8_t)text[at + 1]))
			buf_add_byte(out, '?');
		else
			buf_add(out, slice_of(text + at, end - at));
	}
}
