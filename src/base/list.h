/* base/list.h: links embedded in their owner. A head is a link that points at itself when empty.
 *
 *	list_for_each(link, &pool->idle) {
 *		struct conn *c = container_of(link, struct conn, idle);
 *
 * A link that is in no list points at itself too, so list_remove() may be called twice.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* The link must not be removed inside; use list_first() in a while loop for that. */
#define list_for_each(link, head)                                                                  \
	for (struct list *link = (head)->next; (link) != (head); (link) = (link)->next)

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline struct list *list_first(const struct list *head)
{
	return head->next == head ? NULL : head->next;
}

static inline void list_push(struct list *head, struct list *l) /* at the front */
{
	l->next = head->next;
	l->prev = head;
	head->next->prev = l;
	head->next = l;
}

static inline void list_append(struct list *head, struct list *l) /* at the end */
{
	list_push(head->prev, l);
}

static inline void list_remove(struct list *l)
{
	l->next->prev = l->prev;
	l->prev->next = l->next;
	list_init(l);
}
