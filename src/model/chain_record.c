#include "model/chain_record.h"

#include "base/cursor.h"

void chain_record_encode(const struct chain_record *r, struct buf *out)
{
	must(r->count <= CHAIN_MAX);
	write_u8(out, r->count);
	for (size_t i = 0; i < r->count; i++)
		write_vec16(out, r->certs[i]);
}

bool chain_record_decode(struct slice value, struct chain_record *out)
{
	struct reader r = reader_of(value);
	struct chain_record got = { 0 };

	got.count = read_u8(&r);
	if (got.count > CHAIN_MAX)
		return false;
	for (size_t i = 0; i < got.count; i++)
		got.certs[i] = read_vec16(&r);
	if (!reader_done(&r))
		return false;
	*out = got;
	return true;
}
