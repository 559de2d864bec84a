/* role/control/truth.h: the truth as control holds it: opened, migrated, with its pool of SQL
 * threads, its epoch and the rules the operator chose.
 *
 * Everything that changes intent runs as an sql_job with a struct act; after its commit (in
 * done(), on the loop) the owner of the job calls truth_committed(), which sends the changes to
 * the machines and starts the orders they made.
 */
#pragma once

#include "model/act.h"
#include "run/role/role.h"
#include "run/sql/sql.h"

struct fleet;
struct issue;
struct upkeep;

struct truth {
	struct loop *loop;
	const struct settings *settings;
	struct sql_pool *pool;
	struct id epoch;
	struct id owner; /* the first account: it owns the installation and is never deleted */
	struct model_config config;
	struct arena arena;    /* of the config */
	struct fleet *fleet;   /* machines that follow (fleet.h) */
	struct issue *issue;   /* the order runner (issue.h) */
	struct upkeep *upkeep; /* renewal, retention, proofs (upkeep.h) */
};

/* Opens truth.db in the working folder, migrates it, and on the very first start makes the epoch,
 * the first account and its token. The token's text goes into the file "first-token" (0600, in the
 * same folder) and nowhere else: whoever shows it to the operator removes the file. */
must_check int truth_open(struct truth *t, struct role_env *env, struct fail *f);

/* Starts fleet, order runner and upkeep. Once everything else of control is ready. */
must_check int truth_start(struct truth *t, struct role_env *env, struct fail *f);

/* The ends of channels and the supervisor's frames, passed on by the role. */
void truth_on_peer(struct truth *t, const char *name, int fd);

/* Stops what runs by itself and finishes what was submitted. */
void truth_close(struct truth *t);

/* An act of the system itself; the API fills in account, token and address. */
void truth_act(const struct truth *t, struct arena *a, struct act *out);

/* After a commit: pushes the changes, starts the orders. */
void truth_committed(struct truth *t, const struct act *act);
