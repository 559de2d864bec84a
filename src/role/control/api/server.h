/* role/control/api/server.h: the API as the control role runs it: an HTTP server on the Unix
 * socket and on loopback, and the way of each request from its row to its answer (call.h).
 *
 * Beside /client/v4 it answers /healthz (the process lives), /readyz (the truth answers) and
 * /metrics (Prometheus text), to direct callers only: what comes through a proxy, such as our own
 * edge, gets 404 there.
 */
#pragma once

#include "role/control/api/call.h"
#include "role/control/api/rate.h"

struct http_server;
struct rotation;
struct role_env;
struct truth;

struct api {
	struct truth *truth;
	struct role_env *env;
	struct rotation
		*rotation; /* rotation of the key-encryption key (role/control/rotation.h) */
	struct http_server *http;
	struct rate rate;
	void (*on_drained)(struct api *api); /* private */
};

/* Listens on every descriptor of the role that carries requests. */
must_check int api_open(struct api *api, struct truth *truth, struct role_env *env, struct fail *f);

/* Answers what is under way, then calls on_drained(). */
void api_drain(struct api *api, void (*on_drained)(struct api *api));

void api_close(struct api *api);
