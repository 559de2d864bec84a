/* proto/tls/server.h: the server's end: what all connections of a worker share (OpenSSL's
 * contexts, the ticket page, the receive buffer).
 *
 * TLS 1.2 and 1.3, ECDHE with AEAD suites; AES-128-GCM first unless the client puts ChaCha20 first;
 * X25519 before P-256. One ticket a handshake, lifetime 18 hours, no cache of sessions, no
 * renegotiation, no compression, no early data.
 */
#pragma once

#include "base/fail.h"
#include "base/stamp.h"
#include "proto/tls/conn.h"
#include "proto/tls/ticket.h"

struct tls_server;

/* tickets: may be NULL (no resumption); lives longer than the server. */
must_check int tls_server_new(const struct ticket_page *tickets, struct tls_server **out,
			      struct fail *f);
void tls_server_free(struct tls_server *s); /* after all its connections */

/* The wall clock, for the hour of tickets: call it once a second or oftener. */
void tls_server_now(struct tls_server *s, stamp now);

struct tls_conn *tls_server_conn(struct tls_server *s);
