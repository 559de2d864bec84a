/* base/fail.h: a failure that travels up to whoever must hear of it.
 *
 * Functions that can fail take a struct fail * last and return a negative number:
 *
 *	if (port == 0)
 *		return fail(f, FAIL_INPUT, "port 0 cannot be listened on: choose 1 to 65535");
 *	if (listen_open(..., f) < 0)
 *		return fail_pass(f, "listener %s", name);
 *
 * The words end up in front of a user: name the thing, what is wrong, what to do. A struct fail
 * belongs to the request, job or command. Reporting allocates nothing.
 */
#pragma once

#include "base/must.h"

enum fail_kind {
	FAIL_NONE,
	FAIL_INPUT,       /* what was sent or written is wrong: 400 */
	FAIL_DENIED,      /* known, and not allowed: 403 */
	FAIL_ABSENT,      /* the thing named does not exist: 404 */
	FAIL_CONFLICT,    /* not in this state, or already there: 409 */
	FAIL_LIMIT,       /* a quota or limit is reached: 429 */
	FAIL_PEER,        /* another system answered wrongly: 502 */
	FAIL_TIMEOUT,     /* another system did not answer: 504 */
	FAIL_UNAVAILABLE, /* we cannot now, try again: 503 */
	FAIL_SYSTEM,      /* the machine or a library refused: 500 */
};

#define FAIL_WORDS_MAX 512

struct fail {
	enum fail_kind kind;
	int code; /* the API's error code where one is known, else 0 */
	const char *file;
	int line;
	char words[FAIL_WORDS_MAX];
};

#define FAIL_INIT                                                                                  \
	{                                                                                          \
		FAIL_NONE, 0, 0, 0, ""                                                             \
	}

/* Records kind and words (the first failure wins: a later one is not written over it) and
 * returns -1. A NULL f is legal where the caller needs no words. */
#define fail(f, kind, ...) fail_at((f), (kind), 0, __FILE__, __LINE__, __VA_ARGS__)

/* The same with an error code of the API. */
#define fail_code(f, kind, code, ...) fail_at((f), (kind), (code), __FILE__, __LINE__, __VA_ARGS__)

/* Puts "step: " before the words of a failure on its way up. Returns -1. */
int fail_pass(struct fail *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int fail_at(struct fail *f, enum fail_kind kind, int code, const char *file, int line,
	    const char *fmt, ...) __attribute__((format(printf, 6, 7)));

void fail_clear(struct fail *f);
