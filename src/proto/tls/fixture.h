/* proto/tls/fixture.h: an authority, a server and a client for tests, fuzzing and the
 * microbenchmark; no part of the product. */
#pragma once

#include "proto/tls/client.h"
#include "proto/tls/server.h"
#include "proto/x509/x509.h"

struct fixture {
	stamp now; /* the machine's: OpenSSL checks certificates against its own clock */
	struct keyring *ring;
	struct key *root_key;
	struct buf root; /* DER */
	struct buf root_pem;
	struct ticket_page tickets;
	struct tls_server *server;
	struct tls_client *client; /* trusts the root */
};

void fixture_init(struct fixture *x);
void fixture_fini(struct fixture *x);

/* For one name; signed by the root, or by its own key when `self`. The caller's. */
struct tls_identity *fixture_identity(struct fixture *x, const char *name, stamp not_before,
				      stamp not_after, bool self);

/* Moves ciphertext between the two until both are quiet. A server that asks is answered with
 * `serve`, or refused (unrecognized_name) when it is NULL. */
void fixture_pump(struct tls_conn *client, struct tls_conn *server, const struct tls_serve *serve);
