#include "proto/key/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct keyring *ring_of(uint8_t first)
{
	uint8_t key[KEYRING_KEY] = { first };

	return keyring_new(key, 0);
}

static void a_made_key_opens_and_signs(void **state)
{
	(void)state;
	struct keyring *ring = ring_of(1);
	struct buf wrapped = BUF_INIT, signature = BUF_INIT;
	struct key_public pub;
	struct key *k;

	assert_int_equal(key_make(ring, &pub, &wrapped, NULL), 0);
	assert_int_equal(wrapped.n, 143);
	assert_int_equal(key_open(ring, buf_slice(&wrapped), &k, NULL), KEY_DONE);
	assert_memory_equal(key_public_of(k)->spki, pub.spki, KEY_SPKI);
	assert_memory_equal(pub.id.b, pub.spki_hash, ID_LEN);
	assert_int_equal(key_sign(k, slice_lit("message"), &signature, NULL), KEY_DONE);
	assert_true(key_verify(&pub, slice_lit("message"), buf_slice(&signature)));
	assert_false(key_verify(&pub, slice_lit("messagf"), buf_slice(&signature)));
	signature.p[signature.n - 1] ^= 1;
	assert_false(key_verify(&pub, slice_lit("message"), buf_slice(&signature)));
	key_unref(key_ref(k));
	key_unref(k);
	buf_free(&wrapped);
	buf_free(&signature);
	keyring_free(ring);
}

static void damage_anywhere_is_seen(void **state)
{
	(void)state;
	struct keyring *ring = ring_of(1);
	struct buf wrapped = BUF_INIT;
	struct key_public pub;
	struct key *k;

	assert_int_equal(key_make(ring, &pub, &wrapped, NULL), 0);
	for (size_t i = 0; i < wrapped.n; i++) {
		wrapped.p[i] ^= 1;
		assert_int_equal(key_open(ring, buf_slice(&wrapped), &k, NULL), -1);
		wrapped.p[i] ^= 1;
	}
	for (size_t n = 0; n < wrapped.n; n++)
		assert_int_equal(key_open(ring, slice_of(wrapped.p, n), &k, NULL), -1);
	buf_free(&wrapped);
	keyring_free(ring);
}

/* The point is not encrypted: one of another key must not be accepted in its place. */
static void a_wrapped_key_does_not_open_under_another_public_key(void **state)
{
	(void)state;
	struct keyring *ring = ring_of(1);
	struct buf one = BUF_INIT, two = BUF_INIT;
	struct key_public pub;
	struct fail f = FAIL_INIT;
	struct key *k;

	assert_int_equal(key_make(ring, &pub, &one, NULL), 0);
	assert_int_equal(key_make(ring, &pub, &two, NULL), 0);
	memcpy(one.p + one.n - KEY_POINT, two.p + two.n - KEY_POINT, KEY_POINT);
	assert_int_equal(key_open(ring, buf_slice(&one), &k, &f), -1);
	assert_int_equal(f.kind, FAIL_SYSTEM);
	buf_free(&one);
	buf_free(&two);
	keyring_free(ring);
}

static void rewrapping_moves_to_the_current_key(void **state)
{
	(void)state;
	struct keyring *ring = ring_of(1), *fresh = ring_of(2);
	struct buf old = BUF_INIT, now = BUF_INIT;
	struct key_public pub, same;
	uint8_t second[KEYRING_KEY] = { 2 };
	struct fail f = FAIL_INIT;
	struct id kek, first = keyring_current(ring);
	struct key *k;

	assert_int_equal(key_make(ring, &pub, &old, NULL), 0);
	assert_int_equal(keyring_rotate(ring, second, 0, NULL), 0);
	assert_int_equal(key_open(fresh, buf_slice(&old), &k, &f), -1);
	assert_int_equal(f.kind, FAIL_UNAVAILABLE);
	assert_int_equal(key_rewrap(ring, buf_slice(&old), &now, NULL), 0);
	assert_true(key_wrapped_read(buf_slice(&old), &same, &kek));
	assert_memory_equal(kek.b, first.b, ID_LEN);
	assert_true(key_wrapped_read(buf_slice(&now), &same, &kek));
	assert_memory_equal(kek.b, keyring_current(ring).b, ID_LEN);
	assert_memory_equal(same.spki, pub.spki, KEY_SPKI);
	assert_int_equal(key_open(fresh, buf_slice(&now), &k, NULL), KEY_DONE);
	key_unref(k);
	buf_free(&old);
	buf_free(&now);
	keyring_free(ring);
	keyring_free(fresh);
}

static void only_p256_is_read(void **state)
{
	(void)state;
	struct keyring *ring = ring_of(1);
	struct buf wrapped = BUF_INIT;
	struct key_public pub, back;

	assert_int_equal(key_make(ring, &pub, &wrapped, NULL), 0);
	assert_true(key_public_read(slice_of(pub.spki, KEY_SPKI), &back));
	assert_memory_equal(back.id.b, pub.id.b, ID_LEN);
	assert_false(key_public_read(slice_of(pub.spki, KEY_SPKI - 1), &back));
	pub.spki[10] ^= 1;
	assert_false(key_public_read(slice_of(pub.spki, KEY_SPKI), &back));
	pub.spki[10] ^= 1;
	pub.spki[KEY_SPKI - 1] ^= 1; /* no longer on the curve */
	assert_true(key_public_read(slice_of(pub.spki, KEY_SPKI), &back));
	assert_false(key_verify(&back, slice_lit("m"), slice_lit("s")));
	buf_free(&wrapped);
	keyring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_made_key_opens_and_signs),
		cmocka_unit_test(damage_anywhere_is_seen),
		cmocka_unit_test(a_wrapped_key_does_not_open_under_another_public_key),
		cmocka_unit_test(rewrapping_moves_to_the_current_key),
		cmocka_unit_test(only_p256_is_read),
	};

	return cmocka_run_group_tests_name("proto/key", tests, NULL, NULL);
}
