/* Any bytes as any of the replica's values: a decoder accepts only what the encoder writes, so
 * what decodes must encode to the same bytes. The first byte chooses the codec. */
#include "base/buf.h"
#include "base/must.h"
#include "model/cert_record.h"
#include "model/chain_record.h"
#include "model/challenge_record.h"
#include "model/key_record.h"
#include "model/name_record.h"
#include "model/origin_record.h"
#include "model/zone_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TRY(name)                                                                                  \
	static bool try_##name(struct slice in, struct buf *out)                                   \
	{                                                                                          \
		struct name##_record r;                                                            \
		if (!name##_record_decode(in, &r))                                                 \
			return false;                                                              \
		name##_record_encode(&r, out);                                                     \
		return true;                                                                       \
	}

TRY(name)
TRY(zone)
TRY(origin)
TRY(cert)
TRY(chain)
TRY(key)
TRY(challenge)

static bool (*const tries[])(struct slice, struct buf *) = {
	try_name, try_zone, try_origin, try_cert, try_chain, try_key, try_challenge,
};

#define TRIES (sizeof(tries) / sizeof(tries[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct slice value = slice_of(data + 1, size - 1);
	struct buf out = BUF_INIT;

	if (tries[data[0] % TRIES](value, &out))
		must(slice_eq(value, buf_slice(&out)));
	buf_free(&out);
	return 0;
}
