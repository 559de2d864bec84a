/* role/control/rotation.h: changing the key-encryption key while everything serves.
 *
 *	making		the supervisor makes a new key and gives the keyring to every role
 *	spreading	a moment, so that no role meets the new key before its keyring
 *	wrapping	the order runner has every key wrapped anew, in batches (issue.h)
 *	following	until every machine has the keys as they are wrapped now; then wrapping again,
 *			which finds nothing unless a key was stored in between
 *	retiring	the supervisor forgets the old keys
 *
 * Until the last step both keys open what they wrapped, so a crash anywhere only means that the
 * rotation is asked for again. One rotation at a time. It waits for machines that are silent: drain
 * those that will not come back.
 */
#pragma once

#include "base/id.h"
#include "base/stamp.h"
#include "role/control/issue.h"
#include "run/loop/loop.h"

struct role_env;
struct truth;

enum rotation_phase {
	ROTATION_IDLE,
	ROTATION_MAKING,
	ROTATION_SPREADING,
	ROTATION_WRAPPING,
	ROTATION_FOLLOWING,
	ROTATION_RETIRING,
};

#define ROTATION_OLD_MAX 8

struct rotation {
	struct role_env *env;
	struct truth *truth;
	enum rotation_phase phase;
	struct id current; /* zero: not told since this process started */
	struct id old[ROTATION_OLD_MAX];
	size_t old_count;
	stamp started_at;
	stamp finished_at;
	char error[FAIL_WORDS_MAX]; /* why the last rotation did not end; "" */
	uint64_t keys;              /* wrapped anew */
	struct issue_rewrap rewrap;
	struct timer wait; /* private from here */
	uint64_t seq;      /* of the last change that every machine must have */
};

void rotation_init(struct rotation *r, struct truth *truth, struct role_env *env);
void rotation_fini(struct rotation *r);

/* On the loop. old: the keys that wrap something now. */
must_check int rotation_begin(struct rotation *r, const struct id *old, size_t old_count,
			      struct fail *f);

/* The supervisor's answers. */
void rotation_on_steer(struct rotation *r, uint16_t type, struct slice payload);

const char *rotation_phase_name(enum rotation_phase phase);
