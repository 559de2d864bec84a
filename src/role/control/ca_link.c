#include "role/control/ca_link.h"

#include "model/ca_message.h"
#include "run/log/log.h"

static void answer(struct ca_wait *w, struct slice payload, const struct fail *f)
{
	list_remove(&w->link);
	w->on_answer(w, payload, f);
}

/* An answer may ask anew: those asked meanwhile wait for the next turn. */
static void refuse_all(struct list *waits)
{
	struct fail f = FAIL_INIT;
	struct list now;
	struct list *first;

	(void)fail(&f, FAIL_UNAVAILABLE, "the ca role is away; tried again when it is back");
	list_init(&now);
	while ((first = list_first(waits)) != NULL) {
		list_remove(first);
		list_append(&now, first);
	}
	while ((first = list_first(&now)) != NULL)
		answer(container_of(first, struct ca_wait, link), SLICE_NONE, &f);
}

static void on_refuse(struct deferred *d)
{
	struct ca_link *l = container_of(d, struct ca_link, refuse);

	refuse_all(&l->unsent);
}

void ca_link_init(struct ca_link *l, struct loop *loop)
{
	*l = (struct ca_link){ .loop = loop };
	list_init(&l->waits);
	list_init(&l->unsent);
	deferred_init(&l->refuse, on_refuse);
}

static struct ca_wait *wait_of(struct ca_link *l, uint32_t id)
{
	list_for_each (link, &l->waits) {
		struct ca_wait *w = container_of(link, struct ca_wait, link);

		if (w->id == id)
			return w;
	}
	return NULL;
}

static void on_frame(struct ipc *ipc, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	struct ca_link *l = ipc_owner(ipc);
	struct ca_wait *w = wait_of(l, id);
	struct fail f = FAIL_INIT;

	must(fd < 0); /* no frame of this table carries one */
	if (w == NULL)
		return; /* nobody waits any more */
	if (type == w->type) {
		answer(w, payload, NULL);
		return;
	}
	if (type != CA_REFUSED || !ca_failed_decode(payload, &f))
		(void)fail(&f, FAIL_SYSTEM, "the ca role answered with a frame of type %u", type);
	answer(w, SLICE_NONE, &f);
}

static void on_closed(struct ipc *ipc, const char *why)
{
	struct ca_link *l = ipc_owner(ipc);

	log_line(LOG_WARNING, "ca.away", "the channel to the ca role ended", LOG_S("why", why));
	ipc_close(ipc);
	l->ipc = NULL;
	refuse_all(&l->waits);
}

void ca_link_attach(struct ca_link *l, int fd)
{
	static const struct ipc_events events = { on_frame, on_closed, NULL };

	if (l->ipc != NULL) {
		ipc_close(l->ipc);
		l->ipc = NULL;
		refuse_all(&l->waits);
	}
	l->ipc = ipc_open(l->loop, fd, &ipc_control_ca, IPC_LEFT, &events, l);
}

void ca_link_close(struct ca_link *l)
{
	ipc_close(l->ipc);
	l->ipc = NULL;
	deferred_cancel(&l->refuse);
	while (!list_empty(&l->waits))
		list_remove(list_first(&l->waits));
	while (!list_empty(&l->unsent))
		list_remove(list_first(&l->unsent));
}

bool ca_link_is_up(const struct ca_link *l)
{
	return l->ipc != NULL;
}

void ca_ask(struct ca_link *l, struct ca_wait *w, enum ipc_ca question, enum ipc_ca reply,
	    struct slice payload)
{
	w->id = ++l->last_id == 0 ? ++l->last_id : l->last_id; /* 0 means that no reply is wanted */
	w->type = (uint16_t)reply;
	if (l->ipc != NULL && ipc_send(l->ipc, (uint16_t)question, w->id, payload, -1) == 0) {
		list_append(&l->waits, &w->link);
		return;
	}
	list_append(&l->unsent, &w->link);
	loop_defer(l->loop, &l->refuse);
}

void ca_cancel(struct ca_wait *w)
{
	list_remove(&w->link);
}
