#include "model/zone_record.h"

#include "base/cursor.h"

enum { VERSION = 1 };

static const char *const mode_names[SSL_MODES] = {
	[SSL_OFF] = "off",
	[SSL_FLEXIBLE] = "flexible",
	[SSL_FULL] = "full",
	[SSL_STRICT] = "strict",
};

bool ssl_mode_parse(struct slice text, enum ssl_mode *out)
{
	for (unsigned i = 0; i < SSL_MODES; i++) {
		if (slice_eq_str(text, mode_names[i])) {
			*out = (enum ssl_mode)i;
			return true;
		}
	}
	return false;
}

void zone_record_encode(const struct zone_record *r, struct buf *out)
{
	write_u8(out, VERSION);
	write_bytes(out, r->account.b, ID_LEN);
	write_vec8(out, r->name);
	write_u8(out, (uint8_t)r->ssl);
	write_u8(out, r->flags);
	write_bytes(out, r->fallback_origin.b, ID_LEN);
	write_u64(out, r->version);
}

bool zone_record_decode(struct slice value, struct zone_record *out)
{
	struct reader r = reader_of(value);
	struct zone_record got = { 0 };

	if (read_u8(&r) != VERSION)
		return false;
	read_copy(&r, got.account.b, ID_LEN);
	got.name = read_vec8(&r);
	uint8_t mode = read_u8(&r);
	got.flags = read_u8(&r);
	read_copy(&r, got.fallback_origin.b, ID_LEN);
	got.version = read_u64(&r);
	if (!reader_done(&r) || mode >= SSL_MODES)
		return false;
	got.ssl = (enum ssl_mode)mode;
	*out = got;
	return true;
}
