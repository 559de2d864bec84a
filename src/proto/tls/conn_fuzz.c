/* Both engines fed what a hostile peer sends, in pieces. The first byte chooses the end and the
 * size of the pieces. */
#include <stdlib.h>

#include "proto/tls/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct fixture x;
static struct tls_serve serve;

static void fini(void)
{
	fixture_fini(&x);
}

static void init(void)
{
	if (x.server != NULL)
		return;
	fixture_init(&x);
	serve.identity = fixture_identity(&x, "a.test", 0, x.now + STAMP_DAY, false);
	must(atexit(fini) == 0);
}

static void step(struct tls_conn *c)
{
	struct tls_facts facts;
	uint8_t text[512];

	if (tls_conn_step(c) == TLS_HELLO)
		tls_conn_serve(c, &serve);
	(void)tls_conn_step(c);
	(void)tls_conn_read(c, text, sizeof(text));
	tls_conn_facts(c, &facts);
	must(tls_conn_out(c).n < 65536);
	tls_conn_sent(c, tls_conn_out(c).n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct tls_target to = { .name = "a.test", .verify = TLS_VERIFY_STRICT };
	size_t piece = n == 0 ? 1 : (size_t)(p[0] >> 1) + 1, room;
	struct tls_conn *c;

	init();
	c = n > 0 && p[0] % 2 == 1 ? tls_client_conn(x.client, &to) : tls_server_conn(x.server);
	for (size_t at = 1; at < n; at += piece) {
		(void)tls_conn_in(c, &room);
		if (room >= piece)
			tls_conn_feed(c, slice_sub(slice_of(p, n), at, piece));
		step(c);
	}
	tls_conn_eof(c);
	step(c);
	tls_conn_free(c);
	return 0;
}
