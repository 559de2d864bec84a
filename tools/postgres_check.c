/* Is the SQL good on PostgreSQL too? Runs every migration of the truth and of the ca there, and has the
 * server prepare every statement: it then parses it and finds tables, columns and types.
 *
 *	everseal-postgres-check "host=/tmp/x user=postgres"
 *
 * Leaves two schemas behind, so the database should be one made for this (tests/postgres_test.py). */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/schema.h"
#include "role/ca/store.h"

static const struct sql_stmt *const *const ca_lists[] = { ca_statements, NULL };

static PGconn *connection;
static int refused;

static void judge(PGresult *answer, const char *what, const char *text)
{
	ExecStatusType status = PQresultStatus(answer);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		printf("%s: %s\n  %s\n", what, text, PQresultErrorMessage(answer));
		refused++;
	}
	PQclear(answer);
}

static void run(const char *what, const char *text)
{
	judge(PQexec(connection, text), what, text);
}

static size_t migrate(const struct sql_migration *list, size_t count)
{
	size_t ran = 0;

	for (size_t i = 0; i < count; i++) {
		run("begin", "begin");
		for (const char *const *text = list[i].statements; *text != NULL; text++, ran++)
			run("migration", *text);
		run("commit", "commit");
	}
	return ran;
}

static size_t prepare(const struct sql_stmt *const *const *lists)
{
	size_t prepared = 0;

	for (; *lists != NULL; lists++) {
		for (const struct sql_stmt *const *s = *lists; *s != NULL; s++, prepared++)
			judge(PQprepare(connection, "", (*s)->text, 0, NULL), "statement",
			      (*s)->text);
	}
	return prepared;
}

static void check(const char *schema, const struct sql_migration *migrations, size_t count,
		  const struct sql_stmt *const *const *statements)
{
	char text[128];

	snprintf(text, sizeof(text), "create schema %s", schema);
	run("schema", text);
	snprintf(text, sizeof(text), "set search_path to %s", schema);
	run("schema", text);
	size_t ran = migrate(migrations, count);
	printf("%s: %zu migration statements ran, %zu statements prepared\n", schema, ran,
	       prepare(statements));
}

int main(int argc, char **argv)
{
	connection = PQconnectdb(argc > 1 ? argv[1] : "");
	if (PQstatus(connection) != CONNECTION_OK) {
		fprintf(stderr, "%s", PQerrorMessage(connection));
		return 2;
	}
	check("truth", schema_migrations, schema_migration_count, schema_statements);
	check("ca", ca_migrations, ca_migration_count, ca_lists);
	PQfinish(connection);
	printf("%d refused\n", refused);
	return refused == 0 ? 0 : 1;
}
