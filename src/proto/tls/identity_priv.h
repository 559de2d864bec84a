/* proto/tls/identity_priv.h: what an identity holds, for the server engine. */
#pragma once

#include <openssl/x509.h>

#include "proto/tls/identity.h"

struct tls_chain {
	unsigned refs;
	struct id id;
	STACK_OF(X509) * certs;
};

struct tls_identity {
	unsigned refs;
	struct id id;
	X509 *leaf;
	struct tls_chain *chain; /* NULL: none is sent */
	struct key *key;
};
