/* role/edge/carry.h: an exchange's way to the origin and back. */
#pragma once

#include "role/edge/exchange.h"

void carry_init(struct exchange *x);

/* Sends a request that has passed the filters to its site's origin. */
void carry_begin(struct exchange *x, const struct http_request *r);

/* Moves what can be moved of the request's body, and of the answer. */
void carry_more(struct exchange *x);
void carry_back(struct exchange *x);

/* ---- what exchange.c has for it ---- */

/* The head of the request is done with: the body follows in the input. */
void exchange_take_head(struct exchange *x);

/* Lets go of the connection to the origin, or of the wait for one. */
void exchange_leave_origin(struct exchange *x, bool keep);

/* The ends; x is gone afterwards. Broken: the client sees that what it has is not all. */
void exchange_end_answered(struct exchange *x);
void exchange_end_broken(struct exchange *x, enum side side, const char *why);
