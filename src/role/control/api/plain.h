/* role/control/api/plain.h: what is answered beside /client/v4: /healthz, /readyz, /metrics. */
#pragma once

struct api;
struct http_exchange;

void plain_request(struct api *api, struct http_exchange *x);
