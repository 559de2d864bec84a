/* A question outlives whoever asked it (c-ares cancels all or nothing), so it is an object of its
 * own that forgets its asker. */
#include "net/resolve/txt.h"

#include <arpa/nameser.h>
#include <stdlib.h>

#include "base/must.h"
#include "net/resolve/resolve_priv.h"

struct txt_query {
	struct txt_wait *asker; /* NULL: nobody waits any more */
};

static enum resolve_outcome outcome_of(int status)
{
	if (status == ARES_SUCCESS)
		return RESOLVE_FOUND;
	return status == ARES_ENOTFOUND || status == ARES_ENODATA ? RESOLVE_ABSENT : RESOLVE_FAILED;
}

/* Joins the strings of each record in *joined and notes where each begins. */
static size_t join(const struct ares_txt_ext *strings, struct buf *joined, size_t starts[TXT_MOST])
{
	size_t count = 0;

	for (const struct ares_txt_ext *s = strings; s != NULL; s = s->next) {
		if (s->record_start || count == 0) {
			if (count == TXT_MOST)
				break;
			starts[count++] = joined->n;
		}
		buf_add(joined, slice_of(s->txt, s->length));
	}
	return count;
}

static void tell(struct txt_wait *w, enum resolve_outcome outcome, struct ares_txt_ext *strings)
{
	struct buf joined = BUF_INIT;
	size_t starts[TXT_MOST];
	struct slice texts[TXT_MOST];
	size_t count = join(strings, &joined, starts);

	for (size_t i = 0; i < count; i++) {
		size_t end = i + 1 < count ? starts[i + 1] : joined.n;

		texts[i] = slice_sub(buf_slice(&joined), starts[i], end - starts[i]);
	}
	w->on_txt(w, outcome, texts, count);
	buf_free(&joined);
}

static void on_reply(void *owner, int status, int timeouts, unsigned char *reply, int length)
{
	struct txt_query *q = owner;
	struct txt_wait *w = q->asker;
	struct ares_txt_ext *strings = NULL;

	(void)timeouts;
	free(q);
	if (w == NULL)
		return;
	w->query = NULL;
	if (status == ARES_SUCCESS)
		status = ares_parse_txt_reply_ext(reply, length, &strings);
	tell(w, outcome_of(status), strings);
	if (strings != NULL)
		ares_free_data(strings);
}

void txt_wait_init(struct txt_wait *w,
		   void (*on_txt)(struct txt_wait *w, enum resolve_outcome outcome,
				  const struct slice *texts, size_t count))
{
	*w = (struct txt_wait){ .on_txt = on_txt };
}

void txt_ask(struct resolver *r, const char *name, struct txt_wait *w)
{
	must(w->query == NULL);
	w->query = calloc(1, sizeof(*w->query));
	must(w->query != NULL);
	w->query->asker = w;
	ares_query(resolver_channel(r), name, C_IN, T_TXT, on_reply, w->query);
	resolver_arm(r);
}

void txt_cancel(struct txt_wait *w)
{
	if (w->query != NULL)
		w->query->asker = NULL;
	w->query = NULL;
}
