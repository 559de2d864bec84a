#include "proto/tls/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/tls/fixture.h"

static struct fixture x;

static int begin(void **state)
{
	(void)state;
	fixture_init(&x);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fixture_fini(&x);
	return 0;
}

static struct tls_identity *identity(const char *name)
{
	return fixture_identity(&x, name, x.now, x.now + STAMP_HOUR, false);
}

static void the_oldest_leaves_first(void **state)
{
	(void)state;
	struct tls_cache *cache = tls_cache_new(20000); /* two and a half */
	struct tls_identity *i[3] = { identity("a.test"), identity("b.test"), identity("c.test") };

	tls_cache_add_identity(cache, i[0]);
	tls_cache_add_identity(cache, i[1]);
	assert_ptr_equal(tls_cache_identity(cache, tls_identity_id(i[0])), i[0]);
	tls_cache_add_identity(cache, i[2]);
	assert_ptr_equal(tls_cache_identity(cache, tls_identity_id(i[0])), i[0]);
	assert_null(tls_cache_identity(cache, tls_identity_id(i[1])));
	assert_ptr_equal(tls_cache_identity(cache, tls_identity_id(i[2])), i[2]);
	assert_int_equal(tls_cache_figures(cache).evicted, 1);
	assert_int_equal(tls_cache_figures(cache).hits, 3);
	assert_int_equal(tls_cache_figures(cache).misses, 1);
	assert_int_equal(tls_cache_figures(cache).count, 2);
	for (int n = 0; n < 3; n++)
		tls_identity_unref(i[n]);
	tls_cache_free(cache);
}

static void adding_twice_holds_one(void **state)
{
	(void)state;
	struct tls_cache *cache = tls_cache_new(100000);
	struct tls_identity *i = identity("a.test");

	tls_cache_add_identity(cache, i);
	tls_cache_add_identity(cache, i);
	assert_int_equal(tls_cache_figures(cache).count, 1);
	tls_identity_unref(i);
	tls_cache_free(cache);
}

static void chains_are_found_by_their_id(void **state)
{
	(void)state;
	struct tls_cache *cache = tls_cache_new(100000);
	struct slice ders[1] = { buf_slice(&x.root) };
	struct id id = { { 7 } }, other = { { 8 } };
	struct tls_chain *chain;

	assert_int_equal(tls_chain_new(&id, ders, 1, &chain, NULL), 0);
	tls_cache_add_chain(cache, chain);
	tls_chain_unref(chain);
	assert_ptr_equal(tls_cache_chain(cache, &id), chain);
	assert_null(tls_cache_chain(cache, &other));
	assert_null(tls_cache_identity(cache, &id));
	tls_cache_free(cache);
}

static void a_key_of_another_certificate_is_refused(void **state)
{
	(void)state;
	struct tls_identity *i = NULL;
	struct buf wrapped = BUF_INIT;
	struct fail f = FAIL_INIT;
	struct key_public pub;
	struct key *key;

	assert_int_equal(key_make(x.ring, &pub, &wrapped, NULL), 0);
	assert_int_equal(key_open(x.ring, buf_slice(&wrapped), &key, NULL), KEY_DONE);
	assert_int_equal(tls_identity_new(&pub.id, buf_slice(&x.root), NULL, key, &i, &f), -1);
	assert_non_null(strstr(f.words, "do not belong together"));
	assert_int_equal(tls_identity_new(&pub.id, slice_lit("?"), NULL, key, &i, NULL), -1);
	assert_null(i);
	key_unref(key);
	buf_free(&wrapped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_leaves_first),
		cmocka_unit_test(adding_twice_holds_one),
		cmocka_unit_test(chains_are_found_by_their_id),
		cmocka_unit_test(a_key_of_another_certificate_is_refused),
	};

	return cmocka_run_group_tests_name("proto/tls_identity", tests, begin, end);
}
