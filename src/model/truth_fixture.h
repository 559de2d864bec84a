/* model/truth_fixture.h: a truth of a test's own on SQLite, in a folder of its own, and short words
 * for operations on it. Each word runs in a transaction of its own; the clock goes on by a
 * second with each. For tests alone. */
#pragma once

#include "model/hostname.h"
#include "model/name.h"
#include "model/order.h"
#include "model/record.h"
#include "model/zone.h"
#include "proto/key/keyring.h"
#include "run/sql/sql.h"

struct fixture {
	char folder[64];
	struct sql *db;
	struct sql_tx *tx; /* between fx_begin() and fx_commit() */
	struct arena arena;
	struct model_config config;
	struct act act;
	struct id account; /* made at the beginning */
	struct keyring *ring;
};

extern struct fixture fx;

int fx_enter(void **state);
int fx_leave(void **state);

void fx_begin(void);
void fx_commit(void);

/* Asserts that r is 0, and shows the failure. */
void fx_ok(int r, const struct fail *f);

/* Commits, or rolls back and answers the code of the failure (-1: it has none). */
int fx_outcome(int r, const struct fail *f);

struct zone_row fx_zone(const char *name);
int fx_record(const struct zone_row *zone, enum record_type type, const char *name,
	      const char *content, bool proxied, struct record_row *out);
int fx_drop_record(const struct record_row *r);
int fx_hostname(const struct zone_row *zone, const char *name, const char *origin,
		struct hostname_row *out);

bool fx_served(const char *name, struct name_row *out);
bool fx_ordered(const char *name, struct order_row *out);

/* A certificate as an issuer would give it; only its bytes are not one. */
struct id fx_certificate(const char *name, stamp life);

/* What a statement without parameters answers. */
int64_t fx_count(const char *text);
