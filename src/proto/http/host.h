/* proto/http/host.h: the authority of a request: Host field, absolute-form or absolute URL.
 *
 * RFC 3986, 3.2 and RFC 9110, 7.2, read narrowly: a name in ASCII (letters are lowered, a trailing
 * dot is dropped, "_" is let through since names in use hold it), an IPv4 address or an IPv6
 * address in brackets; then perhaps ":port". User information, percent-encoding, sub-delimiters,
 * IPvFuture, zone ids, raw UTF-8 and numbers that only look like an address ("127.1", "0x7f.1")
 * are refused: two readers could take them for two hosts.
 */
#pragma once

#include "base/buf.h"
#include "base/must.h"
#include "base/slice.h"

#define HTTP_HOST_MAX 253

enum http_host_form { HTTP_HOST_NONE, HTTP_HOST_NAME, HTTP_HOST_V4, HTTP_HOST_V6 };

struct http_host {
	enum http_host_form form;
	bool has_port;
	uint16_t port;                /* 1 to 65535; 0 when there is none */
	uint8_t len;                  /* of text */
	char text[HTTP_HOST_MAX + 1]; /* lower-case name or canonical address, no brackets */
};

/* "shop.example.com", "192.0.2.1:8080", "[2001:db8::1]:443". An empty port ("name:") is legal and
 * the same as none. */
must_check bool http_host_parse(struct slice authority, struct http_host *out);

/* The name or address, borrowed from *h. */
static inline struct slice http_host_name(const struct http_host *h)
{
	return slice_of(h->text, h->len);
}

/* As it stands in a Host field: brackets around IPv6, the port when there is one and it is not
 * `default_port` (0: always written). */
void http_host_write(struct buf *out, const struct http_host *h, uint16_t default_port);
