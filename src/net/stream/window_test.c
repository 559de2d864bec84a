#include "net/stream/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void empty_holds_nothing(void **state)
{
	(void)state;
	struct window w = WINDOW_INIT;
	assert_int_equal(window_add(&w, slice_lit("abc")), 3);
	assert_non_null(w.p);
	window_take(&w, 3);
	assert_null(w.p);
	assert_int_equal(window_held(&w), 0);
}

static void bytes_keep_their_order(void **state)
{
	(void)state;
	struct window w = WINDOW_INIT;
	uint8_t in = 0;
	uint8_t out = 0;
	for (int round = 0; round < 5000; round++) {
		uint8_t some[97];
		for (size_t i = 0; i < sizeof(some); i++)
			some[i] = in++;
		assert_int_equal(window_add(&w, slice_of(some, sizeof(some))), sizeof(some));
		size_t take = round % 7 == 0 ? 60 : 97;
		struct slice got = window_bytes(&w);
		for (size_t i = 0; i < take; i++)
			assert_int_equal(got.p[i], out++);
		window_take(&w, take);
	}
	window_free(&w);
}

static void it_never_exceeds_its_size(void **state)
{
	(void)state;
	struct window w = WINDOW_INIT;
	uint8_t *much = calloc(1, WINDOW_MAX + 10);
	assert_int_equal(window_add(&w, slice_of(much, WINDOW_MAX + 10)), WINDOW_MAX);
	assert_int_equal(window_left(&w), 0);
	size_t room = 1;
	window_room(&w, &room);
	assert_int_equal(room, 0);
	window_take(&w, 1);
	assert_int_equal(window_left(&w), 1);
	assert_int_equal(window_add(&w, slice_lit("zz")), 1);
	assert_true(slice_ends(window_bytes(&w), slice_lit("z")));
	window_free(&w);
	free(much);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_holds_nothing),
		cmocka_unit_test(bytes_keep_their_order),
		cmocka_unit_test(it_never_exceeds_its_size),
	};

	return cmocka_run_group_tests_name("net/stream/window", tests, NULL, NULL);
}
