/* CPU of handshakes in memory, server side alone: a guard against accidents, not a comparison
 * with anybody (bench/ is). Prints microseconds, median of rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/tls/fixture.h"

#define ROUNDS 400

static struct fixture x;
static struct tls_serve serve;

static double micros(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool move(struct tls_conn *from, struct tls_conn *to)
{
	struct slice s = tls_conn_out(from);

	if (s.n == 0)
		return false;
	tls_conn_feed(to, s);
	tls_conn_sent(from, s.n);
	return true;
}

static double server_step(struct tls_conn *c)
{
	double begun = micros();

	if (tls_conn_step(c) == TLS_HELLO) {
		tls_conn_serve(c, &serve);
		(void)tls_conn_step(c);
	}
	return micros() - begun;
}

/* One handshake; *session is replaced by the one it gave. */
static double handshake(struct tls_session **session)
{
	struct tls_target to = { .name = "a.test", .session = *session };
	struct tls_conn *client = tls_client_conn(x.client, &to);
	double begun = micros(), spent;
	struct tls_conn *server = tls_server_conn(x.server);
	char byte;

	spent = micros() - begun;
	do {
		(void)tls_conn_step(client);
		(void)move(client, server);
		spent += server_step(server);
	} while (move(server, client));
	must(tls_conn_step(server) == TLS_OPEN && tls_conn_step(client) == TLS_OPEN);
	(void)tls_conn_read(client, &byte, 1);
	tls_session_free(*session);
	*session = tls_conn_session_take(client);
	tls_conn_free(client);
	begun = micros();
	tls_conn_free(server);
	return spent + micros() - begun;
}

static int by_value(const void *a, const void *b)
{
	double x1 = *(const double *)a, x2 = *(const double *)b;

	return (x1 > x2) - (x1 < x2);
}

static void report(const char *what, double *each)
{
	qsort(each, ROUNDS, sizeof(*each), by_value);
	printf("%-24s median %7.1f us   p10 %7.1f us\n", what, each[ROUNDS / 2], each[ROUNDS / 10]);
}

int main(void)
{
	static double full[ROUNDS], resumed[ROUNDS];
	struct tls_session *session = NULL, *none;

	fixture_init(&x);
	serve.identity = fixture_identity(&x, "a.test", 0, x.now + STAMP_DAY, false);
	for (int i = 0; i < ROUNDS; i++) {
		none = NULL;
		full[i] = handshake(&none);
		tls_session_free(none);
		if (session == NULL)
			(void)handshake(&session);
		resumed[i] = handshake(&session);
	}
	report("TLS 1.3 full", full);
	report("TLS 1.3 resumed", resumed);
	return 0;
}
