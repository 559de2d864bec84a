#include "model/cert_record.h"

#include "base/cursor.h"

/* The first byte names how the leaf is packed; other codecs (compressed with a dictionary) come
 * later without another table. */
enum { CODEC_DER = 0 };

void cert_record_encode(const struct cert_record *r, struct buf *out)
{
	write_u8(out, CODEC_DER);
	write_bytes(out, r->chain.b, ID_LEN);
	write_bytes(out, r->spki, CERT_SPKI_LEN);
	write_u64(out, (uint64_t)r->not_after);
	write_vec16(out, r->leaf);
}

bool cert_record_decode(struct slice value, struct cert_record *out)
{
	struct reader r = reader_of(value);
	struct cert_record got = { 0 };

	if (read_u8(&r) != CODEC_DER)
		return false;
	read_copy(&r, got.chain.b, ID_LEN);
	read_copy(&r, got.spki, CERT_SPKI_LEN);
	got.not_after = (stamp)read_u64(&r);
	got.leaf = read_vec16(&r);
	if (!reader_done(&r))
		return false;
	*out = got;
	return true;
}
