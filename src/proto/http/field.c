/* Names and values of fields. The tables are all there is to it: what a byte may stand in, what a
 * name means, what belongs to one connection only. */
#include "proto/http/message.h"
#include "proto/http/message_priv.h"

#include "base/text.h"

/* RFC 9110, 5.6.2: tchar; a row for sixteen bytes. */
/* clang-format off */
const bool http_tchar[256] = {
	[0x20] = 0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0, /*  !"#$%&'()*+,-./ */
	[0x30] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, /* 0123456789:;<=>? */
	[0x40] = 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* @ABCDEFGHIJKLMNO */
	[0x50] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, /* PQRSTUVWXYZ[\]^_ */
	[0x60] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* `abcdefghijklmno */
	[0x70] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, /* pqrstuvwxyz{|}~  */
};
/* clang-format on */

static const char *const names[HTTP_FIELD_KINDS] = {
	[HTTP_FIELD_OTHER] = "",
	[HTTP_FIELD_ACCEPT] = "accept",
	[HTTP_FIELD_AUTHORIZATION] = "authorization",
	[HTTP_FIELD_CDN_LOOP] = "cdn-loop",
	[HTTP_FIELD_CONNECTION] = "connection",
	[HTTP_FIELD_CONTENT_LENGTH] = "content-length",
	[HTTP_FIELD_CONTENT_TYPE] = "content-type",
	[HTTP_FIELD_COOKIE] = "cookie",
	[HTTP_FIELD_DATE] = "date",
	[HTTP_FIELD_EXPECT] = "expect",
	[HTTP_FIELD_FORWARDED] = "forwarded",
	[HTTP_FIELD_HOST] = "host",
	[HTTP_FIELD_HTTP2_SETTINGS] = "http2-settings",
	[HTTP_FIELD_KEEP_ALIVE] = "keep-alive",
	[HTTP_FIELD_LOCATION] = "location",
	[HTTP_FIELD_PROXY_AUTHENTICATE] = "proxy-authenticate",
	[HTTP_FIELD_PROXY_AUTHORIZATION] = "proxy-authorization",
	[HTTP_FIELD_PROXY_CONNECTION] = "proxy-connection",
	[HTTP_FIELD_SERVER] = "server",
	[HTTP_FIELD_STRICT_TRANSPORT_SECURITY] = "strict-transport-security",
	[HTTP_FIELD_TE] = "te",
	[HTTP_FIELD_TRAILER] = "trailer",
	[HTTP_FIELD_TRANSFER_ENCODING] = "transfer-encoding",
	[HTTP_FIELD_UPGRADE] = "upgrade",
	[HTTP_FIELD_USER_AGENT] = "user-agent",
	[HTTP_FIELD_VIA] = "via",
	[HTTP_FIELD_X_FORWARDED_FOR] = "x-forwarded-for",
	[HTTP_FIELD_X_FORWARDED_HOST] = "x-forwarded-host",
	[HTTP_FIELD_X_FORWARDED_PORT] = "x-forwarded-port",
	[HTTP_FIELD_X_FORWARDED_PROTO] = "x-forwarded-proto",
	[HTTP_FIELD_X_REAL_IP] = "x-real-ip",
	[HTTP_FIELD_X_REQUEST_ID] = "x-request-id",
};

/* Few names share a length: a name is compared with at most four. */
#define SAME_LENGTH 4
#define NAME_LENGTH 25

static const uint8_t by_length[NAME_LENGTH + 1][SAME_LENGTH] = {
	[2] = { HTTP_FIELD_TE },
	[3] = { HTTP_FIELD_VIA },
	[4] = { HTTP_FIELD_HOST, HTTP_FIELD_DATE },
	[6] = { HTTP_FIELD_ACCEPT, HTTP_FIELD_COOKIE, HTTP_FIELD_SERVER, HTTP_FIELD_EXPECT },
	[7] = { HTTP_FIELD_UPGRADE, HTTP_FIELD_TRAILER },
	[8] = { HTTP_FIELD_LOCATION, HTTP_FIELD_CDN_LOOP },
	[9] = { HTTP_FIELD_FORWARDED, HTTP_FIELD_X_REAL_IP },
	[10] = { HTTP_FIELD_CONNECTION, HTTP_FIELD_USER_AGENT, HTTP_FIELD_KEEP_ALIVE },
	[12] = { HTTP_FIELD_CONTENT_TYPE, HTTP_FIELD_X_REQUEST_ID },
	[13] = { HTTP_FIELD_AUTHORIZATION },
	[14] = { HTTP_FIELD_CONTENT_LENGTH, HTTP_FIELD_HTTP2_SETTINGS },
	[15] = { HTTP_FIELD_X_FORWARDED_FOR },
	[16] = { HTTP_FIELD_X_FORWARDED_HOST, HTTP_FIELD_X_FORWARDED_PORT,
		 HTTP_FIELD_PROXY_CONNECTION },
	[17] = { HTTP_FIELD_TRANSFER_ENCODING, HTTP_FIELD_X_FORWARDED_PROTO },
	[18] = { HTTP_FIELD_PROXY_AUTHENTICATE },
	[19] = { HTTP_FIELD_PROXY_AUTHORIZATION },
	[NAME_LENGTH] = { HTTP_FIELD_STRICT_TRANSPORT_SECURITY },
};

/* RFC 9110, 7.6.1, and what makes sense between two neighbours only: we drop trailers, so their
 * announcement too; we ask for no proxy credentials and pass none on. */
const bool http_field_is_hop[HTTP_FIELD_KINDS] = {
	[HTTP_FIELD_CONNECTION] = true,
	[HTTP_FIELD_HTTP2_SETTINGS] = true,
	[HTTP_FIELD_KEEP_ALIVE] = true,
	[HTTP_FIELD_PROXY_AUTHENTICATE] = true,
	[HTTP_FIELD_PROXY_AUTHORIZATION] = true,
	[HTTP_FIELD_PROXY_CONNECTION] = true,
	[HTTP_FIELD_TE] = true,
	[HTTP_FIELD_TRAILER] = true,
	[HTTP_FIELD_TRANSFER_ENCODING] = true,
	[HTTP_FIELD_UPGRADE] = true,
};

enum http_field_kind http_field_kind(struct slice name)
{
	if (name.n > NAME_LENGTH)
		return HTTP_FIELD_OTHER;
	const uint8_t *kinds = by_length[name.n];

	for (size_t i = 0; i < SAME_LENGTH && kinds[i] != HTTP_FIELD_OTHER; i++)
		if (slice_eq_nocase(name, slice_of(names[kinds[i]], name.n)))
			return kinds[i];
	return HTTP_FIELD_OTHER;
}

const struct http_field *http_field_find(const struct http_head *head, enum http_field_kind kind)
{
	for (size_t i = 0; i < head->count; i++)
		if (head->fields[i].kind == kind)
			return &head->fields[i];
	return NULL;
}

const struct http_field *http_field_named(const struct http_head *head, const char *name)
{
	struct slice wanted = slice_str(name);

	for (size_t i = 0; i < head->count; i++)
		if (slice_eq_nocase(head->fields[i].name, wanted))
			return &head->fields[i];
	return NULL;
}

bool http_is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!http_tchar[s.p[i]])
			return false;
	return s.n > 0;
}

bool http_is_field_value(struct slice s)
{
	return http_scan(s, 0) == s.n;
}

/* Where the list element that begins at `from` ends: at a comma outside of quotes, or at the end. */
static size_t element_end(struct slice s, size_t from)
{
	bool quoted = false;

	for (size_t i = from; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == ',' && !quoted)
			return i;
	}
	return s.n;
}

bool http_list_next(struct slice *rest, struct slice *element)
{
	while (rest->n > 0) {
		size_t end = element_end(*rest, 0);

		*element = slice_trim(slice_sub(*rest, 0, end));
		*rest = slice_from(*rest, end + 1);
		if (element->n > 0)
			return true;
	}
	return false;
}
