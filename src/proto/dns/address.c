/* The table below is searched from the top, so that a single host (a metadata service) stands
 * above the net it lies in. Sources: the IPv4 and IPv6 Special-Purpose Address Registries of IANA;
 * nets that the registries call globally reachable (anycast of AS112, AMT, ...) but where no
 * customer's origin can be are left out or counted as reserved: refusing is the safe answer. */
#include "proto/dns/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/text.h"

struct place {
	uint8_t base[16];
	uint8_t bits;
	enum dns_address_class class;
};

static const struct place v4_places[] = {
	{ { 169, 254, 169, 254 }, 32, DNS_ADDRESS_METADATA },
	{ { 169, 254, 170, 2 }, 32, DNS_ADDRESS_METADATA },
	{ { 169, 254, 170, 23 }, 32, DNS_ADDRESS_METADATA },
	{ { 100, 100, 100, 200 }, 32, DNS_ADDRESS_METADATA },
	{ { 168, 63, 129, 16 }, 32, DNS_ADDRESS_METADATA },
	{ { 192, 0, 0, 192 }, 32, DNS_ADDRESS_METADATA },
	{ { 0, 0, 0, 0 }, 32, DNS_ADDRESS_UNSPECIFIED },
	{ { 0 }, 8, DNS_ADDRESS_RESERVED },
	{ { 10 }, 8, DNS_ADDRESS_PRIVATE },
	{ { 100, 64 }, 10, DNS_ADDRESS_SHARED },
	{ { 127 }, 8, DNS_ADDRESS_LOOPBACK },
	{ { 169, 254 }, 16, DNS_ADDRESS_LINK_LOCAL },
	{ { 172, 16 }, 12, DNS_ADDRESS_PRIVATE },
	{ { 192, 0, 0 }, 24, DNS_ADDRESS_RESERVED },
	{ { 192, 0, 2 }, 24, DNS_ADDRESS_DOCUMENTATION },
	{ { 192, 88, 99 }, 24, DNS_ADDRESS_RESERVED },
	{ { 192, 168 }, 16, DNS_ADDRESS_PRIVATE },
	{ { 198, 18 }, 15, DNS_ADDRESS_BENCHMARK },
	{ { 198, 51, 100 }, 24, DNS_ADDRESS_DOCUMENTATION },
	{ { 203, 0, 113 }, 24, DNS_ADDRESS_DOCUMENTATION },
	{ { 224 }, 4, DNS_ADDRESS_MULTICAST },
	{ { 255, 255, 255, 255 }, 32, DNS_ADDRESS_BROADCAST },
	{ { 240 }, 4, DNS_ADDRESS_RESERVED },
};

static const struct place v6_places[] = {
	{ { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54 }, 128, DNS_ADDRESS_METADATA },
	{ { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54 }, 128, DNS_ADDRESS_METADATA },
	{ { 0 }, 128, DNS_ADDRESS_UNSPECIFIED },
	{ { [15] = 1 }, 128, DNS_ADDRESS_LOOPBACK },
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, DNS_ADDRESS_PRIVATE }, /* local NAT64 */
	{ { 0x20, 0x01, 0x00, 0x02, 0x00, 0x00 }, 48, DNS_ADDRESS_BENCHMARK },
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, DNS_ADDRESS_DOCUMENTATION },
	{ { 0x20, 0x01, 0x00 }, 23, DNS_ADDRESS_RESERVED },
	{ { 0x3f, 0xff, 0x00 }, 20, DNS_ADDRESS_DOCUMENTATION },
	{ { 0x20 }, 3, DNS_ADDRESS_GLOBAL },
	{ { 0xfc }, 7, DNS_ADDRESS_PRIVATE },
	{ { 0xfe, 0x80 }, 10, DNS_ADDRESS_LINK_LOCAL },
	{ { 0xfe, 0xc0 }, 10, DNS_ADDRESS_PRIVATE }, /* site-local, RFC 3879 */
	{ { 0xff }, 8, DNS_ADDRESS_MULTICAST },
	{ { 0 }, 0, DNS_ADDRESS_RESERVED }, /* IANA gives hosts addresses from 2000::/3 only */
};

/* IPv6 nets whose addresses carry an IPv4 address: what they are when that one is global. */
struct carrier {
	uint8_t base[16];
	uint8_t bits;
	uint8_t at;     /* where the IPv4 address stands */
	uint8_t invert; /* Teredo hides it */
	enum dns_address_class class;
};

static const struct carrier carriers[] = {
	{ { [10] = 0xff, 0xff }, 96, 12, 0, DNS_ADDRESS_GLOBAL },              /* mapped */
	{ { [8] = 0xff, 0xff }, 96, 12, 0, DNS_ADDRESS_TRANSLATION },          /* RFC 2765 */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, 12, 0, DNS_ADDRESS_TRANSLATION },    /* NAT64 */
	{ { 0x20, 0x02 }, 16, 2, 0, DNS_ADDRESS_TRANSLATION },                 /* 6to4 */
	{ { 0x20, 0x01, 0x00, 0x00 }, 32, 12, 0xff, DNS_ADDRESS_TRANSLATION }, /* Teredo */
};

static bool bits_match(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8;
	unsigned rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool dns_address_parse(struct slice text, struct dns_address *out)
{
	char copy[INET6_ADDRSTRLEN];
	struct dns_address a = { 0 };

	if (text.n >= sizeof(copy) || slice_find(text, '\0') < text.n)
		return false;
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	a.v6 = slice_find(text, ':') < text.n;
	if (inet_pton(a.v6 ? AF_INET6 : AF_INET, copy, a.b) != 1)
		return false;
	*out = a;
	return true;
}

/* Written for each request, where inet_ntop()'s printf would be seen in profiles. */
static void v4_text(const uint8_t b[4], char *out)
{
	for (int i = 0; i < 4; i++) {
		if (b[i] >= 100)
			*out++ = (char)('0' + b[i] / 100);
		if (b[i] >= 10)
			*out++ = (char)('0' + b[i] / 10 % 10);
		*out++ = (char)('0' + b[i] % 10);
		*out++ = i < 3 ? '.' : '\0';
	}
}

const char *dns_address_text(const struct dns_address *a, char out[DNS_ADDRESS_TEXT])
{
	if (a->v6)
		must(inet_ntop(AF_INET6, a->b, out, DNS_ADDRESS_TEXT) != NULL);
	else
		v4_text(a->b, out);
	return out;
}

bool dns_address_eq(const struct dns_address *a, const struct dns_address *b)
{
	return a->v6 == b->v6 && memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

struct dns_address dns_address_plain(const struct dns_address *a)
{
	struct dns_address plain = { 0 };

	if (!a->v6 || !bits_match(a->b, carriers[0].base, 96))
		return *a;
	memcpy(plain.b, a->b + 12, 4);
	return plain;
}

bool dns_address_from_socket(const struct sockaddr *sa, struct dns_address *out, uint16_t *port)
{
	struct dns_address a = { 0 };
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		memcpy(a.b, &v4.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&v6, sa, sizeof(v6));
		memcpy(a.b, &v6.sin6_addr, 16);
		a.v6 = true;
	} else {
		return false;
	}
	*out = dns_address_plain(&a);
	if (port != NULL)
		*port = ntohs(a.v6 ? v6.sin6_port : v4.sin_port);
	return true;
}

unsigned dns_address_to_socket(const struct dns_address *a, uint16_t port,
			       struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (a->v6) {
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

		memcpy(&v6.sin6_addr, a->b, 16);
		memcpy(out, &v6, sizeof(v6));
		return sizeof(v6);
	}
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };

	memcpy(&v4.sin_addr, a->b, 4);
	memcpy(out, &v4, sizeof(v4));
	return sizeof(v4);
}

static enum dns_address_class place_class(const struct place *places, size_t count,
					  const uint8_t *b)
{
	for (size_t i = 0; i < count; i++)
		if (bits_match(places[i].base, b, places[i].bits))
			return places[i].class;
	return DNS_ADDRESS_GLOBAL;
}

static enum dns_address_class v4_class(const uint8_t b[4])
{
	return place_class(v4_places, sizeof(v4_places) / sizeof(v4_places[0]), b);
}

static enum dns_address_class carried_class(const struct carrier *c, const uint8_t *b)
{
	uint8_t v4[4];

	for (size_t i = 0; i < 4; i++)
		v4[i] = b[c->at + i] ^ c->invert;
	enum dns_address_class class = v4_class(v4);

	return class == DNS_ADDRESS_GLOBAL ? c->class : class;
}

enum dns_address_class dns_address_class(const struct dns_address *a)
{
	if (!a->v6)
		return v4_class(a->b);
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (bits_match(carriers[i].base, a->b, carriers[i].bits))
			return carried_class(&carriers[i], a->b);
	return place_class(v6_places, sizeof(v6_places) / sizeof(v6_places[0]), a->b);
}

const char *dns_address_class_name(enum dns_address_class c)
{
	static const char *const names[DNS_ADDRESS_CLASSES] = {
		[DNS_ADDRESS_GLOBAL] = "a global address",
		[DNS_ADDRESS_UNSPECIFIED] = "the unspecified address",
		[DNS_ADDRESS_LOOPBACK] = "a loopback address",
		[DNS_ADDRESS_PRIVATE] = "a private address",
		[DNS_ADDRESS_LINK_LOCAL] = "a link-local address",
		[DNS_ADDRESS_SHARED] = "a carrier-grade NAT address",
		[DNS_ADDRESS_METADATA] = "the address of a cloud's metadata service",
		[DNS_ADDRESS_MULTICAST] = "a multicast address",
		[DNS_ADDRESS_BROADCAST] = "the broadcast address",
		[DNS_ADDRESS_DOCUMENTATION] = "an address for documentation",
		[DNS_ADDRESS_BENCHMARK] = "an address for benchmarks",
		[DNS_ADDRESS_RESERVED] = "a reserved address",
		[DNS_ADDRESS_TRANSLATION] = "an IPv4 address behind a translator or tunnel",
	};

	must(c < DNS_ADDRESS_CLASSES);
	return names[c];
}

static bool tail_is_zero(const struct dns_address *a, unsigned bits)
{
	unsigned total = a->v6 ? 128 : 32;

	for (unsigned bit = bits; bit < total; bit++)
		if ((a->b[bit / 8] >> (7 - bit % 8) & 1) != 0)
			return false;
	return true;
}

bool dns_net_parse(struct slice text, struct dns_net *out)
{
	size_t slash = slice_find(text, '/');
	struct dns_address base;
	uint64_t bits;

	if (!dns_address_parse(slice_sub(text, 0, slash), &base))
		return false;
	bits = base.v6 ? 128 : 32;
	if (slash < text.n && !text_u64(slice_from(text, slash + 1), bits, &bits))
		return false;
	if (!tail_is_zero(&base, (unsigned)bits))
		return false;
	*out = (struct dns_net){ base, (uint8_t)bits };
	return true;
}

bool dns_net_has(const struct dns_net *net, const struct dns_address *a)
{
	return net->base.v6 == a->v6 && bits_match(net->base.b, a->b, net->bits);
}

int dns_nets_parse(struct slice text, struct dns_nets *out, struct fail *f)
{
	static const char blanks[] = ", \t";
	size_t at = 0;

	out->count = 0;
	while (at < text.n) {
		size_t start = at;

		while (at < text.n && strchr(blanks, text.p[at]) == NULL)
			at++;
		struct slice one = slice_sub(text, start, at - start);

		at++;
		if (one.n == 0)
			continue;
		if (out->count == DNS_NETS_MAX)
			return fail(f, FAIL_INPUT, "more than %d addresses or nets in one list",
				    DNS_NETS_MAX);
		if (!dns_net_parse(one, &out->nets[out->count++]))
			return fail(f, FAIL_INPUT,
				    "\"%.*s\" is neither an IP address nor a net like 10.0.0.0/8 "
				    "with zeros behind its prefix",
				    SLICE_ARG(one));
	}
	return 0;
}

bool dns_nets_have(const struct dns_nets *nets, const struct dns_address *a)
{
	struct dns_address plain = dns_address_plain(a);

	for (size_t i = 0; i < nets->count; i++)
		if (dns_net_has(&nets->nets[i], &plain))
			return true;
	return false;
}
