#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct thing {
	int before;
	struct list link;
	char name;
};

/* The names in order, both ways. */
static void check(const struct list *head, const char *names)
{
	const char *at = names;

	list_for_each (link, head) {
		assert_int_equal(container_of(link, struct thing, link)->name, *at);
		at++;
		assert_ptr_equal(link->next->prev, link);
	}
	assert_int_equal(*at, '\0');
	assert_int_equal(list_empty(head), *names == '\0');
}

static void links_go_in_and_out(void **state)
{
	struct thing a = { .name = 'a' };
	struct thing b = { .name = 'b' };
	struct thing c = { .name = 'c' };
	struct list head;

	(void)state;
	list_init(&head);
	check(&head, "");
	assert_null(list_first(&head));
	list_append(&head, &b.link);
	list_append(&head, &c.link);
	list_push(&head, &a.link);
	check(&head, "abc");
	assert_ptr_equal(list_first(&head), &a.link);
	list_remove(&b.link);
	check(&head, "ac");
	list_remove(&b.link);
	check(&head, "ac");
	list_remove(&a.link);
	list_remove(&c.link);
	check(&head, "");
	list_append(&head, &b.link);
	check(&head, "b");
}

static void first_empties_a_list(void **state)
{
	struct thing things[5];
	struct list head;
	struct list *link;
	size_t count = 0;

	(void)state;
	list_init(&head);
	for (size_t i = 0; i < 5; i++)
		list_append(&head, &things[i].link);
	while ((link = list_first(&head)) != NULL) {
		assert_ptr_equal(link, &things[count].link);
		list_remove(link);
		count++;
	}
	assert_int_equal(count, 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_go_in_and_out),
		cmocka_unit_test(first_empties_a_list),
	};

	return cmocka_run_group_tests_name("base/list", tests, NULL, NULL);
}
