#include "role/control/api/json.h"

#include "base/buf.h"
#include "base/must.h"

void json_set(json_t *object, const char *key, json_t *value)
{
	must(value != NULL);
	must(json_object_set_new(object, key, value) == 0);
}

json_t *json_text(struct slice text)
{
	json_t *s = text.p == NULL ? NULL : json_stringn((const char *)text.p, text.n);

	return s != NULL ? s : json_null();
}

json_t *json_words(const char *text)
{
	json_t *s = json_string(text);

	if (s != NULL)
		return s;
	struct buf ascii = BUF_INIT;
	buf_add_str(&ascii, text);
	for (size_t i = 0; i < ascii.n; i++)
		if (ascii.p[i] >= 0x80)
			ascii.p[i] = '?';
	s = json_text(buf_slice(&ascii));
	buf_free(&ascii);
	return s;
}

void json_set_str(json_t *object, const char *key, const char *text)
{
	json_set_slice(object, key, slice_str(text));
}

void json_set_slice(json_t *object, const char *key, struct slice text)
{
	json_set(object, key, json_text(text));
}

void json_set_int(json_t *object, const char *key, int64_t n)
{
	json_set(object, key, json_integer(n));
}

void json_set_bool(json_t *object, const char *key, bool b)
{
	json_set(object, key, json_boolean(b));
}

void json_set_null(json_t *object, const char *key)
{
	json_set(object, key, json_null());
}

void json_set_hex(json_t *object, const char *key, const struct id *id)
{
	char text[ID_HEX + 1];

	id_hex(id, text);
	json_set_str(object, key, text);
}

void json_set_uuid(json_t *object, const char *key, const struct id *id)
{
	char text[ID_UUID + 1];

	id_uuid(id, text);
	json_set_str(object, key, text);
}

void json_set_stamp(json_t *object, const char *key, stamp at)
{
	char text[STAMP_TEXT];

	if (at == 0) {
		json_set_null(object, key);
		return;
	}
	stamp_text(at, text);
	json_set_str(object, key, text);
}

json_t *json_id(const struct id *id)
{
	json_t *o = json_object();

	json_set_hex(o, "id", id);
	return o;
}

bool json_has(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return v != NULL && !json_is_null(v);
}

struct slice json_get_slice(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v))
				 : SLICE_NONE;
}

const char *json_get_str(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(object, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool json_get_bool(const json_t *object, const char *key, bool otherwise)
{
	const json_t *v = json_object_get(object, key);

	return json_is_boolean(v) ? json_is_true(v) : otherwise;
}
