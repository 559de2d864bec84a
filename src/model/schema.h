/* model/schema.h: the visible lists: every migration of the truth and every statement that runs on
 * it (the check on PostgreSQL prepares them all). */
#pragma once

#include "run/sql/sql.h"

extern const struct sql_migration schema_migrations[];
extern const size_t schema_migration_count;

/* Ended by NULL. */
extern const struct sql_stmt *const *const schema_statements[];
