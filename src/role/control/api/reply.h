/* role/control/api/reply.h: the envelope that every answer wears, and its header fields.
 *
 *	{"result":...,"success":true,"errors":[],"messages":[],"result_info":{...}}
 *	{"result":null,"success":false,"errors":[{"code":1001,"message":"..."}],"messages":[]}
 *
 * Compact, UTF-8, members in this order. The exchange is gone after a reply; the call is not.
 */
#pragma once

#include "base/buf.h"
#include "role/control/api/call.h"

/* result, info, messages, text of the call. */
void reply_success(struct api_call *c);

void reply_failure(struct api_call *c, const struct fail *f);

/* The body for a request that never became a call. */
void reply_refusal(int status, const char *why, struct buf *out);

/* Appends compact JSON; releases value. */
void reply_json(json_t *value, struct buf *out);
