/* The first bytes of every connection: whole, and every beginning of them. */
#include "proto/tls/hello.h"

#include "base/must.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct hello_refusal why = { TLS_ALERT_NONE, NULL };
	struct tls_hello hello;
	enum hello_answer whole = hello_read(slice_of(p, n), &hello, &why);

	must((whole == HELLO_REFUSED) == (why.why != NULL));
	if (whole == HELLO_DONE)
		for (const char *c = hello.sni; *c != '\0'; c++)
			must(*c == '.' || *c == '-' || text_is_digit((uint8_t)*c) ||
			     (*c >= 'a' && *c <= 'z'));
	if (whole == HELLO_MORE && n > 0) /* what is not enough now was not enough before */
		must(hello_read(slice_of(p, n - 1), &hello, &why) == HELLO_MORE);
	return 0;
}
