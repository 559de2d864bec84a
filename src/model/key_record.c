#include "model/key_record.h"

#include "base/buf.h"

void key_record_encode(const struct key_record *r, struct buf *out)
{
	buf_add(out, r->wrapped);
}

bool key_record_decode(struct slice value, struct key_record *out)
{
	if (value.n == 0)
		return false;
	out->wrapped = value;
	return true;
}
