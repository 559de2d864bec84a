/* Chunked bodies: the answer, the payload and what is left over do not depend on the pieces. */
#include "proto/http/chunked.h"

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	enum http_chunked_answer answer;
	struct buf payload;
	size_t taken;
	int status;
};

static struct outcome decode(struct slice bytes, size_t piece)
{
	static const struct http_chunked_limits limits = { 64, 128 };
	struct outcome o = { HTTP_CHUNKED_MORE, BUF_INIT, 0, 0 };
	struct http_refusal refusal = { 0, NULL };
	struct http_chunked c;

	http_chunked_init(&c, &limits);
	while (o.taken < bytes.n && o.answer == HTTP_CHUNKED_MORE) {
		struct slice part = slice_sub(bytes, o.taken, piece);
		struct slice rest = part;
		struct slice span;

		while ((o.answer = http_chunked_next(&c, &rest, &span, &refusal)) ==
		       HTTP_CHUNKED_DATA)
			buf_add(&o.payload, span);
		must(o.answer != HTTP_CHUNKED_MORE || rest.n == 0);
		o.taken += part.n - rest.n;
	}
	o.status = refusal.status;
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_from(slice_of(data, size), 1);

	if (bytes.n == 0)
		return 0;
	struct outcome whole = decode(bytes, bytes.n);
	struct outcome parts = decode(bytes, data[0] % 16 + 1u);

	must(whole.answer == parts.answer && whole.status == parts.status);
	must(whole.taken == parts.taken);
	must(slice_eq(buf_slice(&whole.payload), buf_slice(&parts.payload)));
	buf_free(&whole.payload);
	buf_free(&parts.payload);
	return 0;
}
