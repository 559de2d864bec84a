#include "base/id.h"

#include "base/text.h"

bool id_is_zero(const struct id *id)
{
	static const struct id zero;

	return id_eq(id, &zero);
}

void id_hex(const struct id *id, char *out)
{
	text_hex(id_slice(id), out);
}

static bool is_dash(size_t at)
{
	return at == 8 || at == 13 || at == 18 || at == 23;
}

void id_uuid(const struct id *id, char *out)
{
	char hex[ID_HEX + 1];
	const char *from = hex;

	id_hex(id, hex);
	for (size_t at = 0; at < ID_UUID; at++)
		out[at] = is_dash(at) ? '-' : *from++;
	out[ID_UUID] = '\0';
}

bool id_parse(struct slice text, struct id *out)
{
	uint8_t hex[ID_HEX];
	size_t n = 0;

	if (text.n == ID_HEX)
		return text_unhex(text, out->b, ID_LEN);
	if (text.n != ID_UUID)
		return false;
	for (size_t at = 0; at < text.n; at++) {
		if (is_dash(at) != (text.p[at] == '-'))
			return false;
		if (!is_dash(at))
			hex[n++] = text.p[at];
	}
	return text_unhex(slice_of(hex, n), out->b, ID_LEN);
}
