#include "model/name_record.h"

#include "base/cursor.h"

enum { VERSION = 1 };

void name_record_encode(const struct name_record *r, struct buf *out)
{
	must(r->count <= NAME_CANDIDATES_MAX);
	write_u8(out, VERSION);
	write_bytes(out, r->zone.b, ID_LEN);
	write_bytes(out, r->origin.b, ID_LEN);
	write_u8(out, r->flags);
	write_u8(out, r->count);
	for (size_t i = 0; i < r->count; i++) {
		const struct name_candidate *c = &r->candidates[i];

		write_bytes(out, c->cert.b, ID_LEN);
		write_bytes(out, c->key.b, ID_LEN);
		write_u8(out, c->key_type);
		write_u64(out, (uint64_t)c->not_before);
		write_u64(out, (uint64_t)c->not_after);
	}
}

static void candidate_read(struct reader *r, struct name_candidate *c)
{
	read_copy(r, c->cert.b, ID_LEN);
	read_copy(r, c->key.b, ID_LEN);
	c->key_type = read_u8(r);
	c->not_before = (stamp)read_u64(r);
	c->not_after = (stamp)read_u64(r);
}

bool name_record_decode(struct slice value, struct name_record *out)
{
	struct reader r = reader_of(value);
	struct name_record got = { 0 };

	if (read_u8(&r) != VERSION)
		return false;
	read_copy(&r, got.zone.b, ID_LEN);
	read_copy(&r, got.origin.b, ID_LEN);
	got.flags = read_u8(&r);
	got.count = read_u8(&r);
	if (got.count > NAME_CANDIDATES_MAX)
		return false;
	for (size_t i = 0; i < got.count; i++)
		candidate_read(&r, &got.candidates[i]);
	if (!reader_done(&r))
		return false;
	*out = got;
	return true;
}
