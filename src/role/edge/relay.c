#include "role/edge/relay.h"

#define SPANS           10 /* pieces of payload in one send */
#define MOST_EXTENSIONS 256
#define MOST_TRAILERS   8192

struct load {
	struct slice spans[SPANS];
	size_t count;
	size_t bytes;
};

void relay_init(struct relay *r, enum http_body in, uint64_t length, enum http_body out,
		uint64_t most)
{
	static const struct http_chunked_limits limits = { MOST_EXTENSIONS, MOST_TRAILERS };

	*r = (struct relay){ .in = in, .out = out, .left = length, .most = most };
	r->done = in == HTTP_BODY_NONE || (in == HTTP_BODY_LENGTH && length == 0);
	if (in == HTTP_BODY_CHUNKED)
		http_chunked_init(&r->chunked, &limits);
}

static void load_add(struct load *l, struct slice s)
{
	if (s.n == 0)
		return;
	l->spans[l->count++] = s;
	l->bytes += s.n;
}

static enum relay_answer collect_length(struct relay *r, struct slice *rest, struct load *l)
{
	struct slice some = slice_sub(*rest, 0, r->left < rest->n ? (size_t)r->left : rest->n);

	load_add(l, some);
	*rest = slice_from(*rest, some.n);
	r->left -= some.n;
	r->done = r->left == 0;
	return r->done ? RELAY_DONE : RELAY_WAITS;
}

static enum relay_answer collect_chunked(struct relay *r, struct slice *rest, struct load *l,
					 struct http_refusal *why)
{
	while (l->count < SPANS) {
		struct slice data;
		switch (http_chunked_next(&r->chunked, rest, &data, why)) {
		case HTTP_CHUNKED_DATA: load_add(l, data); break;
		case HTTP_CHUNKED_MORE: return RELAY_WAITS;
		case HTTP_CHUNKED_REFUSED: return RELAY_REFUSED;
		case HTTP_CHUNKED_DONE: r->done = true; return RELAY_DONE;
		}
	}
	return RELAY_WAITS;
}

/* Takes payload off the front of *rest. */
static enum relay_answer collect(struct relay *r, struct slice *rest, enum stream_end end,
				 struct load *l, struct http_refusal *why)
{
	switch (r->in) {
	case HTTP_BODY_NONE: break;
	case HTTP_BODY_LENGTH: return collect_length(r, rest, l);
	case HTTP_BODY_CHUNKED: return collect_chunked(r, rest, l, why);
	case HTTP_BODY_UNTIL_CLOSE:
		load_add(l, *rest);
		*rest = SLICE_NONE;
		r->done = end == STREAM_ENDED;
		return r->done ? RELAY_DONE : RELAY_WAITS;
	}
	r->done = true;
	return RELAY_DONE;
}

static void unload(const struct relay *r, const struct load *l, struct slice first,
		   struct stream *to)
{
	char head[HTTP_CHUNK_HEAD];
	struct slice out[STREAM_SLICES];
	size_t n = 0;
	bool chunked = r->out == HTTP_BODY_CHUNKED;

	if (first.n > 0)
		out[n++] = first;
	if (chunked && l->bytes > 0)
		out[n++] = slice_of(head, http_chunk_head(l->bytes, head));
	for (size_t i = 0; i < l->count; i++)
		out[n++] = l->spans[i];
	if (chunked && l->bytes > 0)
		out[n++] = slice_lit("\r\n");
	if (chunked && r->done)
		out[n++] = slice_lit(HTTP_CHUNK_END);
	if (n > 0)
		stream_send(to, out, n);
}

static enum relay_answer step(struct relay *r, struct stream *from, struct stream *to,
			      struct slice first, bool *again, struct http_refusal *why)
{
	struct slice input = stream_input(from);
	struct slice rest = input;
	struct load load = { .count = 0 };
	enum relay_answer answer = collect(r, &rest, stream_input_end(from), &load, why);

	r->moved += load.bytes;
	bool over = r->moved > r->most;
	if (to != NULL && !over && answer != RELAY_REFUSED)
		unload(r, &load, first, to);
	else if (to != NULL && first.n > 0)
		stream_send(to, &first, 1);
	stream_take(from, input.n - rest.n);
	*again = rest.n > 0 && load.count > 0;
	r->broken = answer == RELAY_REFUSED;
	return over ? RELAY_OVER : answer;
}

enum relay_answer relay_move(struct relay *r, struct stream *from, struct stream *to,
			     struct slice first, struct http_refusal *why)
{
	bool again = true;
	enum relay_answer answer = RELAY_WAITS;

	if (r->broken)
		return RELAY_REFUSED;
	if (r->done) {
		struct load none = { .count = 0 };
		if (to != NULL && first.n > 0)
			unload(r, &none, first, to);
		return RELAY_DONE;
	}
	while (again && answer == RELAY_WAITS) {
		if (to != NULL && first.n == 0 && stream_is_busy(to))
			return RELAY_FULL;
		answer = step(r, from, to, first, &again, why);
		first = SLICE_NONE;
	}
	if (answer == RELAY_WAITS && stream_input_end(from) != STREAM_OPEN &&
	    stream_input(from).n == 0)
		return RELAY_CUT;
	return answer;
}
