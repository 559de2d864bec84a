/* role/control/api/route.h: what the API serves, as rows.
 *
 * A resource is one file in role/control/resource/ with one table of routes; resource/list.c names
 * the tables. From the rows come dispatch, authorization, input checking, paging, the OpenAPI file
 * and the generated tests; a handler only does what the row says it is for.
 *
 * A handler runs inside a transaction on an SQL thread: it has no loop, no socket and no global,
 * and everything it needs is in its struct api_call.
 */
#pragma once

#include "role/control/api/field.h"

struct api_call;

typedef int api_handler_f(struct api_call *c, struct fail *f);

/* Runs on the loop, after the commit and before the answer leaves: what is known there, or has to
 * be set going. A failure is answered, but undoes nothing. */
typedef int api_after_f(struct api_call *c, struct fail *f);

/* Whose permission a call needs. */
enum api_scope {
	API_NONE,    /* nobody's: no credentials are looked at */
	API_USER,    /* any valid token */
	API_ACCOUNT, /* the account in the path, else the token's own */
	API_ZONE,    /* the zone in the path */
	API_SYSTEM,  /* the installation: the account that owns it */
};

enum api_access { API_READ, API_WRITE };

#define API_PARAMS 4

/* Paths stand below /client/v4. A part in braces is a parameter; one whose name ends in _id takes
 * 32 hex digits or a UUID, others any text. */
struct api_route {
	const char *method;
	const char *path;
	enum api_scope scope;
	enum api_access access;
	api_handler_f *handler;
	const struct api_field *body;  /* NULL: whatever is sent is ignored */
	const struct api_field *query; /* besides the paging keys */
	int status;                    /* of success; 0: 200 */
	int malformed;                 /* code of a bad body or member; 0: 9207 */
	int per_page;                  /* not 0: a list, with this page size unless asked */
	int per_page_max;
	api_after_f *after;
	int unknown_token; /* code for a token that is none; 0: 9109 */
	const char *summary;
};

#define API_ROUTES_END                                                                             \
	{                                                                                          \
		.method = NULL                                                                     \
	}

/* The tables of all resources, ended by NULL (resource/list.c). */
extern const struct api_route *const api_resources[];

struct api_match {
	const struct api_route *route;
	struct slice params[API_PARAMS]; /* as they stand in the path, still %-escaped */
};

enum api_found { API_FOUND, API_NO_PATH, API_NO_METHOD };

/* Finds the row for a path (behind /client/v4, one slash at its end does not count). */
must_check enum api_found api_route_find(struct slice method, struct slice path,
					 const struct api_route *const *tables,
					 struct api_match *out);

/* Walks all rows: NULL first, NULL at the end. */
const struct api_route *api_route_next(const struct api_route *const *tables,
				       const struct api_route *route);

/* True when the route's parameter `index` is named `name`, e.g. "zone_id". */
bool api_route_param(const struct api_route *route, const char *name, size_t *index);

/* True when parameter `index` is an identifier. */
bool api_route_param_is_id(const struct api_route *route, size_t index);

const char *api_scope_name(enum api_scope scope);
