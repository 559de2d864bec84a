#include "role/edge/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void nothing_from_outside_is_markup(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	struct page p = { 404, SIDE_CLIENT, "no <such> host", slice_lit("<script>\"&'"), "f00d" };
	page_write(&p, &b);
	const char *text = buf_str(&b);
	assert_non_null(strstr(text, "404 Not Found"));
	assert_non_null(strstr(text, "no &lt;such&gt; host."));
	assert_non_null(strstr(text, "&lt;script&gt;&quot;&amp;&#39;"));
	assert_non_null(strstr(text, "side of the request"));
	assert_non_null(strstr(text, "f00d"));
	assert_null(strstr(text, "<script>"));
	buf_free(&b);
}

static void each_side_has_its_words(void **state)
{
	(void)state;
	const char *words[] = { "Nobody", "the request", "the edge", "the origin server" };
	for (int side = SIDE_NONE; side <= SIDE_ORIGIN; side++) {
		struct buf b = BUF_INIT;
		struct page p = { 502, (enum side)side, "x", SLICE_NONE, "1" };
		page_write(&p, &b);
		assert_non_null(strstr(buf_str(&b), words[side]));
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_from_outside_is_markup),
		cmocka_unit_test(each_side_has_its_words),
	};

	return cmocka_run_group_tests_name("edge/page", tests, NULL, NULL);
}
