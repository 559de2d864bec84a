#include "cli/roff.h"

void roff_add(struct buf *out, const char *text)
{
	bool first = true;

	for (; *text != '\0'; text++) {
		if (first && (*text == '.' || *text == '\''))
			buf_add_str(out, "\\&");
		if (*text == '-')
			buf_add_str(out, "\\-");
		else if (*text == '\\')
			buf_add_str(out, "\\e");
		else
			buf_add_byte(out, (uint8_t)*text);
		first = *text == '\n';
	}
}

void roff_heading(struct buf *out, const char *text)
{
	buf_add_str(out, ".SH ");
	for (; *text != '\0'; text++)
		buf_add_byte(out, (uint8_t)(*text >= 'a' && *text <= 'z' ? *text - 32 : *text));
	buf_add_byte(out, '\n');
}
