/* proto/dns/address.h: IP addresses: one spelling, what kind of place each is, and lists of nets.
 *
 * The kinds are the special-purpose registries of IANA (RFC 6890 and its updates) plus the
 * metadata services of clouds. An IPv4 address in IPv6 clothes (mapped, NAT64, 6to4, Teredo) is
 * judged by what it carries first, so that "::ffff:127.0.0.1" is a loopback address.
 */
#pragma once

#include "base/fail.h"
#include "base/must.h"
#include "base/slice.h"

struct sockaddr;
struct sockaddr_storage;

struct dns_address {
	bool v6;
	uint8_t b[16]; /* IPv4 uses the first four, the rest are zero */
};

enum dns_address_class {
	DNS_ADDRESS_GLOBAL, /* a host of the internet */
	DNS_ADDRESS_UNSPECIFIED,
	DNS_ADDRESS_LOOPBACK,
	DNS_ADDRESS_PRIVATE, /* RFC 1918, unique local */
	DNS_ADDRESS_LINK_LOCAL,
	DNS_ADDRESS_SHARED,   /* 100.64.0.0/10, carrier-grade NAT */
	DNS_ADDRESS_METADATA, /* 169.254.169.254 and its like */
	DNS_ADDRESS_MULTICAST,
	DNS_ADDRESS_BROADCAST,
	DNS_ADDRESS_DOCUMENTATION,
	DNS_ADDRESS_BENCHMARK,
	DNS_ADDRESS_RESERVED,    /* everything else that no host of the internet has */
	DNS_ADDRESS_TRANSLATION, /* NAT64, 6to4, Teredo: carries a global IPv4 address */
	DNS_ADDRESS_CLASSES,
};

/* Dotted decimal of four numbers without leading zeros, or RFC 4291 text without brackets or zone
 * id. */
must_check bool dns_address_parse(struct slice text, struct dns_address *out);

/* RFC 5952, with an end mark; returns out. */
#define DNS_ADDRESS_TEXT 46
const char *dns_address_text(const struct dns_address *a, char out[DNS_ADDRESS_TEXT]);

bool dns_address_eq(const struct dns_address *a, const struct dns_address *b);

/* ::ffff:192.0.2.1 becomes 192.0.2.1; others stay. Addresses of peers come through here. */
struct dns_address dns_address_plain(const struct dns_address *a);

/* From accept(), getpeername() and the like, made plain; port may be NULL. False when it is
 * neither AF_INET nor AF_INET6. */
must_check bool dns_address_from_socket(const struct sockaddr *sa, struct dns_address *out,
					uint16_t *port);

/* For connect() and bind(); returns the length. */
unsigned dns_address_to_socket(const struct dns_address *a, uint16_t port,
			       struct sockaddr_storage *out);

enum dns_address_class dns_address_class(const struct dns_address *a);

/* "a loopback address", "a private address": ends "10.0.0.1 is ...". */
const char *dns_address_class_name(enum dns_address_class c);

/* A block of addresses: "10.0.0.0/8", "::1" (one address). */
struct dns_net {
	struct dns_address base;
	uint8_t bits;
};

/* Bits behind the prefix must be zero. */
must_check bool dns_net_parse(struct slice text, struct dns_net *out);
bool dns_net_has(const struct dns_net *net, const struct dns_address *a);

#define DNS_NETS_MAX 64

struct dns_nets {
	size_t count;
	struct dns_net nets[DNS_NETS_MAX];
};

/* "127.0.0.0/8, ::1": comma or blank between them; empty text is an empty list. */
must_check int dns_nets_parse(struct slice text, struct dns_nets *out, struct fail *f);
bool dns_nets_have(const struct dns_nets *nets, const struct dns_address *a);
