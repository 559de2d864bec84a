/* proto/key/keyring.h: the key-encryption keys (KEKs) under which all private keys are wrapped.
 *
 * A keyring is text, kept by the operator outside of every database and backup:
 *
 *	everseal-kek 1
 *	9f0c...32 hex digits  base64 of 32 bytes  2026-11-21T22:00:00Z  current
 *	51aa...               ...                 2026-02-01T09:00:00Z  old
 *
 * One blank between fields, lines end with LF (one CR before it is forgiven), empty lines and
 * lines that begin with '#' are skipped. Exactly one key is `current`: it wraps; all of them
 * unwrap. The id is derived from the key (the first 16 bytes of HMAC-SHA-256 over a fixed label), so a
 * line that was copied with a mistake is found when it is read. Keys live in locked memory and
 * never leave this folder except as such text in a struct secret.
 */
#pragma once

#include "base/fail.h"
#include "base/id.h"
#include "base/secret.h"
#include "base/stamp.h"

#define KEYRING_KEY      32
#define KEYRING_KEYS_MAX 32
#define KEYRING_TEXT_MAX 8192

struct keyring;

/* A ring of one new current key, made of 32 random bytes. */
struct keyring *keyring_new(const uint8_t random[KEYRING_KEY], stamp created);

/* Strict; the failure names the line. */
must_check int keyring_parse(struct slice text, struct keyring **out, struct fail *f);

/* NULL is legal. */
void keyring_free(struct keyring *k);

/* The text above, made anew in *out (whatever it held is dropped first). */
void keyring_text(const struct keyring *k, struct secret *out);

/* Rotation: a new current key; the present one becomes old. */
must_check int keyring_rotate(struct keyring *k, const uint8_t random[KEYRING_KEY], stamp created,
			      struct fail *f);

/* Forgets an old key: only when nothing is wrapped with it any more. */
must_check int keyring_forget(struct keyring *k, const struct id *id, struct fail *f);

size_t keyring_count(const struct keyring *k);
struct id keyring_current(const struct keyring *k);
bool keyring_has(const struct keyring *k, const struct id *id);

/* For lists: the i-th key's id and time of making; index 0 is the current one. */
struct id keyring_id(const struct keyring *k, size_t i);
stamp keyring_created(const struct keyring *k, size_t i);
