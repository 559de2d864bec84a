/* Authorities: what is read is written in one spelling, which is read as the same. */
#include "proto/http/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_host h;
	struct http_host again;
	struct buf b = BUF_INIT;

	if (!http_host_parse(slice_of(data, size), &h))
		return 0;
	must(h.form != HTTP_HOST_NONE && h.len > 0 && h.len == strlen(h.text));
	must(h.has_port == (h.port != 0));
	http_host_write(&b, &h, 0);
	must(http_host_parse(buf_slice(&b), &again));
	must(h.form == again.form && h.port == again.port);
	must(slice_eq(http_host_name(&h), http_host_name(&again)));
	buf_free(&b);
	return 0;
}
