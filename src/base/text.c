#include "base/text.h"

#include "base/buf.h"

int text_hex_digit(uint8_t c)
{
	if (text_is_digit(c))
		return c - '0';
	c = text_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_u64(struct slice s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (s.n == 0 || s.n > 20)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!text_is_digit(s.p[i]))
			return false;
		uint64_t digit = (uint64_t)(s.p[i] - '0');

		if (value > (max - digit) / 10 || digit > max)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

void text_hex(struct slice bytes, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.n; i++) {
		*out++ = digits[bytes.p[i] >> 4];
		*out++ = digits[bytes.p[i] & 15];
	}
	*out = '\0';
}

bool text_unhex(struct slice hex, uint8_t *out, size_t n)
{
	if (hex.n != 2 * n)
		return false;
	for (size_t i = 0; i < hex.n; i++)
		if (text_hex_digit(hex.p[i]) < 0)
			return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(text_hex_digit(hex.p[2 * i]) << 4 |
				   text_hex_digit(hex.p[2 * i + 1]));
	return true;
}

static void encode64(struct slice in, const char *alphabet, bool pad, struct buf *out)
{
	for (size_t i = 0; i < in.n; i += 3) {
		size_t left = in.n - i;
		uint32_t bits = (uint32_t)in.p[i] << 16;

		if (left > 1)
			bits |= (uint32_t)in.p[i + 1] << 8;
		if (left > 2)
			bits |= in.p[i + 2];
		buf_add_byte(out, (uint8_t)alphabet[bits >> 18]);
		buf_add_byte(out, (uint8_t)alphabet[bits >> 12 & 63]);
		if (left > 1)
			buf_add_byte(out, (uint8_t)alphabet[bits >> 6 & 63]);
		if (left > 2)
			buf_add_byte(out, (uint8_t)alphabet[bits & 63]);
		for (size_t p = left; pad && p < 3; p++)
			buf_add_byte(out, '=');
	}
}

void text_base64(struct slice bytes, struct buf *out)
{
	encode64(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true,
		 out);
}

void text_base64url(struct slice bytes, struct buf *out)
{
	encode64(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false,
		 out);
}

static int digit64(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (text_is_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Takes the padding off; false when it is not what so many digits need. */
static bool take_padding(struct slice *text)
{
	size_t pad = 0;

	while (pad < 2 && text->n > 0 && text->p[text->n - 1] == '=') {
		text->n--;
		pad++;
	}
	if (text->n % 4 == 1)
		return false;
	return pad == 0 || pad == 4 - text->n % 4;
}

/* RFC 4648, 3.5: the bits left over must be zero, or one text of many would be the same bytes. */
bool text_unbase64(struct slice text, struct buf *out)
{
	size_t start = out->n;
	uint32_t bits = 0;
	int have = 0;
	bool good = take_padding(&text);

	for (size_t i = 0; i < text.n && good; i++) {
		int digit = digit64(text.p[i]);

		good = digit >= 0;
		bits = (bits << 6 | (uint32_t)digit) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_add_byte(out, (uint8_t)(bits >> have));
		}
	}
	if (good && (bits & ((1u << have) - 1)) == 0)
		return true;
	buf_cut(out, start);
	return false;
}

bool text_unpercent(struct slice text, bool plus, struct buf *out)
{
	size_t start = out->n;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (plus && c == '+')
			c = ' ';
		if (c == '%') {
			if (!text_unhex(slice_sub(text, i + 1, 2), &c, 1)) {
				buf_cut(out, start);
				return false;
			}
			i += 2;
		}
		buf_add_byte(out, c);
	}
	return true;
}

void text_html(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&': buf_add_str(out, "&amp;"); break;
		case '<': buf_add_str(out, "&lt;"); break;
		case '>': buf_add_str(out, "&gt;"); break;
		case '"': buf_add_str(out, "&quot;"); break;
		case '\'': buf_add_str(out, "&#39;"); break;
		default: buf_add_byte(out, text.p[i]);
		}
	}
}
