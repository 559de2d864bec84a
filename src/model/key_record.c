#include "model/key_record.h"

#include "base/cursor.h"

enum { VERSION = 1 };

void key_record_encode(const struct key_record *r, struct buf *out)
{
	write_u8(out, VERSION);
	write_bytes(out, r->kek.b, ID_LEN);
	write_u8(out, r->type);
	write_bytes(out, r->spki, KEY_SPKI_LEN);
	write_vec16(out, r->wrapped);
}

bool key_record_decode(struct slice value, struct key_record *out)
{
	struct reader r = reader_of(value);
	struct key_record got = { 0 };

	if (read_u8(&r) != VERSION)
		return false;
	read_copy(&r, got.kek.b, ID_LEN);
	got.type = read_u8(&r);
	read_copy(&r, got.spki, KEY_SPKI_LEN);
	got.wrapped = read_vec16(&r);
	if (!reader_done(&r))
		return false;
	*out = got;
	return true;
}
