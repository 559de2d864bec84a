/* role/ca/desk.h: answers control's requests. Requests that came together are worked on together,
 * in one transaction with one wait for the disk; their answers leave after it. Bytes in, bytes
 * out: the channel is the caller's. */
#pragma once

#include "base/list.h"
#include "role/ca/authority.h"

struct desk {
	struct sql *db;
	struct keyring *ring;
	struct authorities authorities;
	struct list waiting;
	size_t waiting_count;
};

/* Opens ca.db in the working folder, brings it up to date, opens (or makes) the authorities. */
must_check int desk_open(struct desk *d, struct slice keyring_text, stamp now, struct fail *f);
void desk_close(struct desk *d);

/* A new keyring: the authorities' own keys are wrapped anew, requests use it from now on. */
must_check int desk_keyring(struct desk *d, struct slice text, struct fail *f);

/* Takes a request; the payload is copied. Types are those of enum ipc_ca. */
void desk_take(struct desk *d, uint16_t type, uint32_t id, struct slice payload);

/* Forgets what waits: who asked is gone. */
void desk_clear(struct desk *d);

/* Works on what waits, `most` requests at most; answers in order. */
typedef void desk_answer_f(void *owner, uint16_t type, uint32_t id, struct slice payload);
void desk_work(struct desk *d, size_t most, stamp now, desk_answer_f *answer, void *owner);

/* Drops the records of certificates that ended before `before`. */
must_check int desk_forget(struct desk *d, stamp before, int64_t *count, struct fail *f);
