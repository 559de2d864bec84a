/* Names: the one spelling is a fixed point, and keys come back as the name they were made of. */
#include "proto/dns/name.h"
#include "proto/dns/suffix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(struct slice name)
{
	uint8_t key[DNS_NAME_KEY];
	struct dns_name back;
	struct slice k = dns_name_key(name, key);

	if (k.p == NULL)
		return;
	must(k.n == name.n + 1);
	must(dns_name_unkey(k, &back));
	must(slice_eq(dns_name_slice(&back), name));
}

static void check_unkey(struct slice key)
{
	uint8_t again[DNS_NAME_KEY];
	struct dns_name name;

	if (dns_name_unkey(key, &name))
		must(slice_eq(dns_name_key(dns_name_slice(&name), again), key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned allow = size > 0 ? data[0] & 3u : 0;
	struct slice text = slice_from(slice_of(data, size), 1);
	struct dns_name name;
	struct dns_name again;
	bool converted;

	check_key(text);
	check_unkey(text);
	if (dns_name_from_user(text, allow, &name, &converted) != DNS_NAME_OK)
		return 0;
	must(name.len > 0 && name.len == strlen(name.text));
	must(!dns_name_looks_like_address(dns_name_slice(&name)));
	must(dns_name_parse(dns_name_slice(&name), allow, &again) == DNS_NAME_OK);
	must(slice_eq(dns_name_slice(&name), dns_name_slice(&again)));
	(void)dns_suffix_is_public(dns_name_slice(&name));
	return 0;
}
