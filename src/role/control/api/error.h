/* role/control/api/error.h: the API's error codes, one row each: the HTTP status that goes with a
 * code and what it means. Handlers fail with fail_code(f, kind, code, "words"); the row decides
 * the status, and a failure without a code gets the code and status of its kind.
 *
 * docs/api.md lists the same rows (`everseal api errors`).
 */
#pragma once

#include "base/fail.h"

#include <jansson.h>

struct api_error {
	int code;
	int status;
	int parent;        /* this code is shown in the error_chain of `parent`; 0: on its own */
	const char *about; /* what it means; the message of a parent */
};

/* All rows, ended by code 0. */
extern const struct api_error api_errors[];

/* The row of a failure; never NULL. */
const struct api_error *api_error_of(const struct fail *f);

/* The member `errors` of an answer: one item, with its chain. A new reference. */
json_t *api_error_json(const struct fail *f);
