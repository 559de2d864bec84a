/* proto/tls/hello.h: a ClientHello read from raw bytes, before OpenSSL sees them.
 *
 * OpenSSL holds 56 kB for a connection from its first call, and answers no question in time; so
 * the first flight is collected in a buffer of our own and read here. hello_read() looks at TLS records
 * from the first byte of a connection on and says whether the whole ClientHello is there. Limits:
 * 16 kB of message, HELLO_RECORDS records, no empty record. RFC 8446, 4.1.2; RFC 5246, 7.4.1.2; names
 * as RFC 6066, 3: exactly one host_name, letters-digits-hyphens, lower-cased; an address literal
 * or a broken name is refused.
 */
#pragma once

#include "base/arena.h"
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

/* Slices are borrowed from the bytes read. */
struct tls_hello {
	char sni[HELLO_SNI_MAX + 1]; /* lower-case, without final dot; empty: none was sent */
	bool tls12;
	bool tls13;
	bool h1;             /* ALPN http/1.1 offered, or no ALPN at all */
	bool h2;             /* ALPN h2 offered */
	bool alpn;           /* ALPN was sent */
	bool ecdsa;          /* can verify ECDSA with P-256 and SHA-256 */
	bool rsa;            /* can verify RSA with SHA-256 */
	bool prefers_chacha; /* the first suite it knows is a ChaCha20 one */
	struct slice random; /* 32 bytes */
	struct slice suites; /* 2 bytes each */
	struct slice groups; /* 2 bytes each */
	struct slice alpns;  /* length-prefixed, as sent */
};

struct hello_refusal {
	enum tls_alert alert;
	const char *why; /* one word for the log: "not_tls", "sni_invalid", ... */
};

/* bytes: all that has arrived so far. The arena is used only when the message is spread over
 * several records. */
enum hello_answer hello_read(struct slice bytes, struct arena *a, struct tls_hello *out,
			     struct hello_refusal *why);

/* The name of a server_name extension's body, lower-cased; the check of a second ClientHello
 * uses it too. False: malformed or not a host name. */
bool hello_name_read(struct slice extension, char out[HELLO_SNI_MAX + 1]);

/* The seven bytes of a fatal alert, as plain record. */
#define TLS_ALERT_RECORD 7
void hello_alert_write(enum tls_alert alert, uint8_t out[TLS_ALERT_RECORD]);
