/* proto/dns/name.h: host names: what is one, its one spelling, and its key in the replica.
 *
 * The one spelling is lower-case ASCII (A-labels) without a trailing dot. RFC 1123, 2.1 and RFC
 * 5890: labels of 1 to 63 letters, digits and hyphens, no hyphen at either end, 253 bytes in all.
 * A name whose last label is a number ("127.1", "0x7f.0.0.1", "1.2.3.4") is an address in one of
 * its spellings and never a name (WHATWG URL, "ends in a number").
 *
 * Nothing here allocates for its caller; dns_name_from_user() uses libidn2 inside.
 */
#pragma once

#include "base/must.h"
#include "base/slice.h"

#define DNS_NAME_MAX  253
#define DNS_LABEL_MAX 63

struct dns_name {
	uint8_t len;
	char text[DNS_NAME_MAX + 1]; /* with an end mark */
};

static inline struct slice dns_name_slice(const struct dns_name *n)
{
	return slice_of(n->text, n->len);
}

/* What a caller lets in beyond plain host names; or them together. */
enum dns_name_allow {
	DNS_NAME_PLAIN = 0,
	DNS_NAME_WILDCARD = 1, /* "*" as the whole first label, with at least one behind it */
	DNS_NAME_UNDERSCORE =
		2, /* "_" in labels: owners of records ("_acme-challenge.a.example") */
};

enum dns_name_answer {
	DNS_NAME_OK,
	DNS_NAME_EMPTY,
	DNS_NAME_LONG,       /* more than 253 bytes */
	DNS_NAME_LABEL_LONG, /* more than 63 bytes */
	DNS_NAME_LABEL_EMPTY,
	DNS_NAME_BYTE,    /* a byte that no host name has */
	DNS_NAME_HYPHEN,  /* at the start or end of a label, or "ab--" other than a good "xn--" */
	DNS_NAME_STAR,    /* a wildcard where none is allowed, or not the whole first label */
	DNS_NAME_NUMERIC, /* an IP address in some spelling */
	DNS_NAME_IDN,     /* Unicode that IDNA (UTS 46, non-transitional) does not allow */
	DNS_NAME_ANSWERS,
};

/* ASCII in either case, trailing dot allowed. A-labels are checked to be lower-case images of
 * valid U-labels. *out is untouched unless OK. */
must_check enum dns_name_answer dns_name_parse(struct slice text, unsigned allow,
					       struct dns_name *out);

/* The same for what people type: U-labels in UTF-8 become A-labels (UTS 46, non-transitional).
 * *converted tells whether the name was not ASCII. */
must_check enum dns_name_answer dns_name_from_user(struct slice text, unsigned allow,
						   struct dns_name *out, bool *converted);

/* "is longer than 253 characters": ends a sentence that begins with the name. */
const char *dns_name_why(enum dns_name_answer answer);

/* Any spelling that a resolver or getaddrinfo() takes for an IPv4 address ("127.1",
 * "0x7f.0.0.1", "2130706433"), plain IPv6, bracketed IPv6. */
bool dns_name_looks_like_address(struct slice text);

/* All of the following take names in the one spelling. */

size_t dns_name_labels(struct slice name);

/* What stands behind the first dot; absent for a single label. Borrowed. */
struct slice dns_name_parent(struct slice name);

bool dns_name_is_wildcard(struct slice name);

/* name equals zone or lies below it. An absent or empty zone holds nothing. */
bool dns_name_is_within(struct slice name, struct slice zone);

/* Does a certificate name (perhaps a wildcard) cover a host? RFC 6125, 6.4.3: "*" stands for
 * exactly one label. */
bool dns_name_covers(struct slice pattern, struct slice host);

/* The replica's key: labels reversed, each followed by 0x00: "www.example.com" is
 * "com\0example\0www\0". Byte order of keys is canonical DNS order, and the keys of a subtree share
 * a prefix. Returns the key, borrowed from out. Works on any bytes without 0x00 of at most
 * DNS_NAME_MAX (what is no name is no key in the replica either); for others the key is absent. */
#define DNS_NAME_KEY (DNS_NAME_MAX + 1)
struct slice dns_name_key(struct slice name, uint8_t out[DNS_NAME_KEY]);

/* Back again. False when the key is not one that dns_name_key() made. */
must_check bool dns_name_unkey(struct slice key, struct dns_name *out);
