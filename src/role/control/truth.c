/* The first start is one transaction: epoch, account, token. The token's file is written before the
 * commit, so that a crash between the two leaves a file that the next start replaces, never a
 * token that nobody has seen. */
#include "role/control/truth.h"

#include <stdlib.h>

#include "model/account.h"
#include "model/change.h"
#include "model/schema.h"
#include "model/token.h"
#include "proto/dns/address.h"
#include "proto/dns/name.h"
#include "role/control/fleet.h"
#include "role/control/issue.h"
#include "role/control/upkeep.h"
#include "run/clock/clock.h"
#include "run/file/file.h"
#include "run/log/log.h"

#define TRUTH_FILE "truth.db"
#define TOKEN_FILE "first-token"

/* ---- the rules the operator chose ---- */

static int config_names(struct truth *t, struct fail *f)
{
	const struct settings_list *list = &t->settings->zones_own_names;
	struct slice *names = arena_array(&t->arena, struct slice, list->count + 1);

	for (size_t i = 0; i < list->count; i++) {
		struct dns_name n;
		bool converted;
		enum dns_name_answer got = dns_name_from_user(slice_str(list->items[i]),
							      DNS_NAME_PLAIN, &n, &converted);

		if (got != DNS_NAME_OK)
			return fail(f, FAIL_INPUT, "zones.own_names: %s %s", list->items[i],
				    dns_name_why(got));
		names[i] = arena_copy(&t->arena, dns_name_slice(&n));
	}
	t->config.own_names = names;
	t->config.own_name_count = list->count;
	return 0;
}

static int config_nets(struct truth *t, struct fail *f)
{
	const struct settings_list *list = &t->settings->origin_allow;
	struct dns_nets *nets = arena_new(&t->arena, struct dns_nets);

	if (list->count > DNS_NETS_MAX)
		return fail(f, FAIL_INPUT, "origin.allow: at most %d nets", DNS_NETS_MAX);
	for (size_t i = 0; i < list->count; i++)
		if (!dns_net_parse(slice_str(list->items[i]), &nets->nets[nets->count++]))
			return fail(f, FAIL_INPUT,
				    "origin.allow: %s is no net: write it as 10.0.0.0/8",
				    list->items[i]);
	t->config.origin_allow = nets;
	return 0;
}

static int config_read(struct truth *t, struct fail *f)
{
	t->config.activation =
		t->settings->zones_activation == 0 ? ACTIVATION_TRUST : ACTIVATION_TXT;
	t->config.leaf_lifetime = t->settings->ca_leaf_lifetime;
	if (config_names(t, f) < 0)
		return -1;
	return config_nets(t, f);
}

/* ---- the first start ---- */

static int token_file_write(const char *text, struct fail *f)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "%s\n", text);
	int r = file_replace(TOKEN_FILE, buf_slice(&line), 0600, f);
	buf_free_wiped(&line);
	return r;
}

static int first_start(struct sql_tx *tx, struct act *act, struct fail *f)
{
	struct account_row account = { .name = slice_lit("Everseal") };
	struct token_row token = { .name = slice_lit("first token"), .access = TOKEN_WRITE };
	char text[TOKEN_TEXT];

	if (change_new_epoch(tx, f) < 0 || account_create(tx, act, &account, &account, f) < 0)
		return -1;
	token.account = account.id;
	if (token_create(tx, act, &token, &token, text, f) < 0)
		return -1;
	int r = token_file_write(text, f);
	explicit_bzero(text, sizeof(text));
	if (r == 0)
		log_line(LOG_INFO, "truth.first_start",
			 "a new truth, with an account and its first token",
			 LOG_ID("account", &account.id));
	return r;
}

/* In one transaction: the epoch, made with all that a first start needs when there is none. */
static int epoch_ready(struct truth *t, struct sql_tx *tx, struct fail *f)
{
	struct replica_state state;
	struct act act;
	uint64_t oldest;

	if (change_state(tx, &state, &oldest, f) < 0)
		return -1;
	if (id_is_zero(&state.epoch)) {
		truth_act(t, &t->arena, &act);
		if (first_start(tx, &act, f) < 0 || change_state(tx, &state, &oldest, f) < 0)
			return -1;
	}
	t->epoch = state.epoch;
	return 0;
}

struct oldest {
	struct id id;
	stamp created_at;
};

static bool on_account(void *arg, const struct account_row *row)
{
	struct oldest *oldest = arg;

	if (id_is_zero(&oldest->id) || row->created_at < oldest->created_at)
		*oldest = (struct oldest){ row->id, row->created_at };
	return true;
}

static int owner_ready(struct truth *t, struct sql_tx *tx, struct fail *f)
{
	struct oldest oldest = { .created_at = 0 };

	if (account_each(tx, on_account, &oldest, f) < 0)
		return -1;
	t->owner = oldest.id;
	return 0;
}

static int prepare(struct truth *t, struct sql *db, struct fail *f)
{
	struct sql_tx *tx;
	int from, to;

	if (sql_migrate(db, schema_migrations, schema_migration_count, &from, &to, f) < 0)
		return -1;
	if (from != to)
		log_line(LOG_INFO, "truth.migrated", "the truth has a newer schema now",
			 LOG_I("from", from), LOG_I("to", to));
	if (sql_begin(db, SQL_WRITE, &tx, f) < 0)
		return -1;
	if (epoch_ready(t, tx, f) < 0 || owner_ready(t, tx, f) < 0) {
		sql_rollback(tx);
		return -1;
	}
	return sql_commit(tx, f);
}

int truth_open(struct truth *t, struct role_env *env, struct fail *f)
{
	static const struct sql_config file = { .file = TRUTH_FILE, .create = true };
	struct sql *db;

	*t = (struct truth){ .loop = &env->loop, .settings = &env->settings };
	if (config_read(t, f) < 0)
		return -1;
	if (sql_open(&db, &file, f) < 0)
		return fail_pass(f, "truth/" TRUTH_FILE);
	int r = prepare(t, db, f);
	sql_close(db);
	if (r < 0)
		return fail_pass(f, "truth/" TRUTH_FILE);
	return sql_pool_open(&t->pool, t->loop, &file, f);
}

int truth_start(struct truth *t, struct role_env *env, struct fail *f)
{
	if (fleet_open(&t->fleet, t, role_fd(env, "run/feed.sock", 0), f) < 0)
		return fail_pass(f, "the feed");
	if (issue_open(&t->issue, t, f) < 0)
		return fail_pass(f, "the order runner");
	return upkeep_open(&t->upkeep, t, f) < 0 ? fail_pass(f, "upkeep") : 0;
}

void truth_on_peer(struct truth *t, const char *name, int fd)
{
	must(strcmp(name, "ca") == 0); /* the only peer that the role's row names */
	issue_on_ca(t->issue, fd);
}

/* Jobs under way are finished by closing the pool: what they touch goes after it. */
void truth_close(struct truth *t)
{
	upkeep_close(t->upkeep);
	issue_close(t->issue);
	fleet_close(t->fleet);
	t->upkeep = NULL;
	t->issue = NULL;
	t->fleet = NULL;
	sql_pool_close(t->pool);
	t->pool = NULL;
	arena_free(&t->arena);
}

void truth_act(const struct truth *t, struct arena *a, struct act *out)
{
	*out = (struct act){
		.arena = a, .config = &t->config, .now = clock_now(), .address = "control"
	};
}

void truth_committed(struct truth *t, const struct act *act)
{
	if (act->seq > 0 && t->fleet != NULL)
		fleet_head(t->fleet, act->seq);
	if (act->ordered && t->issue != NULL)
		issue_wake(t->issue);
}
