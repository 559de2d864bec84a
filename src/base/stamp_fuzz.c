/* Times: what is read is written in one spelling, which is read as the same time. */
#include "base/must.h"
#include "base/stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	char out[STAMP_TEXT];
	char date[STAMP_HTTP];
	stamp at;
	stamp again;

	if (stamp_parse(text, &at)) {
		stamp_text(at, out);
		must(stamp_parse(slice_str(out), &again) && again == at);
		stamp_http(at, date);
		must(strlen(date) == STAMP_HTTP - 1);
	}
	if (stamp_span_parse(text, &at))
		must(at >= 0);
	return 0;
}
