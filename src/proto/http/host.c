#include "proto/http/host.h"

#include "base/text.h"
#include "proto/dns/address.h"
#include "proto/dns/name.h"

/* What stands behind the host: nothing, ":" or ":port". */
static bool port_parse(struct slice text, struct http_host *out)
{
	uint64_t port;

	if (text.n == 0)
		return true;
	if (text.p[0] != ':')
		return false;
	if (text.n == 1)
		return true;
	if (text.n > 6 || !text_u64(slice_from(text, 1), UINT16_MAX, &port) || port == 0)
		return false;
	out->port = (uint16_t)port;
	out->has_port = true;
	return true;
}

static void text_set(struct http_host *out, enum http_host_form form, const char *text)
{
	out->form = form;
	out->len = (uint8_t)strlen(text);
	memcpy(out->text, text, out->len);
}

static bool address_parse(struct slice text, bool v6, struct http_host *out)
{
	struct dns_address a;
	char canonical[DNS_ADDRESS_TEXT];

	if (!dns_address_parse(text, &a) || a.v6 != v6)
		return false;
	text_set(out, v6 ? HTTP_HOST_V6 : HTTP_HOST_V4, dns_address_text(&a, canonical));
	return true;
}

static bool is_name_byte(uint8_t c)
{
	return text_is_alpha(c) || text_is_digit(c) || c == '-' || c == '_';
}

/* Labels of 1 to 63 bytes; hyphens stand where they like, as in names that are in use. */
static bool name_parse(struct slice text, struct http_host *out)
{
	size_t label = 0;

	if (slice_ends(text, slice_lit(".")))
		text.n--;
	if (text.n == 0 || text.n > HTTP_HOST_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (c == '.' ? label == 0 : !is_name_byte(c))
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > DNS_LABEL_MAX)
			return false;
		out->text[i] = (char)text_lower(c);
	}
	out->form = HTTP_HOST_NAME;
	out->len = (uint8_t)text.n;
	return label > 0;
}

static bool literal_parse(struct slice authority, struct http_host *out)
{
	size_t close = slice_find(authority, ']');

	return close < authority.n &&
	       address_parse(slice_sub(authority, 1, close - 1), true, out) &&
	       port_parse(slice_from(authority, close + 1), out);
}

static bool plain_parse(struct slice authority, struct http_host *out)
{
	size_t colon = slice_find(authority, ':');
	struct slice name = slice_sub(authority, 0, colon);

	if (!port_parse(slice_from(authority, colon), out))
		return false;
	if (dns_name_looks_like_address(name))
		return address_parse(name, false, out);
	return name_parse(name, out);
}

bool http_host_parse(struct slice authority, struct http_host *out)
{
	struct http_host host;
	bool bracket = authority.n > 0 && authority.p[0] == '[';

	host.form = HTTP_HOST_NONE;
	host.has_port = false;
	host.port = 0;
	if (!(bracket ? literal_parse(authority, &host) : plain_parse(authority, &host)))
		return false;
	host.text[host.len] = '\0';
	out->form = host.form;
	out->has_port = host.has_port;
	out->port = host.port;
	out->len = host.len;
	memcpy(out->text, host.text, host.len + 1u);
	return true;
}

void http_host_write(struct buf *out, const struct http_host *h, uint16_t default_port)
{
	if (h->form == HTTP_HOST_V6)
		buf_add_byte(out, '[');
	buf_add(out, http_host_name(h));
	if (h->form == HTTP_HOST_V6)
		buf_add_byte(out, ']');
	if (h->has_port && h->port != default_port)
		buf_addf(out, ":%u", h->port);
}
