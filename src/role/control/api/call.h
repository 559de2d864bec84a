/* role/control/api/call.h: one request of the API, from its arrival to its answer.
 *
 *	loop		route, credentials, rate limit
 *	SQL thread	authorize, check query and body, handler		one transaction
 *	loop		(committed) after-function, envelope, reply
 *
 * A handler reads `zone`, `account`, `ids`, `query`, `body`, calls the model with `tx` and `act`,
 * and leaves `result`. It may touch nothing else: it runs on a thread of the pool.
 */
#pragma once

#include "model/act.h"
#include "model/token.h"
#include "model/zone.h"
#include "role/control/api/json.h"
#include "role/control/api/page.h"
#include "role/control/api/route.h"
#include "run/sql/sql.h"

struct api;
struct http_exchange;

/* Who asks. */
struct api_who {
	bool known;  /* false: no credentials, or the route wants none */
	bool local;  /* root or our own user, over the Unix socket, without a token */
	bool owner;  /* of the installation: its first account, or local */
	bool bearer; /* a token was sent: its hash is below */
	uint8_t hash[TOKEN_HASH];
	struct token_row token; /* unless local */
	struct id account;      /* the token's, the first one when local */
	char address[112];
};

/* An object that gets its member "deployment" on the loop, where machines are known. */
struct api_deployment {
	json_t *object;
	uint64_t seq;
	struct api_deployment *next;
};

#define API_RAY 16

struct api_call {
	struct sql_job job;
	struct api *api;
	struct http_exchange *exchange;
	struct api_match match;
	uint64_t began;        /* µs */
	char ray[API_RAY + 1]; /* the id of this request */
	int64_t rate_left;     /* of the token's window */
	int64_t rate_reset;    /* seconds */

	/* What a handler reads. */
	struct sql_tx *tx;
	struct arena *arena;
	struct act act;
	struct api_who who;
	struct id ids[API_PARAMS]; /* parameters that are identifiers */
	struct zone_row zone;      /* API_ZONE */
	struct id account;         /* API_ACCOUNT: the path's, else the token's */
	json_t *query;
	json_t *body;

	/* What it leaves. */
	json_t *result;
	json_t *info;      /* result_info of lists */
	json_t *messages;  /* else [] */
	bool bare;         /* the members of result stand beside the envelope's too */
	struct slice text; /* not absent: the answer itself, instead of an envelope */
	const char *text_type;
	struct api_deployment *deployments;
	void *state; /* from a handler to its after-function */
};

/* A parameter that is not an identifier, decoded, from the arena. */
must_check int api_call_text(struct api_call *c, const char *param, struct slice *out,
			     struct fail *f);

/* The identifier of this name; the route has it. */
const struct id *api_call_id(const struct api_call *c, const char *param);

/* May the caller read (write) what belongs to this account and zone (NULL: the account itself)? */
bool api_call_allows(const struct api_call *c, const struct id *account, const struct id *zone,
		     enum api_access access);

/* The zone that the token is for alone; NULL: it is for the whole account. */
const struct id *api_call_only_zone(const struct api_call *c);

/* object gets "deployment" {epoch, seq, live, of, silent} before the answer leaves. */
void api_call_deployment(struct api_call *c, json_t *object, uint64_t seq);
