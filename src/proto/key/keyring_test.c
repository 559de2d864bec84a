#include "proto/key/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

static const stamp made = 1795298400000; /* 2026-11-21T22:00:00Z */

static struct keyring *ring_of(uint8_t first)
{
	uint8_t key[KEYRING_KEY] = { first };

	return keyring_new(key, made);
}

static void rotate(struct keyring *k, uint8_t first)
{
	uint8_t key[KEYRING_KEY] = { first };

	assert_int_equal(keyring_rotate(k, key, made + STAMP_DAY, NULL), 0);
}

static void text_and_back(void **state)
{
	(void)state;
	struct keyring *k = ring_of(1), *back;
	struct secret text = SECRET_INIT;
	struct id first = keyring_current(k), now;

	rotate(k, 2);
	now = keyring_current(k);
	assert_false(id_eq(&first, &now));
	keyring_text(k, &text);
	assert_true(slice_starts(secret_slice(&text), slice_lit("everseal-kek 1\n")));
	assert_int_equal(keyring_parse(secret_slice(&text), &back, NULL), 0);
	assert_int_equal(keyring_count(back), 2);
	assert_true(keyring_has(back, &first));
	now = keyring_current(back);
	assert_memory_equal(now.b, keyring_id(k, 0).b, ID_LEN);
	assert_int_equal(keyring_created(back, 1), made);
	secret_drop(&text);
	keyring_free(back);
	keyring_free(k);
}

static void the_current_key_may_stand_anywhere(void **state)
{
	(void)state;
	struct keyring *k = ring_of(1), *back;
	struct secret text = SECRET_INIT;
	struct buf b = BUF_INIT;
	struct slice rest, head, current, old;

	rotate(k, 2);
	keyring_text(k, &text);
	rest = secret_slice(&text);
	assert_true(slice_split(&rest, '\n', &head) && slice_split(&rest, '\n', &current) &&
		    slice_split(&rest, '\n', &old));
	buf_addf(&b, "# kept by the operator\n\n%.*s\r\n%.*s\n%.*s", SLICE_ARG(head),
		 SLICE_ARG(old), SLICE_ARG(current));
	assert_int_equal(keyring_parse(buf_slice(&b), &back, NULL), 0);
	assert_memory_equal(keyring_current(back).b, keyring_current(k).b, ID_LEN);
	buf_free(&b);
	secret_drop(&text);
	keyring_free(back);
	keyring_free(k);
}

static void refused(const char *text, const char *words)
{
	struct fail f = FAIL_INIT;
	struct keyring *k;

	assert_int_equal(keyring_parse(slice_str(text), &k, &f), -1);
	assert_int_equal(f.kind, FAIL_INPUT);
	if (strstr(f.words, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", f.words, words);
}

#define KEY "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define AT  "2026-11-21T22:00:00Z"

static void faults_name_their_line(void **state)
{
	(void)state;
	struct keyring *k = ring_of(1);
	char id[ID_HEX + 1], line[256], text[600];
	struct id real = keyring_current(k);

	id_hex(&real, id);
	keyring_free(k);
	refused("", "no current key");
	refused("everseal-kek 2\n", "line 1: a keyring begins with");
	refused("everseal-kek 1\n", "no current key");
	refused("everseal-kek 1\nx y\n", "line 2: wants four fields");
	refused("everseal-kek 1\nx " KEY " " AT " current\n", "line 2: the id");
	refused("everseal-kek 1\n00000000000000000000000000000000 AAAA " AT " current\n",
		"line 2: the key is not base64");
	refused("everseal-kek 1\n00000000000000000000000000000000 " KEY " " AT " current\n",
		"line 2: the key does not belong to its id");
	(void)snprintf(line, sizeof(line), "everseal-kek 1\n\n%s " KEY " today current\n", id);
	refused(line, "line 3: the time");
	(void)snprintf(line, sizeof(line),
		       "everseal-kek 1\n%s " KEY " 0741-11-21T22:00:00Z current\n", id);
	refused(line, "line 2: the time");
	(void)snprintf(line, sizeof(line), "everseal-kek 1\n%s " KEY " " AT " fresh\n", id);
	refused(line, "neither \"current\" nor \"old\"");
	(void)snprintf(line, sizeof(line), "everseal-kek 1\n%s " KEY " " AT " old\n", id);
	refused(line, "no current key");
	(void)snprintf(line, sizeof(line), "%s " KEY " " AT " current", id);
	(void)snprintf(text, sizeof(text), "everseal-kek 1\n%s\n%s\n", line, line);
	refused(text, "line 3: this key stands in it twice");
	(void)snprintf(text, sizeof(text), "everseal-kek 1\n%s extra\n", line);
	refused(text, "line 2: more than four fields");
}

static void forgetting_leaves_the_others(void **state)
{
	(void)state;
	struct keyring *k = ring_of(1);
	struct id first = keyring_current(k), second, third;
	struct fail f = FAIL_INIT;

	rotate(k, 2);
	second = keyring_current(k);
	rotate(k, 3);
	third = keyring_current(k);
	assert_int_equal(keyring_forget(k, &third, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFLICT);
	assert_int_equal(keyring_forget(k, &second, NULL), 0);
	assert_int_equal(keyring_forget(k, &second, NULL), -1);
	assert_int_equal(keyring_count(k), 2);
	assert_true(keyring_has(k, &first));
	assert_memory_equal(keyring_current(k).b, third.b, ID_LEN);
	keyring_free(k);
}

static void a_full_ring_says_so(void **state)
{
	(void)state;
	struct keyring *k = ring_of(0);
	uint8_t key[KEYRING_KEY] = { 200 };
	struct fail f = FAIL_INIT;

	for (uint8_t i = 1; i < KEYRING_KEYS_MAX; i++)
		rotate(k, i);
	assert_int_equal(keyring_rotate(k, key, made, &f), -1);
	assert_int_equal(f.kind, FAIL_LIMIT);
	keyring_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_back),
		cmocka_unit_test(the_current_key_may_stand_anywhere),
		cmocka_unit_test(faults_name_their_line),
		cmocka_unit_test(forgetting_leaves_the_others),
		cmocka_unit_test(a_full_ring_says_so),
	};

	return cmocka_run_group_tests_name("proto/keyring", tests, NULL, NULL);
}
