/* role/control/issue.h: runs certificate orders: asks order_step() what to do, does it through the
 * order's issuer, stores what came of it, and asks again. A bounded number of orders run at a time;
 * all of them resume at the start.
 */
#pragma once

#include "base/fail.h"
#include "base/id.h"

struct issue;
struct truth;

must_check int issue_open(struct issue **out, struct truth *truth, struct fail *f);
void issue_close(struct issue *is); /* NULL is fine */

/* The channel to the ca role (again, after the ca was restarted). Takes fd. */
void issue_on_ca(struct issue *is, int fd);

/* Orders are due. */
void issue_wake(struct issue *is);

/* A machine acknowledged, or was lost: orders that wait to be live look again. */
void issue_on_ack(struct issue *is);

/* Re-wraps every key that is not wrapped by the newest KEK, in batches, in the background. done()
 * is called once with the number of keys, or words. Fails at once when it runs already. */
struct issue_rewrap {
	struct id kek; /* the newest */
	uint64_t total;
	uint64_t left;
	void (*on_done)(struct issue_rewrap *r, const struct fail *f); /* f NULL: all are done */
};
must_check int issue_rewrap(struct issue *is, struct issue_rewrap *r, struct fail *f);
