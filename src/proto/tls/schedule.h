/* proto/tls/schedule.h: the key schedule of TLS 1.3 (RFC 8446, 7.1) as an OpenSSL provider.
 *
 * A handshake derives twenty secrets, and OpenSSL spends an eighth of the whole handshake on finding
 * HMAC twenty times anew. This provider answers for one algorithm, TLS13-KDF, and does with
 * SHA-256 the same two steps directly; every other digest and everything unusual is handed to
 * OpenSSL's own implementation.
 */
#pragma once

/* The property query for SSL_CTX_new_ex(): prefers the provider, which is loaded and compared
 * with OpenSSL's own on the first call. NULL when it is not to be used: it did not load, or the
 * two disagreed. */
const char *schedule_query(void);
