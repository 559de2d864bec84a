/* A keyring's text comes from an operator's file; what parses must be written and read back. */
#include "proto/key/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct secret text = SECRET_INIT;
	struct keyring *k, *back;

	if (keyring_parse(slice_of(p, n), &k, NULL) < 0)
		return 0;
	keyring_text(k, &text);
	must(keyring_parse(secret_slice(&text), &back, NULL) == 0);
	must(keyring_count(back) == keyring_count(k));
	secret_drop(&text);
	keyring_free(back);
	keyring_free(k);
	return 0;
}
