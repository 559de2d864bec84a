/* role/control/api/field.h: what a request may say, as rows; and the one checker that holds bodies
 * and queries against them.
 *
 * After api_body_parse() and api_query_parse() a handler meets only members of the promised type:
 * nulls are gone (except where a row says that null means something), numbers are in bounds, enum
 * values are among the allowed. Unknown members and unknown query keys are left alone, because real
 * clients send them. What we know and cannot honour yet has a row of type FIELD_REFUSED: a
 * security setting is never accepted and then forgotten.
 *
 * The rows also write the schemas of the OpenAPI file. Nothing here knows a socket or a database;
 * field_fuzz.c feeds both parsers.
 */
#pragma once

#include "base/fail.h"
#include "base/slice.h"

#include <jansson.h>

enum field_type {
	FIELD_STRING, /* min and max count bytes */
	FIELD_BOOL,
	FIELD_INT,
	FIELD_OBJECT,
	FIELD_LIST,    /* in a body: a list of objects or strings; in a query: a,b and a=..&a=.. */
	FIELD_ANY,     /* the handler looks itself */
	FIELD_REFUSED, /* known, not available in this version: any value but null is refused */
};

#define FIELD_REQUIRED 1u
#define FIELD_NULLABLE 2u /* null reaches the handler */

struct api_field {
	const char *name;
	enum field_type type;
	unsigned flags;
	int64_t min;
	int64_t max;                    /* 0: API_TEXT_MAX for strings, no bound for numbers */
	const char *const *allowed;     /* strings and list items; ended by NULL */
	const struct api_field *fields; /* members of an object, or of each object in a list */
	int code;                       /* the error of a bad value; 0: the route's */
	const char *about;
};

#define FIELD_END                                                                                  \
	{                                                                                          \
		.name = NULL                                                                       \
	}

#define API_TEXT_MAX  4096
#define API_QUERY_MAX 256 /* pairs */

/* Parses a body and checks it. An empty body, and `null`, are an empty object; without rows any
 * body is. `partial` (PATCH) lets required members be absent. `malformed` is the route's code for
 * what is no JSON object. *out is a new reference. */
must_check int api_body_parse(struct slice body, const struct api_field *rows, bool partial,
			      int malformed, json_t **out, struct fail *f);

/* Parses what stands behind the `?`: known keys arrive typed in *out (a new reference), others are
 * dropped. */
must_check int api_query_parse(struct slice query, const struct api_field *rows, json_t **out,
			       struct fail *f);
