/* Addresses and nets: what parses is written and read back as the same thing. */
#include "proto/dns/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	struct dns_address a;
	struct dns_address again;
	struct dns_nets nets;
	char out[DNS_ADDRESS_TEXT];

	if (dns_address_parse(text, &a)) {
		must(dns_address_parse(slice_str(dns_address_text(&a, out)), &again));
		must(dns_address_eq(&a, &again));
		must(dns_address_class(&a) < DNS_ADDRESS_CLASSES);
		must(!dns_address_plain(&a).v6 || a.v6);
	}
	if (dns_nets_parse(text, &nets, NULL) == 0)
		for (size_t i = 0; i < nets.count; i++)
			must(dns_net_has(&nets.nets[i], &nets.nets[i].base));
	return 0;
}
