#include "model/ca_message.h"

#include "base/buf.h"
#include "base/cursor.h"

static void write_id(struct buf *out, const struct id *id)
{
	write_bytes(out, id->b, ID_LEN);
}

static void write_many(struct buf *out, const struct slice *items, size_t count)
{
	write_u16(out, (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		write_vec16(out, items[i]);
}

static size_t read_many(struct reader *r, struct slice *items, size_t max)
{
	size_t count = read_u16(r);

	if (count > max) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		items[i] = read_vec16(r);
	return count;
}

void ca_key_ask_encode(const struct ca_key_ask *m, struct buf *out)
{
	write_id(out, &m->order);
}

bool ca_key_ask_decode(struct slice payload, struct ca_key_ask *out)
{
	struct reader r = reader_of(payload);

	read_copy(&r, out->order.b, ID_LEN);
	return reader_done(&r);
}

void ca_key_encode(const struct ca_key *m, struct buf *out)
{
	write_vec16(out, m->wrapped);
	write_vec16(out, m->spki);
	write_vec16(out, m->proof);
}

bool ca_key_decode(struct slice payload, struct ca_key *out)
{
	struct reader r = reader_of(payload);

	out->wrapped = read_vec16(&r);
	out->spki = read_vec16(&r);
	out->proof = read_vec16(&r);
	return reader_done(&r);
}

void ca_proof_text(const struct id *order, struct slice spki, struct buf *out)
{
	buf_add_str(out, "everseal proof of possession 1\n");
	write_id(out, order);
	buf_add(out, spki);
}

void ca_issue_ask_encode(const struct ca_issue_ask *m, struct buf *out)
{
	must(m->name_count <= CA_NAMES_MAX);
	write_id(out, &m->order);
	write_vec8(out, m->authority);
	write_vec16(out, m->spki);
	write_vec16(out, m->proof);
	write_u64(out, (uint64_t)m->not_before);
	write_u64(out, (uint64_t)m->not_after);
	write_many(out, m->names, m->name_count);
}

bool ca_issue_ask_decode(struct slice payload, struct ca_issue_ask *out)
{
	struct reader r = reader_of(payload);

	read_copy(&r, out->order.b, ID_LEN);
	out->authority = read_vec8(&r);
	out->spki = read_vec16(&r);
	out->proof = read_vec16(&r);
	out->not_before = (stamp)read_u64(&r);
	out->not_after = (stamp)read_u64(&r);
	out->name_count = read_many(&r, out->names, CA_NAMES_MAX);
	return reader_done(&r);
}

void ca_issued_encode(const struct ca_issued *m, struct buf *out)
{
	must(m->chain_count <= CA_CHAIN_MAX);
	write_vec8(out, m->serial);
	write_vec16(out, m->leaf);
	write_many(out, m->chain, m->chain_count);
}

bool ca_issued_decode(struct slice payload, struct ca_issued *out)
{
	struct reader r = reader_of(payload);

	out->serial = read_vec8(&r);
	out->leaf = read_vec16(&r);
	out->chain_count = read_many(&r, out->chain, CA_CHAIN_MAX);
	return reader_done(&r);
}

void ca_revoke_ask_encode(const struct ca_revoke_ask *m, struct buf *out)
{
	write_id(out, &m->order);
	write_u8(out, m->reason);
}

bool ca_revoke_ask_decode(struct slice payload, struct ca_revoke_ask *out)
{
	struct reader r = reader_of(payload);

	read_copy(&r, out->order.b, ID_LEN);
	out->reason = read_u8(&r);
	return reader_done(&r);
}

static void authority_encode(const struct ca_authority *a, struct buf *out)
{
	write_id(out, &a->id);
	write_vec8(out, a->kind);
	write_vec16(out, a->root);
	write_vec16(out, a->intermediate);
	write_u64(out, (uint64_t)a->not_after);
	write_id(out, &a->kek);
}

static void authority_decode(struct reader *r, struct ca_authority *a)
{
	read_copy(r, a->id.b, ID_LEN);
	a->kind = read_vec8(r);
	a->root = read_vec16(r);
	a->intermediate = read_vec16(r);
	a->not_after = (stamp)read_u64(r);
	read_copy(r, a->kek.b, ID_LEN);
}

void ca_authority_list_encode(const struct ca_authority_list *m, struct buf *out)
{
	must(m->count <= CA_AUTHORITIES_MAX);
	write_u8(out, (uint8_t)m->count);
	for (size_t i = 0; i < m->count; i++)
		authority_encode(&m->rows[i], out);
}

bool ca_authority_list_decode(struct slice payload, struct ca_authority_list *out)
{
	struct reader r = reader_of(payload);

	out->count = read_u8(&r);
	if (out->count > CA_AUTHORITIES_MAX)
		return false;
	for (size_t i = 0; i < out->count; i++)
		authority_decode(&r, &out->rows[i]);
	return reader_done(&r);
}

void ca_failed_encode(const struct fail *f, struct buf *out)
{
	write_u8(out, (uint8_t)f->kind);
	write_u32(out, (uint32_t)f->code);
	write_vec16(out, slice_str(f->words));
}

bool ca_failed_decode(struct slice payload, struct fail *f)
{
	struct reader r = reader_of(payload);
	uint8_t kind = read_u8(&r);
	uint32_t code = read_u32(&r);
	struct slice words = read_vec16(&r);

	if (!reader_done(&r) || kind == FAIL_NONE || kind > FAIL_SYSTEM)
		return false;
	(void)fail_code(f, (enum fail_kind)kind, (int)code, "%.*s", SLICE_ARG(words));
	return true;
}
