/* role/control/api/json.h: short words over jansson for those who build answers and read checked
 * bodies. Building cannot fail for a caller: memory that is out ends the process, and text that is
 * not UTF-8 becomes null.
 *
 * Values pass to the object that takes them; json_t objects belong to one thread at a time.
 */
#pragma once

#include "base/id.h"
#include "base/stamp.h"

#include <jansson.h>

/* Takes value. */
void json_set(json_t *object, const char *key, json_t *value);

void json_set_str(json_t *object, const char *key, const char *text); /* NULL: null */
void json_set_slice(json_t *object, const char *key, struct slice text);
void json_set_int(json_t *object, const char *key, int64_t n);
void json_set_bool(json_t *object, const char *key, bool b);
void json_set_null(json_t *object, const char *key);
void json_set_hex(json_t *object, const char *key, const struct id *id);  /* 32 hex digits */
void json_set_uuid(json_t *object, const char *key, const struct id *id); /* 8-4-4-4-12 */
void json_set_stamp(json_t *object, const char *key, stamp at);           /* RFC 3339; 0: null */

/* {"id": hex}: what deletions answer. */
json_t *json_id(const struct id *id);

/* Text as a JSON string, null when it is not UTF-8. */
json_t *json_text(struct slice text);

/* The same, with '?' for what is not ASCII when it is not UTF-8: for words that must not be lost. */
json_t *json_words(const char *text);

/* Members of a checked body: absent and null are the same. */
bool json_has(const json_t *object, const char *key);
struct slice json_get_slice(const json_t *object, const char *key); /* absent: SLICE_NONE */
const char *json_get_str(const json_t *object, const char *key);    /* absent: NULL */
int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise);
bool json_get_bool(const json_t *object, const char *key, bool otherwise);
