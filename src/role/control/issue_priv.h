/* role/control/issue_priv.h: the order runner's halves: issue.c runs orders, rewrap.c wraps keys
 * anew; both ask the ca through one channel. */
#pragma once

#include "base/stamp.h"
#include "role/control/ca_link.h"
#include "role/control/issue.h"
#include "run/sql/sql.h"

struct rewrap;

struct issue {
	struct truth *truth;
	struct ca_link ca;
	struct list works;   /* orders that wait for the ca or for the disk */
	struct list watched; /* orders whose certificate is published and not yet live */
	unsigned work_count;
	unsigned watch_count;
	struct sql_job look; /* finds what is due */
	bool looking;
	bool look_again;
	struct list found; /* by the look under way */
	stamp next_due;
	struct timer tick;
	struct deferred wake;
	struct rewrap *rewrap;
	unsigned holds; /* the owner's, and one for each job under way */
	bool closed;
};

void issue_hold(struct issue *is);
void issue_release(struct issue *is);

/* Stops waiting for the ca; a job under way ends by itself. NULL is fine. */
void rewrap_close(struct rewrap *r);
