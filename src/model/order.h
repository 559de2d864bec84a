/* model/order.h: certificate orders. An order is a row, order_step() decides what it does next:
 *
 *	(row, now, event) → (row changes, actions)
 *
 * without clock, socket or randomness. Control runs the actions and feeds what comes of them as
 * the next event. A crash at any step resumes with ORDER_EVENT_DUE.
 */
#pragma once

#include "model/act.h"

enum order_state {
	ORDER_NEW,     /* to be keyed */
	ORDER_KEYED,   /* a wrapped key is stored; to be issued */
	ORDER_ISSUED,  /* the certificate is stored and published; not yet seen live */
	ORDER_FAILED,  /* refused: somebody must act; tried again once a day */
	ORDER_LIVE,    /* done */
	ORDER_REMOVED, /* the name is no longer served */
};

#define ORDER_STATES 6

const char *order_state_name(enum order_state s);

enum order_reason { ORDER_FOR_NEW_NAME, ORDER_FOR_RENEWAL, ORDER_FOR_REPLACEMENT };

struct order_row {
	struct id id;
	struct slice name;
	struct id zone;
	struct id account;
	enum order_state state;
	enum order_reason reason;
	struct slice issuer; /* "local" */
	struct id key;       /* zero until keyed */
	struct slice proof;  /* what the key signed to show that it is the order's */
	struct id cert;      /* zero until issued */
	uint32_t attempts;   /* failed ones in this state */
	stamp due_at;        /* when to step next, also after a crash; 0: nothing to wait for */
	struct slice error;  /* words of the last failure, or absent */
	struct slice who;    /* who must act: "nobody" (tried again by itself), "operator" */
	uint64_t seq;        /* of the change that published the certificate */
	stamp created_at;
	stamp modified_at;
};

enum order_event_kind {
	ORDER_EVENT_DUE,    /* its time has come, or control has started */
	ORDER_EVENT_KEYED,  /* the key is stored */
	ORDER_EVENT_ISSUED, /* the certificate is stored and published */
	ORDER_EVENT_LIVE,   /* every machine heard of has it */
	ORDER_EVENT_FAILED, /* the last action failed for now: try again */
	ORDER_EVENT_DENIED, /* the issuer refuses: trying again does not help */
	ORDER_EVENT_GONE,   /* the name is no longer served by this account */
};

#define ORDER_EVENTS 7

struct order_event {
	enum order_event_kind kind;
	struct id key;      /* KEYED */
	struct slice proof; /* KEYED */
	struct id cert;     /* ISSUED */
	uint64_t seq;       /* ISSUED */
	struct slice words; /* FAILED, DENIED: borrowed by the row that comes out */
};

enum order_action { ORDER_DO_NOTHING, ORDER_DO_KEY, ORDER_DO_ISSUE, ORDER_DO_WATCH };

/* Changes *row and says what to do now. An event that does not fit the state changes nothing. */
enum order_action order_step(struct order_row *row, stamp now, const struct order_event *event);

/* When to renew a certificate: at two thirds of its life, up to a twentieth earlier, decided by
 * its id so that certificates made together are not renewed together. */
stamp order_renewal_at(const struct id *cert, stamp issued_at, stamp not_after);

/* How long to wait after so many failures in a row. */
stamp order_backoff(uint32_t attempts);

/* want: name, zone, account, reason, issuer. Makes an order for the name, or makes the open one due
 * now; sets act->ordered. */
must_check int order_create(struct sql_tx *tx, struct act *act, const struct order_row *want,
			    struct fail *f);
must_check int order_update(struct sql_tx *tx, const struct order_row *row, struct fail *f);
must_check int order_find(struct sql_tx *tx, struct arena *a, const struct id *id,
			  struct order_row *out, struct fail *f);

/* The newest order of the name. FAIL_ABSENT when there never was one. */
must_check int order_latest(struct sql_tx *tx, struct arena *a, struct slice name,
			    struct order_row *out, struct fail *f);

/* The open order of the name, if any, is for nothing now. */
must_check int order_remove(struct sql_tx *tx, struct act *act, struct slice name, struct fail *f);

/* The open orders that are due by `until`, longest due first. */
typedef bool order_each_f(void *arg, const struct order_row *row);
must_check int order_each_due(struct sql_tx *tx, stamp until, int limit, order_each_f *each,
			      void *arg, struct fail *f);

/* When the next order is due after `now`; 0: none waits. */
must_check int order_next_due(struct sql_tx *tx, stamp now, stamp *out, struct fail *f);

/* Forgets orders that are done or removed and were last touched before `before`. */
must_check int order_forget(struct sql_tx *tx, stamp before, int64_t *n, struct fail *f);
