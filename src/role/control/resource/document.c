/* The API about itself: the OpenAPI document and the table of errors, from the same rows that are
 * served. docs/openapi.json is a copy; a test compares them. */
#include "role/control/api/describe.h"

#include "base/buf.h"
#include "role/control/api/reply.h"
#include "role/control/resource/resources.h"

static int openapi_get(struct api_call *c, struct fail *f)
{
	struct buf text = BUF_INIT;

	(void)f;
	reply_json(api_openapi(api_resources, EVERSEAL_VERSION), &text);
	c->text = arena_copy(c->arena, buf_slice(&text));
	c->text_type = "application/json";
	buf_free(&text);
	return 0;
}

static int errors_get(struct api_call *c, struct fail *f)
{
	(void)f;
	c->result = api_errors_describe();
	return 0;
}

const struct api_route document_routes[] = {
	{ "GET", "/everseal/openapi", API_NONE, API_READ, openapi_get,
	  .summary = "This document (without an envelope)" },
	{ "GET", "/everseal/errors", API_NONE, API_READ, errors_get,
	  .summary = "The error codes that may be met" },
	API_ROUTES_END,
};
