#include "proto/tls/ticket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint8_t next;

static void counting(void *p, size_t n)
{
	memset(p, ++next, n);
}

static int fresh(void **state)
{
	static struct ticket_page page;

	memset(&page, 0, sizeof(page));
	next = 0;
	*state = &page;
	return 0;
}

static stamp hour(uint64_t n)
{
	return (stamp)n * STAMP_HOUR;
}

static bool has(const struct ticket_page *page, uint64_t n)
{
	uint8_t key[TICKET_KEY];

	return ticket_page_get(page, n, key);
}

static void this_hour_and_the_next_get_keys(void **state)
{
	struct ticket_page *page = *state;
	uint8_t key[TICKET_KEY];

	assert_int_equal(ticket_page_turn(page, hour(500000), counting), 2);
	assert_int_equal(ticket_page_turn(page, hour(500000) + 1, counting), 0);
	assert_int_equal(ticket_page_turn(page, hour(500001), counting), 1);
	assert_true(ticket_page_get(page, 500000, key));
	assert_int_equal(key[0], 1);
	assert_true(ticket_page_get(page, 500002, key));
	assert_int_equal(key[31], 3);
	assert_false(has(page, 499999));
	assert_false(has(page, 500003));
	assert_false(has(page, 500000 + TICKET_SLOTS));
}

static void keys_live_eighteen_hours(void **state)
{
	struct ticket_page *page = *state;

	for (uint64_t h = 500000; h <= 500018; h++)
		(void)ticket_page_turn(page, hour(h), counting);
	for (uint64_t h = 500000; h <= 500019; h++)
		assert_true(has(page, h));
	(void)ticket_page_turn(page, hour(500019), counting);
	assert_false(has(page, 500000));
	assert_true(has(page, 500001));
}

static void jumps_of_the_clock_leave_two_keys(void **state)
{
	struct ticket_page *page = *state;

	(void)ticket_page_turn(page, hour(500000), counting);
	assert_int_equal(ticket_page_turn(page, hour(500024), counting), 2);
	assert_false(has(page, 500000));
	assert_int_equal(ticket_page_turn(page, hour(500000), counting), 2);
	assert_false(has(page, 500024) || has(page, 500025));
	assert_true(has(page, 500000) && has(page, 500001));
}

static void zeros_are_no_key(void **state)
{
	struct ticket_page *page = *state;
	uint8_t zeros[TICKET_KEY] = { 0 };

	assert_false(has(page, 0));
	ticket_page_put(page, 7, zeros);
	assert_false(has(page, 7));
}

/* The writer died between its first and its last store. */
static void a_torn_slot_is_written_anew(void **state)
{
	struct ticket_page *page = *state;

	(void)ticket_page_turn(page, hour(500000), counting);
	page->slots[500000 % TICKET_SLOTS].turn++;
	assert_false(has(page, 500000));
	assert_int_equal(ticket_page_turn(page, hour(500000), counting), 1);
	assert_true(has(page, 500000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(this_hour_and_the_next_get_keys, fresh),
		cmocka_unit_test_setup(keys_live_eighteen_hours, fresh),
		cmocka_unit_test_setup(jumps_of_the_clock_leave_two_keys, fresh),
		cmocka_unit_test_setup(zeros_are_no_key, fresh),
		cmocka_unit_test_setup(a_torn_slot_is_written_anew, fresh),
	};

	return cmocka_run_group_tests_name("proto/tls_ticket", tests, NULL, NULL);
}
