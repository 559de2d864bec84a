#include "run/settings/item.h"

#include <arpa/inet.h>

#include "base/text.h"

/* 32 or 128, or 0 when it is no address. */
static unsigned address_bits(struct slice text)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr room;

	if (text.n == 0 || text.n >= sizeof(copy) || memchr(text.p, '\0', text.n) != NULL)
		return 0;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET, copy, &room) == 1)
		return 32;
	return inet_pton(AF_INET6, copy, &room) == 1 ? 128 : 0;
}

bool item_is_place(struct slice item)
{
	struct slice host;
	uint64_t port;
	size_t colon = item.n;

	while (colon > 0 && item.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || !text_u64(slice_from(item, colon), 65535, &port) || port == 0)
		return false;
	host = slice_sub(item, 0, colon - 1);
	if (host.p[0] == '[' && host.p[host.n - 1] == ']')
		return host.n > 2 && address_bits(slice_sub(host, 1, host.n - 2)) == 128;
	return address_bits(host) == 32;
}

bool item_is_net(struct slice item)
{
	size_t slash = slice_find(item, '/');
	unsigned bits = address_bits(slice_sub(item, 0, slash));
	uint64_t length;

	if (bits == 0 || slash == item.n)
		return bits != 0;
	return text_u64(slice_from(item, slash + 1), bits, &length);
}
