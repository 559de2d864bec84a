#include "role/control/resource/show.h"

#include "base/text.h"
#include "model/name.h"

json_t *show_origin(enum origin_scheme scheme, struct slice host, uint16_t http_port,
		    uint16_t https_port)
{
	json_t *o = json_object();

	json_set_str(o, "scheme", origin_scheme_name(scheme));
	if (host.n > 0)
		json_set_slice(o, "host", host);
	json_set_int(o, "http_port", http_port != 0 ? http_port : 80);
	json_set_int(o, "https_port", https_port != 0 ? https_port : 443);
	return o;
}

static json_t *hosts_of(struct slice names)
{
	json_t *list = json_array();
	struct slice name;

	while (slice_split(&names, ' ', &name))
		if (name.n > 0)
			json_array_append_new(list, json_text(name));
	return list;
}

static void set_digits(json_t *o, const char *key, struct slice bytes)
{
	char text[2 * 64 + 1];

	text_hex(slice_sub(bytes, 0, 64), text);
	json_set_str(o, key, text);
}

json_t *show_certificate(const struct certificate_row *row)
{
	json_t *o = json_id(&row->id);

	json_set(o, "hosts", hosts_of(row->names));
	json_set_str(o, "source", certificate_source_name(row->source));
	json_set_slice(o, "issuer", row->issuer);
	json_set_slice(o, "signature", row->signature);
	set_digits(o, "serial", row->serial);
	set_digits(o, "fingerprint_sha256", slice_of(row->fingerprint, sizeof(row->fingerprint)));
	json_set_stamp(o, "issued_on", row->not_before);
	json_set_stamp(o, "expires_on", row->not_after);
	json_set_stamp(o, "created_on", row->created_at);
	return o;
}

/* What the edge answers with: the first candidate that is valid now. */
static json_t *certificate_now(const struct name_record *record, stamp now)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct name_candidate *n = &record->candidates[i];
		if (now < n->not_before || now >= n->not_after)
			continue;
		json_t *o = json_id(&n->cert);
		json_set_stamp(o, "expires_on", n->not_after);
		return o;
	}
	return json_null();
}

int show_served(struct api_call *c, struct slice name, json_t *everseal, struct fail *f)
{
	struct name_row row;

	if (name_find(c->tx, c->arena, name, &row, f) < 0) {
		if (f->kind != FAIL_ABSENT)
			return -1;
		fail_clear(f);
		return 0;
	}
	if (!id_eq(&row.zone, &c->zone.id)) /* held by somebody else */
		return 0;
	api_call_deployment(c, everseal, row.seq);
	json_set(everseal, "certificate", certificate_now(&row.record, c->act.now));
	return 0;
}
