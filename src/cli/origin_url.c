#include "cli/origin_url.h"

#include "base/text.h"

/* How much of "host:port" or "[address]:port" is the host. */
static size_t host_end(struct slice rest)
{
	if (rest.n > 0 && rest.p[0] == '[')
		return slice_find(rest, ']') + 1;
	return slice_find(rest, ':');
}

static bool is_printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || strchr("/?#@\\", s.p[i]) != NULL)
			return false;
	return s.n > 0;
}

static bool rest_parse(struct slice rest, struct origin_url *out)
{
	size_t end = host_end(rest);
	uint64_t port = out->port;

	if (end > rest.n || (end < rest.n && rest.p[end] != ':'))
		return false;
	if (end < rest.n && (!text_u64(slice_from(rest, end + 1), UINT16_MAX, &port) || port == 0))
		return false;
	out->host = slice_sub(rest, 0, end);
	if (rest.n > 0 && rest.p[0] == '[')
		out->host = slice_sub(rest, 1, end - 2);
	out->port = (uint16_t)port;
	return is_printable(out->host);
}

int origin_url_parse(const char *text, struct origin_url *out, struct fail *f)
{
	struct slice rest = slice_str(text);
	bool tls = slice_starts(rest, slice_lit("https://"));
	struct origin_url found = { .tls = tls, .port = tls ? 443 : 80 };

	if (!tls && !slice_starts(rest, slice_lit("http://")))
		return fail(f, FAIL_INPUT, "the origin '%s' must begin with http:// or https://",
			    text);
	rest = slice_from(rest, tls ? 8 : 7);
	if (slice_ends(rest, slice_lit("/")))
		rest.n--;
	if (!rest_parse(rest, &found))
		return fail(
			f, FAIL_INPUT,
			"the origin '%s' must be scheme://host or scheme://host:port, without a "
			"path: http://127.0.0.1:9000",
			text);
	*out = found;
	return 0;
}
