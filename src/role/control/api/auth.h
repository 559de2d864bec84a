/* role/control/api/auth.h: who asks, and may they.
 *
 * A bearer token counts; other credentials beside it are ignored, and alone they are refused
 * (global keys do not exist here). Over the Unix socket root and the user of this process need no
 * token: whoever is that could read the truth itself.
 *
 * Tokens are found by their SHA-256 and the hash is compared in constant time; no token reaches a
 * log line or a failure's words.
 */
#pragma once

#include "role/control/api/call.h"

struct http_peer;
struct http_request;

/* On the loop: takes credentials and address from the request. */
must_check int api_auth_credentials(const struct http_request *request,
				    const struct http_peer *peer, struct api_who *out,
				    struct fail *f);

/* The request came through a proxy, e.g. our own edge: its peer is not who asks. */
bool api_auth_is_forwarded(const struct http_request *request);

/* In the transaction: finds the token, then zone or account, and holds both against the route. */
must_check int api_auth_check(struct api_call *c, struct fail *f);
