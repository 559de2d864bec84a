/* The truth's tables. Types are text, bigint and bytea alone, times are milliseconds, ids are 16
 * bytes, flags are 0 or 1: what SQLite and PostgreSQL understand alike.
 *
 * A migration that is released is never changed: add another one. */
#include "model/schema.h"

#include "model/row.h"

static const char *const first[] = {
	/* The feed: what every machine must hear of. change_head's one row also orders commits. */
	"create table meta (name text primary key, value bytea not null)",
	"create table change_head (one bigint primary key, seq bigint not null)",
	"insert into change_head (one, seq) values (1, 0)",
	"create table shard_head (shard bigint primary key, seq bigint not null)",
	"create table change (seq bigint primary key, shard bigint not null, prev bigint not null,"
	" at bigint not null, kind bigint not null, key bytea not null, value bytea)",
	"create index change_by_at on change (at)",

	/* Who. */
	"create table account (id bytea primary key, name text not null, type text not null,"
	" created_at bigint not null, modified_at bigint not null)",
	"create table token (id bytea primary key, account bytea not null references account (id),"
	" zone bytea, hash bytea not null unique, name text not null, access bigint not null,"
	" status bigint not null, not_before bigint not null, expires_at bigint not null,"
	" last_used_at bigint not null, created_at bigint not null, modified_at bigint not null)",
	"create index token_by_account on token (account, name)",

	/* Zones: claimed by several accounts, held (status 1) by one. */
	"create table zone (id bytea primary key, account bytea not null references account (id),"
	" name text not null, type bigint not null, status bigint not null, paused bigint not null,"
	" verification_key text not null, ssl bigint not null, fallback_origin bytea,"
	" fallback_host text, fallback_created_at bigint not null,"
	" fallback_updated_at bigint not null, version bigint not null,"
	" created_at bigint not null, modified_at bigint not null, activated_at bigint not null,"
	" checked_at bigint not null, key bytea not null, resume text)",
	"create unique index zone_claimed on zone (account, name) where status < 3",
	"create unique index zone_held on zone (name) where status = 1",
	"create index zone_by_key on zone (key)",
	"create index zone_unfinished on zone (id) where status = 3 or resume is not null",
	"create index zone_pending on zone (checked_at) where status = 0",
	"create table zone_setting (zone bytea not null references zone (id), name text not null,"
	" value text not null, modified_at bigint not null, primary key (zone, name))",
	"create table record (id bytea primary key, zone bytea not null references zone (id),"
	" type bigint not null, name text not null, content text not null, ttl bigint not null,"
	" proxied bigint not null, comment text, tags text not null,"
	" origin_scheme bigint not null, origin_http_port bigint not null,"
	" origin_https_port bigint not null, created_at bigint not null,"
	" modified_at bigint not null)",
	"create index record_by_name on record (zone, name, type, content)",
	"create table hostname (id bytea primary key, zone bytea not null references zone (id),"
	" account bytea not null references account (id), name text not null,"
	" status bigint not null, ownership_token bytea not null, metadata text,"
	" has_ssl bigint not null, ssl_id bytea, ssl_method text, ssl_type text,"
	" ssl_bundle_method text, ssl_authority text, ssl_wildcard bigint not null,"
	" ssl_settings text, origin_server text, origin_sni text, origin_host text,"
	" origin_name text, origin_scheme bigint not null, origin_http_port bigint not null,"
	" origin_https_port bigint not null, origin_id bytea, created_at bigint not null,"
	" modified_at bigint not null, checked_at bigint not null, key bytea not null,"
	" stale bigint not null, unique (zone, name))",
	"create unique index hostname_held on hostname (name) where status = 1",
	"create index hostname_by_key on hostname (key)",
	"create index hostname_by_server on hostname (zone, origin_server)"
	" where origin_server is not null",
	"create index hostname_stale on hostname (id) where stale = 1",
	"create index hostname_pending on hostname (checked_at) where status = 0",

	/* What is served. name.value is the replica's record as last published. */
	"create table name (key bytea primary key, name text not null unique,"
	" zone bytea not null references zone (id), account bytea not null,"
	" source bigint not null, source_id bytea, origin bytea, value bytea not null,"
	" seq bigint not null)",
	"create index name_by_zone on name (zone, name)",
	"create table origin (id bytea primary key, value bytea not null, refs bigint not null)",
	"create table key_pair (id bytea primary key, kek bytea not null, wrapped bytea not null,"
	" created_at bigint not null)",
	"create index key_pair_by_kek on key_pair (kek, id)",
	"create table chain (id bytea primary key, value bytea not null, refs bigint not null)",
	"create table certificate (id bytea primary key, zone bytea not null,"
	" account bytea not null, cert_order bytea, chain bytea, key bytea not null"
	" references key_pair (id), key_type bigint not null, source bigint not null,"
	" issuer text not null, signature text not null, serial bytea not null,"
	" spki bytea not null, fingerprint bytea not null, names text not null,"
	" not_before bigint not null, not_after bigint not null, created_at bigint not null,"
	" renew_at bigint not null, sweep_at bigint not null, leaf bytea not null)",
	"create index certificate_by_zone on certificate (zone, created_at)",
	"create index certificate_by_renewal on certificate (renew_at) where renew_at > 0",
	"create index certificate_by_sweep on certificate (sweep_at)",
	"create index certificate_by_key on certificate (key)",
	"create table certificate_name (name text not null, certificate bytea not null"
	" references certificate (id), primary key (name, certificate))",
	"create index certificate_name_by_certificate on certificate_name (certificate)",
	"create table cert_order (id bytea primary key, name text not null, zone bytea not null,"
	" account bytea not null, state bigint not null, reason bigint not null,"
	" issuer text not null, key bytea, proof bytea, certificate bytea, attempts bigint not "
	"null,"
	" due_at bigint not null, error text, who text, seq bigint not null,"
	" created_at bigint not null, modified_at bigint not null)",
	"create index cert_order_by_name on cert_order (name, created_at)",
	"create index cert_order_by_zone on cert_order (zone, created_at)",
	"create index cert_order_due on cert_order (due_at) where due_at > 0",
	"create unique index cert_order_open on cert_order (name) where state < 4",

	/* Where, and what happened. */
	"create table machine (id bytea primary key, name text not null, drained bigint not null,"
	" epoch bytea, seq bigint not null, enrolled_at bigint not null, seen_at bigint not null)",
	"create table audit (id bytea primary key, at bigint not null, token bytea, account bytea,"
	" zone bytea, address text not null, action text not null, object_kind text not null,"
	" object bytea, object_name text, value_before text, value_after text)",
	"create index audit_by_account on audit (account, at)",
	"create index audit_by_at on audit (at)",
	"create table event (id bytea primary key, at bigint not null, zone bytea,"
	" kind text not null, name text, words text not null)",
	"create index event_by_zone on event (zone, at)",
	"create index event_by_at on event (at)",
	NULL,
};

const struct sql_migration schema_migrations[] = {
	{ 1, first },
};
const size_t schema_migration_count = sizeof(schema_migrations) / sizeof(schema_migrations[0]);

const struct sql_stmt *const *const schema_statements[] = {
	account_statements,
	audit_statements,
	census_statements,
	certificate_statements,
	change_statements,
	event_statements,
	hostname_statements,
	key_store_statements,
	kind_statements,
	machine_statements,
	name_statements,
	order_statements,
	origin_statements,
	owner_statements,
	record_statements,
	token_statements,
	zone_statements,
	zone_setting_statements,
	NULL,
};
