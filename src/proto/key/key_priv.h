/* proto/key/key_priv.h: the OpenSSL face of keys, for proto/x509 and proto/tls. */
#pragma once

#include <openssl/evp.h>

#include "proto/key/key.h"

/* Borrowed. */
EVP_PKEY *key_pkey(const struct key *k);

/* A public key object, the caller's; NULL when the point is not on the curve. */
EVP_PKEY *key_public_pkey(const struct key_public *pub);
