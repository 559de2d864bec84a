/* Base64, percent escapes, hex and numbers: what is decoded and encoded again is decoded to the same;
 * what is refused leaves the output as it was. */
#include "base/buf.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_base64(struct slice text)
{
	struct buf plain = BUF_INIT;
	struct buf again = BUF_INIT;
	struct buf back = BUF_INIT;

	if (text_unbase64(text, &plain)) {
		text_base64url(buf_slice(&plain), &again);
		must(text_unbase64(buf_slice(&again), &back));
		must(slice_eq(buf_slice(&plain), buf_slice(&back)));
		must(again.n <= text.n && text.n <= again.n + 2);
	}
	must(plain.n <= text.n);
	buf_free(&plain);
	buf_free(&again);
	buf_free(&back);
}

static void check_percent(struct slice text)
{
	struct buf plain = BUF_INIT;

	if (!text_unpercent(text, text.n % 2 == 1, &plain))
		must(plain.n == 0);
	must(plain.n <= text.n);
	buf_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	uint8_t bytes[16];
	char hex[33];
	uint64_t number;

	check_base64(text);
	check_percent(text);
	if (size <= 32 && text_unhex(text, bytes, size / 2)) {
		text_hex(slice_of(bytes, size / 2), hex);
		must(slice_eq_nocase(slice_str(hex), text));
	}
	if (text_u64(text, 1000, &number))
		must(number <= 1000);
	return 0;
}
