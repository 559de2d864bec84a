/* Checks run over bytes first, IDNA last: libidn2 sees only names that have some Unicode or an
 * "xn--" label in them, and what it answers is checked as if it had been typed. So digits in other
 * scripts that fold to "127.0.0.1" are found out, whatever the library lets pass. */
#include "proto/dns/name.h"

#include <idn2.h>
#include <stdlib.h>

#include "base/text.h"

#define TYPED_MOST 1024 /* bytes of UTF-8 that people type as a name */

static bool is_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!text_is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_hex(struct slice s)
{
	if (s.n < 2 || s.p[0] != '0' || text_lower(s.p[1]) != 'x')
		return false;
	for (size_t i = 2; i < s.n; i++)
		if (text_hex_digit(s.p[i]) < 0)
			return false;
	return true;
}

static struct slice without_dot(struct slice name)
{
	return slice_ends(name, slice_lit(".")) ? slice_sub(name, 0, name.n - 1) : name;
}

static struct slice last_label(struct slice name)
{
	size_t at = name.n;

	while (at > 0 && name.p[at - 1] != '.')
		at--;
	return slice_from(name, at);
}

/* WHATWG URL, "ends in a number": inet_aton() and its heirs read such a name as an address. */
static bool ends_in_number(struct slice name)
{
	struct slice last = last_label(name);

	return is_digits(last) || is_hex(last);
}

bool dns_name_looks_like_address(struct slice text)
{
	return slice_find(text, ':') < text.n || slice_find(text, '[') < text.n ||
	       ends_in_number(without_dot(text));
}

static bool is_a_label(struct slice label)
{
	return label.n >= 4 && slice_eq_nocase(slice_sub(label, 0, 4), slice_lit("xn--"));
}

static enum dns_name_answer label_check(struct slice label, unsigned allow)
{
	if (label.n == 0)
		return DNS_NAME_LABEL_EMPTY;
	for (size_t i = 0; i < label.n; i++) {
		uint8_t c = label.p[i];

		if (c == '*')
			return DNS_NAME_STAR;
		if (!text_is_alpha(c) && !text_is_digit(c) && c != '-' &&
		    (c != '_' || (allow & DNS_NAME_UNDERSCORE) == 0))
			return DNS_NAME_BYTE;
	}
	if (label.n > DNS_LABEL_MAX)
		return DNS_NAME_LABEL_LONG;
	if (label.p[0] == '-' || label.p[label.n - 1] == '-')
		return DNS_NAME_HYPHEN;
	/* RFC 5890, 2.3.1: "--" in the third and fourth place is reserved */
	if (label.n >= 4 && label.p[2] == '-' && label.p[3] == '-' && !is_a_label(label))
		return DNS_NAME_HYPHEN;
	return DNS_NAME_OK;
}

static enum dns_name_answer labels_check(struct slice name, unsigned allow, bool *has_a_label)
{
	struct slice label;
	bool first = true;

	for (; slice_split(&name, '.', &label); first = false) {
		if (first && slice_eq_str(label, "*") && name.n > 0 &&
		    (allow & DNS_NAME_WILDCARD) != 0)
			continue;
		enum dns_name_answer answer = label_check(label, allow);

		if (answer != DNS_NAME_OK)
			return answer;
		*has_a_label |= is_a_label(label);
	}
	return DNS_NAME_OK;
}

/* RFC 5891, 5.4: A-labels must be what their U-labels turn into. */
static bool a_labels_are_good(const char *name)
{
	uint8_t *again = NULL;
	bool good = idn2_lookup_u8((const uint8_t *)name, &again,
				   IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_ALABEL_ROUNDTRIP) ==
			    IDN2_OK &&
		    strcmp((const char *)again, name) == 0;

	idn2_free(again);
	return good;
}

enum dns_name_answer dns_name_parse(struct slice text, unsigned allow, struct dns_name *out)
{
	struct dns_name name = { 0 };
	bool has_a_label = false;

	text = without_dot(text);
	if (text.n == 0)
		return DNS_NAME_EMPTY;
	enum dns_name_answer answer = labels_check(text, allow, &has_a_label);

	if (answer != DNS_NAME_OK)
		return answer;
	if (text.n > DNS_NAME_MAX)
		return DNS_NAME_LONG;
	if (ends_in_number(text))
		return DNS_NAME_NUMERIC;
	name.len = (uint8_t)text.n;
	for (size_t i = 0; i < text.n; i++)
		name.text[i] = (char)text_lower(text.p[i]);
	if (has_a_label && !a_labels_are_good(name.text))
		return DNS_NAME_IDN;
	*out = name;
	return DNS_NAME_OK;
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

enum dns_name_answer dns_name_from_user(struct slice text, unsigned allow, struct dns_name *out,
					bool *converted)
{
	char utf8[TYPED_MOST];
	uint8_t *ascii = NULL;

	*converted = false;
	if (is_ascii(text))
		return dns_name_parse(text, allow, out);
	if (text.n >= sizeof(utf8))
		return DNS_NAME_LONG;
	if (slice_find(text, '\0') < text.n)
		return DNS_NAME_BYTE;
	memcpy(utf8, text.p, text.n);
	utf8[text.n] = '\0';
	int r = idn2_lookup_u8((const uint8_t *)utf8, &ascii,
			       IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	enum dns_name_answer answer = DNS_NAME_IDN;

	if (r == IDN2_OK)
		answer = dns_name_parse(slice_str((const char *)ascii), allow, out);
	if (r == IDN2_TOO_BIG_LABEL)
		answer = DNS_NAME_LABEL_LONG;
	if (r == IDN2_TOO_BIG_DOMAIN)
		answer = DNS_NAME_LONG;
	idn2_free(ascii);
	*converted = answer == DNS_NAME_OK;
	return answer;
}

const char *dns_name_why(enum dns_name_answer answer)
{
	static const char *const why[DNS_NAME_ANSWERS] = {
		[DNS_NAME_OK] = "is a host name",
		[DNS_NAME_EMPTY] = "is empty",
		[DNS_NAME_LONG] = "is longer than 253 characters",
		[DNS_NAME_LABEL_LONG] = "has a label longer than 63 characters",
		[DNS_NAME_LABEL_EMPTY] = "has an empty label (two dots in a row, or one in front)",
		[DNS_NAME_BYTE] = "holds a character other than letters, digits, hyphens and dots",
		[DNS_NAME_HYPHEN] = "has a hyphen at the start or end of a label or in its third "
				    "and fourth place",
		[DNS_NAME_STAR] = "has a wildcard that is not the whole first label of a name "
				  "that may be a wildcard",
		[DNS_NAME_NUMERIC] = "is an IP address or ends in a number like one",
		[DNS_NAME_IDN] = "holds characters that internationalized names may not hold",
	};

	must(answer < DNS_NAME_ANSWERS);
	return why[answer];
}

size_t dns_name_labels(struct slice name)
{
	size_t count = name.n > 0;

	for (size_t i = 0; i < name.n; i++)
		count += name.p[i] == '.';
	return count;
}

struct slice dns_name_parent(struct slice name)
{
	size_t dot = slice_find(name, '.');

	return dot == name.n ? SLICE_NONE : slice_from(name, dot + 1);
}

bool dns_name_is_wildcard(struct slice name)
{
	return slice_starts(name, slice_lit("*."));
}

bool dns_name_is_within(struct slice name, struct slice zone)
{
	if (zone.n == 0 || !slice_ends(name, zone))
		return false;
	return name.n == zone.n || name.p[name.n - zone.n - 1] == '.';
}

bool dns_name_covers(struct slice pattern, struct slice host)
{
	if (!dns_name_is_wildcard(pattern) || dns_name_is_wildcard(host))
		return slice_eq(pattern, host);
	return slice_find(host, '.') > 0 &&
	       slice_eq(dns_name_parent(pattern), dns_name_parent(host));
}

struct slice dns_name_key(struct slice name, uint8_t out[DNS_NAME_KEY])
{
	uint8_t *at = out;

	if (name.n == 0 || name.n > DNS_NAME_MAX || slice_find(name, '\0') < name.n)
		return SLICE_NONE;
	for (size_t end = name.n;;) {
		struct slice label = last_label(slice_sub(name, 0, end));

		if (label.n > 0)
			memcpy(at, label.p, label.n);
		at += label.n;
		*at++ = '\0';
		if (label.n == end)
			return slice_of(out, (size_t)(at - out));
		end -= label.n + 1;
	}
}

bool dns_name_unkey(struct slice key, struct dns_name *out)
{
	struct dns_name name = { 0 };
	char *at;

	if (key.n < 2 || key.n > DNS_NAME_KEY || key.p[key.n - 1] != '\0' ||
	    slice_find(key, '.') < key.n)
		return false;
	name.len = (uint8_t)(key.n - 1);
	at = name.text + name.len;
	for (struct slice label; key.n > 0; key = slice_from(key, label.n + 1)) {
		label = slice_sub(key, 0, slice_find(key, '\0'));
		at -= label.n;
		if (label.n > 0)
			memcpy(at, label.p, label.n);
		if (at > name.text)
			*--at = '.';
	}
	*out = name;
	return true;
}
