#include "proto/tls/fixture.h"

#include <time.h>

#include "proto/crypto/crypto.h"

static struct key *key_fresh(struct fixture *x, struct key_public *pub)
{
	struct buf wrapped = BUF_INIT;
	struct key *k;

	must(key_make(x->ring, pub, &wrapped, NULL) == 0);
	must(key_open(x->ring, buf_slice(&wrapped), &k, NULL) == KEY_DONE);
	buf_free(&wrapped);
	return k;
}

static void root_make(struct fixture *x)
{
	struct key_public pub;
	struct x509_plan plan = { .kind = X509_ROOT,
				  .serial = slice_lit("0123456789abcdef"),
				  .common_name = slice_lit("Fixture Root"),
				  .not_before = x->now - STAMP_DAY,
				  .not_after = x->now + STAMP_DAY,
				  .subject = &pub };

	x->root_key = key_fresh(x, &pub);
	must(x509_make(&plan, SLICE_NONE, x->root_key, &x->root, NULL) == 0);
	x509_pem_write(buf_slice(&x->root), &x->root_pem);
}

void fixture_init(struct fixture *x)
{
	uint8_t kek[KEYRING_KEY] = { 1 };

	*x = (struct fixture){ .now = (stamp)time(NULL) * STAMP_SECOND };
	x->ring = keyring_new(kek, 0);
	root_make(x);
	(void)ticket_page_turn(&x->tickets, x->now, crypto_random);
	must(tls_server_new(&x->tickets, &x->server, NULL) == 0);
	tls_server_now(x->server, x->now);
	must(tls_client_new(SLICE_NONE, buf_slice(&x->root_pem), &x->client, NULL) == 0);
}

void fixture_fini(struct fixture *x)
{
	tls_client_free(x->client);
	tls_server_free(x->server);
	key_unref(x->root_key);
	keyring_free(x->ring);
	buf_free(&x->root);
	buf_free(&x->root_pem);
}

struct tls_identity *fixture_identity(struct fixture *x, const char *name, stamp not_before,
				      stamp not_after, bool self)
{
	struct slice names[1] = { slice_str(name) };
	struct buf der = BUF_INIT;
	struct key_public pub;
	struct key *key = key_fresh(x, &pub);
	struct tls_identity *identity;
	struct x509_plan plan = { .kind = self ? X509_ROOT : X509_LEAF,
				  .serial = slice_lit("fedcba9876543210"),
				  .common_name = self ? slice_str(name) : SLICE_NONE,
				  .names = names,
				  .name_count = 1,
				  .not_before = not_before,
				  .not_after = not_after,
				  .subject = &pub };

	must(x509_make(&plan, self ? SLICE_NONE : buf_slice(&x->root), self ? key : x->root_key,
		       &der, NULL) == 0);
	must(tls_identity_new(&pub.id, buf_slice(&der), NULL, key, &identity, NULL) == 0);
	key_unref(key);
	buf_free(&der);
	return identity;
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

void fixture_pump(struct tls_conn *client, struct tls_conn *server, const struct tls_serve *serve)
{
	bool moved = true;

	while (moved) {
		(void)tls_conn_step(client);
		moved = move(client, server);
		if (tls_conn_step(server) == TLS_HELLO) {
			if (serve != NULL)
				tls_conn_serve(server, serve);
			else
				tls_conn_refuse(server, TLS_ALERT_UNRECOGNIZED_NAME,
						"unrecognized_name");
			(void)tls_conn_step(server);
		}
		moved = move(server, client) || moved;
	}
}
