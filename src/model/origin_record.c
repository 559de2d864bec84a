#include "model/origin_record.h"

#include "base/cursor.h"

enum { VERSION = 1 };

static const char *const scheme_names[ORIGIN_SCHEMES] = {
	[ORIGIN_BY_MODE] = "auto",
	[ORIGIN_HTTP] = "http",
	[ORIGIN_HTTPS] = "https",
};

const char *origin_scheme_name(enum origin_scheme scheme)
{
	must((unsigned)scheme < ORIGIN_SCHEMES);
	return scheme_names[scheme];
}

bool origin_scheme_parse(struct slice text, enum origin_scheme *out)
{
	for (unsigned i = 0; i < ORIGIN_SCHEMES; i++) {
		if (slice_eq_str(text, scheme_names[i])) {
			*out = (enum origin_scheme)i;
			return true;
		}
	}
	return false;
}

void origin_record_encode(const struct origin_record *r, struct buf *out)
{
	must(r->count <= ORIGIN_ADDRESSES_MAX);
	write_u8(out, VERSION);
	write_u8(out, (uint8_t)r->scheme);
	write_u16(out, r->http_port);
	write_u16(out, r->https_port);
	write_u8(out, (uint8_t)r->sni_rule);
	write_vec8(out, r->host);
	write_vec8(out, r->sni);
	write_u8(out, r->count);
	for (size_t i = 0; i < r->count; i++)
		write_vec8(out, slice_of(r->addresses[i].b, r->addresses[i].n));
}

static bool address_read(struct reader *r, struct origin_address *a)
{
	struct slice s = read_vec8(r);

	if (s.n != 4 && s.n != 16)
		return false;
	a->n = (uint8_t)s.n;
	memcpy(a->b, s.p, s.n);
	return true;
}

bool origin_record_decode(struct slice value, struct origin_record *out)
{
	struct reader r = reader_of(value);
	struct origin_record got = { 0 };

	if (read_u8(&r) != VERSION)
		return false;
	uint8_t scheme = read_u8(&r);
	got.http_port = read_u16(&r);
	got.https_port = read_u16(&r);
	uint8_t sni_rule = read_u8(&r);
	got.host = read_vec8(&r);
	got.sni = read_vec8(&r);
	got.count = read_u8(&r);
	if (scheme >= ORIGIN_SCHEMES || sni_rule >= ORIGIN_SNIS || got.count > ORIGIN_ADDRESSES_MAX)
		return false;
	for (size_t i = 0; i < got.count; i++)
		if (!address_read(&r, &got.addresses[i]))
			return false;
	if (!reader_done(&r))
		return false;
	got.scheme = (enum origin_scheme)scheme;
	got.sni_rule = (enum origin_sni)sni_rule;
	*out = got;
	return true;
}
