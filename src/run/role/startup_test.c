#include "run/role/startup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_what_is_written_is_read(void **state)
{
	struct settings s, read;
	struct startup out = { .slot = 2, .metrics_slot = 9, .lock = 4 }, in;
	struct buf text = BUF_INIT;
	struct fail f = FAIL_INIT;

	(void)state;
	assert_int_equal(settings_parse(&s, slice_lit("edge.workers = 3\n"), "x", &f), 0);
	out.user = (struct sandbox_user){ true, 61441, 61442, 61443 };
	startup_fd_add(&out, "edge.http.listen", 7);
	startup_fd_add(&out, "edge.http.listen", 8);
	startup_fd_add(&out, "steer", 4);
	startup_write(&out, &s, &text);
	assert_int_equal(startup_parse(buf_slice(&text), &in, &read, &f), 0);
	assert_int_equal(in.slot, 2);
	assert_int_equal(in.metrics_slot, 9);
	assert_int_equal(in.lock, 4);
	assert_true(in.user.change);
	assert_int_equal(in.user.extra, 61443);
	assert_int_equal(startup_fd_find(&in, "edge.http.listen", 1), 8);
	assert_int_equal(startup_fd_find(&in, "edge.http.listen", 2), -1);
	assert_int_equal(startup_fd_find(&in, "steer", 0), 4);
	assert_int_equal(read.edge_workers, 3);
	settings_fini(&s);
	settings_fini(&read);
	buf_free(&text);
}

static void test_what_is_not_understood_is_refused(void **state)
{
	static const char *const texts[] = { "slots 1\n",
					     "slot\n",
					     "slot x\n",
					     "fd a\n",
					     "fd a b\n",
					     "user 1 2\n",
					     "slot 0\nsettings\nnonsense\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct settings s;
		struct startup in;
		struct fail f = FAIL_INIT;

		assert_int_equal(startup_parse(slice_str(texts[i]), &in, &s, &f), -1);
		assert_int_not_equal(f.words[0], '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_what_is_not_understood_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
