/* Any bytes as a settings file: refused with words, or read; then what is rendered reads back. */
#include "base/must.h"
#include "run/settings/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings s, again;
	struct buf text = BUF_INIT;
	struct fail f = FAIL_INIT;

	if (settings_parse(&s, slice_of(data, size), "fuzz", &f) < 0) {
		must(f.words[0] != '\0');
		return 0;
	}
	settings_render(&s, &text);
	must(settings_parse(&again, buf_slice(&text), "again", &f) == 0);
	settings_fini(&again);
	settings_fini(&s);
	buf_free(&text);
	return 0;
}
