#include <openssl/evp.h>

#include "base/cursor.h"
#include "run/replica/replica.h"

static void add_vec(EVP_MD_CTX *sum, struct slice s)
{
	uint8_t head[4] = { (uint8_t)(s.n >> 24), (uint8_t)(s.n >> 16), (uint8_t)(s.n >> 8),
			    (uint8_t)s.n };

	must(EVP_DigestUpdate(sum, head, sizeof(head)) == 1);
	must(EVP_DigestUpdate(sum, s.p, s.n) == 1);
}

static bool add_record(void *owner, struct slice key, struct slice value)
{
	add_vec(owner, key);
	add_vec(owner, value);
	return true;
}

static void add_state(EVP_MD_CTX *sum, struct replica *r)
{
	struct replica_state state;
	struct buf b = BUF_INIT;

	replica_state(r, &state);
	write_u32(&b, REPLICA_LAYOUT);
	write_bytes(&b, state.epoch.b, ID_LEN);
	write_u64(&b, state.seq);
	for (int i = 0; i < REPLICA_SHARDS; i++)
		write_u64(&b, state.heads[i]);
	add_vec(sum, buf_slice(&b));
	buf_free(&b);
}

void replica_digest(struct replica *r, uint8_t out[32])
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();

	must(sum != NULL && EVP_DigestInit_ex(sum, EVP_sha256(), NULL) == 1);
	replica_begin(r);
	add_state(sum, r);
	for (int t = REPLICA_NAME; t < REPLICA_TABLES; t++) {
		add_vec(sum, slice_str(replica_table_name((enum replica_table)t)));
		replica_walk(r, (enum replica_table)t, SLICE_NONE, add_record, sum);
	}
	replica_end(r);
	must(EVP_DigestFinal_ex(sum, out, NULL) == 1);
	EVP_MD_CTX_free(sum);
}
