/* Any text as an origin: what is taken has a host without the bytes that would end it, and the
 * record that comes of it can be stored and read back. */
#include "base/buf.h"
#include "base/must.h"
#include "model/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model_config config = { 0 };
	struct arena a = ARENA_INIT;
	struct origin_record record;
	struct origin_want want;
	struct buf value = BUF_INIT;

	if (origin_parse(slice_of(data, size), &want, NULL) == 0) {
		must(want.host.n > 0 && want.host.n <= size);
		if (origin_resolve(&want, &config, &a, &record, NULL) == 0) {
			struct origin_record again;

			must(record.http_port != 0 && record.https_port != 0);
			origin_record_encode(&record, &value);
			must(origin_record_decode(buf_slice(&value), &again));
		}
	}
	buf_free(&value);
	arena_free(&a);
	return 0;
}
