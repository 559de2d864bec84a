/* proto/crypto/crypto_priv.h: the fetched algorithms, for the siblings that speak OpenSSL. */
#pragma once

#include <openssl/evp.h>

struct crypto_algorithms {
	EVP_MD *sha256;
	EVP_CIPHER *aes_gcm; /* AES-256-GCM */
	EVP_CIPHER *aes_cbc; /* AES-256-CBC: session tickets */
	EVP_MAC_CTX *hmac;   /* HMAC-SHA-256 without key: duplicate it */
};

/* Fetched on the first call; lives as long as the process. */
const struct crypto_algorithms *crypto_algorithms(void);

/* The reason of the newest error of this thread as words, and an empty queue. */
const char *crypto_error(void);
