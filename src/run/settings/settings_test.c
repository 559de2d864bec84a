#include "run/settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/settings/item.h"

static void refused(const char *text, const char *words)
{
	struct settings s;
	struct fail f = FAIL_INIT;

	assert_int_equal(settings_parse(&s, slice_str(text), "x.conf", &f), -1);
	assert_string_equal(f.words, words);
}

static void test_every_default_is_legal(void **state)
{
	(void)state;
	for (size_t i = 0; i < setting_row_count; i++) {
		const struct setting_row *row = &setting_rows[i];
		struct fail f = FAIL_INIT;

		if (row->name == NULL)
			continue;
		if (setting_check(row, slice_str(row->fallback), &f) < 0)
			fail_msg("%s", f.words);
		assert_true(slice_ends(slice_str(row->words), slice_lit(".")));
		assert_ptr_equal(setting_find(slice_str(row->name)), row); /* no name twice */
	}
}

static void test_values_of_each_type(void **state)
{
	struct settings s;
	struct fail f = FAIL_INIT;
	const char *text = "# a comment\r\n"
			   "\n"
			   "  data.folder =  /srv/a b  \n"
			   "edge.workers=3\n"
			   "shutdown.timeout = 2m\n"
			   "log.level = warning\n"
			   "api.listen = 127.0.0.1:1 ,, [::1]:2\n";

	(void)state;
	assert_int_equal(settings_parse(&s, slice_str(text), "x.conf", &f), 0);
	assert_string_equal(s.data_folder, "/srv/a b");
	assert_int_equal(s.edge_workers, 3);
	assert_int_equal(s.shutdown_timeout, 120000);
	assert_int_equal(s.log_level, 2);
	assert_int_equal(s.api_listen.count, 2);
	assert_string_equal(s.api_listen.items[0], "127.0.0.1:1");
	assert_string_equal(s.api_listen.items[1], "[::1]:2");
	settings_fini(&s);
}

static void test_failures_name_line_setting_and_remedy(void **state)
{
	(void)state;
	refused("\nedge.worker = 1\n",
		"x.conf:2: no setting is called 'edge.worker': did you mean edge.workers?");
	refused("zzzzzzzzzz = 1\n", "x.conf:1: no setting is called 'zzzzzzzzzz': see `everseal "
				    "config example` for all of them");
	refused("edge.workers = 65\n",
		"x.conf:1: edge.workers: 65 is out of bounds: choose 0 to 64 processes");
	refused("edge.workers = -1\n", "x.conf:1: edge.workers: '-1' is not a whole number");
	refused("shutdown.timeout = 10\n",
		"x.conf:1: shutdown.timeout: '10' is not a time span such as 250ms, 10s, 15m, 24h "
		"or 30d");
	refused("log.level = loud\n", "x.conf:1: log.level: 'loud' is not allowed: choose one of "
				      "debug|info|warning|error");
	refused("log.level\n", "x.conf:1: 'log.level' is no setting: write name = value, or # "
			       "before a comment");
	refused("edge.workers = 1\nlog.level = info\nedge.workers = 2\n",
		"x.conf:3: edge.workers is set in line 1 already: keep one of them");
	refused("edge.http.listen = [::1]:80, 127.0.0.1\n",
		"x.conf:1: edge.http.listen: '127.0.0.1' is no address with port: write "
		"127.0.0.1:8080 or [::1]:8080");
	refused("origin.allow = 10.0.0.0/33\n", "x.conf:1: origin.allow: '10.0.0.0/33' is no net: "
						"write 10.0.0.0/8, fc00::/7 or an address");
	refused("data.folder = a\tb\n",
		"x.conf:1: data.folder: the value holds a control character");
}

static void test_items(void **state)
{
	static const char *const places[] = { "1.2.3.4:1", "[::]:65535", "[2001:db8::1]:80" };
	static const char *const no_places[] = { "",          ":80",           "1.2.3.4",
						 "1.2.3.4:0", "1.2.3:80",      "::1:80",
						 "[::1]",     "[]:80",         "[1.2.3.4]:80",
						 "host:80",   "1.2.3.4:65536", "[::1:80" };
	static const char *const nets[] = { "10.0.0.0/8", "::/0", "192.0.2.1", "fc00::/7" };
	static const char *const no_nets[] = {
		"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "x"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_true(item_is_place(slice_str(places[i])));
	for (size_t i = 0; i < sizeof(no_places) / sizeof(no_places[0]); i++)
		assert_false(item_is_place(slice_str(no_places[i])));
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		assert_true(item_is_net(slice_str(nets[i])));
	for (size_t i = 0; i < sizeof(no_nets) / sizeof(no_nets[0]); i++)
		assert_false(item_is_net(slice_str(no_nets[i])));
}

static void test_later_sources_win(void **state)
{
	char path[] = "/tmp/settings_test.XXXXXX";
	int fd = mkstemp(path);
	static const char *const env[] = { "EVERSEAL_EDGE_WORKERS=3", "EVERSEAL_LOG_LEVEL=error",
					   "EVERSEAL_TOKEN=not a setting", NULL };
	static const char *const flags[] = { "--edge.workers=4", NULL };
	struct settings_source from = { path, env, flags };
	struct settings s;
	struct fail f = FAIL_INIT;

	(void)state;
	assert_int_equal(write(fd, "edge.workers = 2\nlog.level = debug\nkek.file = /k\n", 49), 49);
	close(fd);
	assert_int_equal(settings_load(&s, &from, &f), 0);
	assert_int_equal(s.edge_workers, 4);
	assert_int_equal(s.log_level, 3);
	assert_string_equal(s.kek_file, "/k");
	settings_fini(&s);
	unlink(path);
}

static void source_refused(const struct settings_source *from, const char *words)
{
	struct settings s;
	struct fail f = FAIL_INIT;

	assert_int_equal(settings_load(&s, from, &f), -1);
	if (strstr(f.words, words) == NULL)
		fail_msg("%s", f.words);
}

static void test_failures_name_the_source(void **state)
{
	static const char *const env[] = { "EVERSEAL_EDGE_WORKERS=x", NULL };
	static const char *const flag[] = { "--edge.workers=x", NULL };
	static const char *const unknown[] = { "--edge.wokers=1", NULL };
	static const char *const word[] = { "now", NULL };

	(void)state;
	source_refused(&(struct settings_source){ "/nonexistent/x", NULL, NULL },
		       "settings file: /nonexistent/x cannot be opened");
	source_refused(&(struct settings_source){ NULL, env, NULL },
		       "environment variable EVERSEAL_EDGE_WORKERS: edge.workers: 'x'");
	source_refused(&(struct settings_source){ NULL, NULL, flag },
		       "command line: edge.workers: 'x'");
	source_refused(&(struct settings_source){ NULL, NULL, unknown },
		       "did you mean edge.workers");
	source_refused(&(struct settings_source){ NULL, NULL, word }, "'now' is not understood");
}

static void test_rendered_settings_read_back_the_same(void **state)
{
	struct settings s, again;
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct fail f = FAIL_INIT;

	(void)state;
	assert_int_equal(settings_parse(&s, slice_lit("edge.workers = 7\nzones.own_names = a, b\n"),
					"x", &f),
			 0);
	settings_render(&s, &first);
	assert_int_equal(settings_parse(&again, buf_slice(&first), "y", &f), 0);
	settings_render(&again, &second);
	assert_string_equal(buf_str(&first), buf_str(&second));
	assert_non_null(strstr(buf_str(&first), "edge.workers = 7\n"));
	buf_free(&first);
	buf_free(&second);
	settings_fini(&s);
	settings_fini(&again);
}

/* With the # before names taken away the example sets every default, legally. */
static void test_example_is_a_legal_file(void **state)
{
	struct buf text = BUF_INIT, bare = BUF_INIT;
	struct slice rest, line;
	struct settings s;
	struct fail f = FAIL_INIT;

	(void)state;
	settings_example(&text);
	rest = buf_slice(&text);
	while (slice_split(&rest, '\n', &line)) {
		bool row = line.n > 1 && line.p[0] == '#' && line.p[1] != ' ' && line.p[1] != '#';

		buf_add(&bare, slice_from(line, row ? 1 : 0));
		buf_add_byte(&bare, '\n');
	}
	if (settings_parse(&s, buf_slice(&bare), "example", &f) < 0)
		fail_msg("%s", f.words);
	settings_fini(&s);
	buf_free(&text);
	buf_free(&bare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_default_is_legal),
		cmocka_unit_test(test_values_of_each_type),
		cmocka_unit_test(test_failures_name_line_setting_and_remedy),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_later_sources_win),
		cmocka_unit_test(test_failures_name_the_source),
		cmocka_unit_test(test_rendered_settings_read_back_the_same),
		cmocka_unit_test(test_example_is_a_legal_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
