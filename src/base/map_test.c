#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT 2000

struct thing {
	char name[16];
	bool there;
};

static struct thing things[COUNT];

static struct slice name_of(size_t i)
{
	(void)snprintf(things[i].name, sizeof(things[i].name), "thing-%zu", i);
	return slice_str(things[i].name);
}

static void check_all(const struct map *m)
{
	size_t count = 0;
	size_t walked = 0;

	for (size_t i = 0; i < COUNT; i++) {
		assert_ptr_equal(map_get(m, name_of(i)), things[i].there ? &things[i] : NULL);
		count += things[i].there;
	}
	map_for_each (slot, m)
		walked += ((struct thing *)slot->value)->there;
	assert_int_equal(m->count, count);
	assert_int_equal(walked, count);
}

static void an_empty_map_has_nothing(void **state)
{
	struct map m = MAP_INIT;

	(void)state;
	assert_null(map_get(&m, slice_lit("x")));
	assert_null(map_remove(&m, slice_lit("x")));
	map_for_each (slot, &m)
		fail_msg("a slot");
	map_free(&m);
}

static void values_are_put_and_replaced(void **state)
{
	struct map m = MAP_INIT;
	int one;
	int two;

	(void)state;
	assert_null(map_put(&m, slice_lit("a"), &one));
	assert_null(map_put(&m, SLICE_NONE, &two));
	assert_ptr_equal(map_get(&m, SLICE_NONE), &two);
	assert_ptr_equal(map_put(&m, slice_lit("a"), &two), &one);
	assert_ptr_equal(map_get(&m, slice_lit("a")), &two);
	assert_int_equal(m.count, 2);
	assert_ptr_equal(map_remove(&m, slice_lit("a")), &two);
	assert_null(map_remove(&m, slice_lit("a")));
	assert_int_equal(m.count, 1);
	map_free(&m);
	assert_int_equal(m.count, 0);
}

/* A fixed sequence of puts and removes against an array that knows the truth. */
static void churn_loses_nothing(void **state)
{
	struct map m = MAP_INIT;
	uint32_t random = 1;

	(void)state;
	for (int step = 0; step < 40000; step++) {
		random = random * 1664525 + 1013904223;
		struct thing *t = &things[(random >> 8) % COUNT];
		struct slice name = name_of((size_t)(t - things));

		if ((random >> 28) < 8)
			assert_ptr_equal(map_put(&m, name, t), t->there ? t : NULL);
		else
			assert_ptr_equal(map_remove(&m, name), t->there ? t : NULL);
		t->there = (random >> 28) < 8;
		if (step % 5000 == 0)
			check_all(&m);
	}
	check_all(&m);
	for (size_t i = 0; i < COUNT; i++) {
		(void)map_remove(&m, name_of(i));
		things[i].there = false;
	}
	check_all(&m);
	map_free(&m);
}

/* SipHash-1-3 of 0, 1, 2, ... under the key 0, 1, ..., 15. */
static void the_hash_is_siphash(void **state)
{
	static const uint64_t expected[] = { 0xabac0158050fc4dc, 0xc9f49bf37d57ca93,
					     0x82cb9b024dc7d44d, 0x8bf80ab8e7ddf7fb };
	uint8_t key[16];
	uint8_t zero[16] = { 0 };
	uint8_t text[] = { 0, 1, 2 };

	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		key[i] = i;
	map_seed(key);
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(map_hash(slice_of(text, n)), expected[n]);
	map_seed(zero);
	assert_int_not_equal(map_hash(SLICE_NONE), expected[0]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_has_nothing),
		cmocka_unit_test(values_are_put_and_replaced),
		cmocka_unit_test(churn_loses_nothing),
		cmocka_unit_test(the_hash_is_siphash),
	};

	return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
