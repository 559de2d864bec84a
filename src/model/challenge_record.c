#include "model/challenge_record.h"

#include "base/cursor.h"

enum { VERSION = 1 };

void challenge_key(struct slice name_key, enum challenge_kind kind, struct slice token,
		   struct buf *out)
{
	buf_add(out, name_key);
	write_u8(out, (uint8_t)kind);
	buf_add(out, token);
}

void challenge_record_encode(const struct challenge_record *r, struct buf *out)
{
	write_u8(out, VERSION);
	write_u64(out, (uint64_t)r->expires);
	write_vec16(out, r->answer);
}

bool challenge_record_decode(struct slice value, struct challenge_record *out)
{
	struct reader r = reader_of(value);
	struct challenge_record got = { 0 };

	if (read_u8(&r) != VERSION)
		return false;
	got.expires = (stamp)read_u64(&r);
	got.answer = read_vec16(&r);
	if (!reader_done(&r))
		return false;
	*out = got;
	return true;
}
