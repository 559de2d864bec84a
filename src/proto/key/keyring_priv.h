/* proto/key/keyring_priv.h: the keys themselves, for key.c alone. */
#pragma once

#include "proto/key/keyring.h"

/* KEYRING_KEY bytes, or NULL when the ring has no such key. */
const uint8_t *keyring_secret_find(const struct keyring *k, const struct id *id);
