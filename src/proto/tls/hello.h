/* proto/tls/hello.h: a ClientHello read from raw bytes, before OpenSSL sees them.
 *
 * OpenSSL holds 56 kB for a connection from its first call on; so the first flight is collected
 * in a buffer of our own and read here. hello_read() looks at TLS records from the first byte of
 * a connection and says whether the whole ClientHello is there.
 *
 * Refused: more than 16 kB of message, more than HELLO_RECORDS records, an empty record, an
 * extension twice, a server_name that is not exactly one host name of letters, digits and
 * hyphens (RFC 6066, 3), versions below TLS 1.2. RFC 8446, 4.1.2; RFC 5246, 7.4.1.2.
 */
#pragma once

#include "base/slice.h"

#define HELLO_MAX     16384
#define HELLO_RECORDS 16
#define HELLO_SNI_MAX 253

enum hello_answer { HELLO_MORE, HELLO_DONE, HELLO_REFUSED };

/* Alerts that we send before there is an SSL (RFC 8446, 6.2). */
enum tls_alert {
	TLS_ALERT_NONE = 0,
	TLS_ALERT_UNEXPECTED_MESSAGE = 10,
	TLS_ALERT_RECORD_OVERFLOW = 22,
	TLS_ALERT_HANDSHAKE_FAILURE = 40,
	TLS_ALERT_ILLEGAL_PARAMETER = 47,
	TLS_ALERT_ACCESS_DENIED = 49,
	TLS_ALERT_DECODE_ERROR = 50,
	TLS_ALERT_PROTOCOL_VERSION = 70,
	TLS_ALERT_INTERNAL_ERROR = 80,
	TLS_ALERT_UNRECOGNIZED_NAME = 112,
};

struct tls_hello {
	char sni[HELLO_SNI_MAX + 1]; /* lower-case, without final dot; empty: none was sent */
	bool tls12;
	bool tls13;
	bool alpn;           /* ALPN was sent */
	bool h1;             /* it offers HTTP/1.1 or 1.0, or none was sent */
	bool h2;             /* it offers h2 */
	bool ecdsa;          /* can verify ECDSA with P-256 and SHA-256 */
	bool rsa;            /* can verify RSA with SHA-256 */
	bool prefers_chacha; /* the first suite that we know is a ChaCha20 one */
};

struct hello_refusal {
	enum tls_alert alert;
	const char *why; /* one word for the log: "plain_http", "sni_invalid", ... */
};

/* bytes: all that has arrived so far. *why is written with HELLO_REFUSED only. */
enum hello_answer hello_read(struct slice bytes, struct tls_hello *out, struct hello_refusal *why);

enum hello_sni { HELLO_SNI_GOOD, HELLO_SNI_BROKEN, HELLO_SNI_INVALID };

/* The name in the body of a server_name extension, lower-cased; a second ClientHello is checked
 * with it. BROKEN: no such structure; INVALID: what stands there is no host name. */
enum hello_sni hello_sni_read(struct slice extension, char out[HELLO_SNI_MAX + 1]);

/* A fatal alert as a plain record. */
#define TLS_ALERT_RECORD 7
void hello_alert_write(enum tls_alert alert, uint8_t out[TLS_ALERT_RECORD]);
