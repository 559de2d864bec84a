/* Certificates, one DER each or as PEM text, come from origins' owners and from CAs. */
#include "proto/x509/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void one(struct slice der, struct arena *a)
{
	struct x509_facts facts;

	if (x509_facts_read(der, a, &facts, NULL) < 0)
		return;
	must(facts.serial_len >= 1 && facts.serial_len <= X509_SERIAL_MAX);
	must(facts.name_count <= X509_NAMES_MAX);
	for (size_t i = 0; i < facts.name_count; i++)
		must(memchr(facts.names[i].p, 0, facts.names[i].n) == NULL);
	(void)x509_facts_cover(&facts, slice_lit("a.example"));
	if (x509_signed_by(der, der))
		must(facts.self_issued);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct slice *ders;
	size_t count;

	one(slice_of(p, n), &a);
	if (x509_pem_read(slice_of(p, n), &a, &ders, &count, NULL) == 0)
		for (size_t i = 0; i < count; i++)
			one(ders[i], &a);
	arena_free(&a);
	return 0;
}
