/* cli/client.h: asks the API of a running Everseal, over the Unix socket of its data folder or over
 * HTTP with a token. Blocks until the answer is there; one request at a time. */
#pragma once

#include <jansson.h>

#include "base/fail.h"
#include "base/slice.h"

struct client;

/* Where the API is. With a url it is asked there, else by the socket. Borrowed while it lives. */
struct client_where {
	const char *url;    /* "http://127.0.0.1:2780/client/v4", or NULL */
	const char *token;  /* may be NULL: the socket's owner needs none */
	const char *socket; /* "/var/lib/everseal/run/api.sock" */
};

must_check int client_open(struct client **out, const struct client_where *where, struct fail *f);
void client_close(struct client *c);

/* One request; `path` stands behind /client/v4, `body` may be NULL. *answer is the whole envelope,
 * the caller's to release. An answer that says success: false is a failure in the API's words. */
must_check int client_call(struct client *c, const char *method, const char *path,
			   const json_t *body, json_t **answer, struct fail *f);

/* The same for whatever the answer is: *status is HTTP's, *body the bytes (released by free()). */
must_check int client_raw(struct client *c, const char *method, const char *path, struct slice body,
			  long *status, char **text, struct fail *f);

/* All pages of a list, as one array. `path` may hold a query. */
must_check int client_list(struct client *c, const char *path, json_t **rows, struct fail *f);

/* Appends text percent-encoded for a query or a path segment. */
struct buf;
void client_escape(struct buf *out, const char *text);
