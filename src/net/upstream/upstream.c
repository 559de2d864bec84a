/* A wait goes through: lookup, rules, an idle connection to one of the addresses, else one
 * address after the other until a connection stands, each with its share of the time left.
 *
 * Idle connections hang in two lists: those of one key in a ring that the map finds by its newest
 * member (the one most surely alive), and all of them by age, so that one timer serves all.
 */
#include "net/upstream/upstream.h"

#include "base/must.h"
#include "net/upstream/session.h"

#include <stdlib.h>
#include <sys/socket.h>

#define TRY_LEAST_MS 250

struct upstream {
	struct loop *loop;
	struct resolver *resolver;
	struct tls_client *tls;
	struct upstream_config config;
	struct map idle_by_key; /* newest idle connection of each key */
	struct list idle;
	struct timer idle_timer;
	struct session_store sessions;
	struct upstream_figures figures;
	bool ending;
};

static void try_next(struct upstream_wait *w);

/* ---- keys ---- */

static size_t key_write(uint8_t *out, const struct dns_address *a, uint16_t port,
			enum upstream_trust trust, struct slice name)
{
	out[0] = (uint8_t)trust;
	out[1] = a->v6;
	memcpy(out + 2, a->b, 16);
	out[18] = (uint8_t)(port >> 8);
	out[19] = (uint8_t)port;
	if (trust == UPSTREAM_PLAIN)
		return 20;
	memcpy(out + 20, name.p, name.n);
	return 20 + name.n;
}

static struct slice key_of(const struct upstream_conn *c)
{
	return slice_of(c->key, c->key_len);
}

/* ---- idle connections ---- */

static void arm_idle(struct upstream *u)
{
	struct list *first = list_first(&u->idle);

	if (first == NULL) {
		timer_stop(&u->idle_timer);
		return;
	}
	struct upstream_conn *c = container_of(first, struct upstream_conn, idle);
	timer_arm(u->loop, &u->idle_timer, c->idle_since + u->config.idle_ms - loop_now(u->loop));
}

static void idle_remove(struct upstream_conn *c)
{
	struct upstream *u = c->pool;
	struct upstream_conn *newest = map_get(&u->idle_by_key, key_of(c));
	size_t left = newest->same_count - 1;

	if (newest == c) {
		map_remove(&u->idle_by_key, key_of(c));
		newest = container_of(c->same.prev, struct upstream_conn, same);
		if (left > 0)
			map_put(&u->idle_by_key, key_of(newest), newest);
	}
	newest->same_count = left;
	list_remove(&c->same);
	list_remove(&c->idle);
	u->figures.idle--;
}

static bool is_idle(const struct upstream_conn *c)
{
	return !list_empty(&c->idle);
}

static void idle_add(struct upstream_conn *c)
{
	struct upstream *u = c->pool;
	struct upstream_conn *newest = map_get(&u->idle_by_key, key_of(c));

	c->same_count = 1;
	if (newest != NULL) {
		c->same_count += newest->same_count;
		list_push(&newest->same, &c->same);
		map_remove(&u->idle_by_key, key_of(c));
	}
	map_put(&u->idle_by_key, key_of(c), c);
	list_append(&u->idle, &c->idle);
	c->idle_since = loop_now(u->loop);
	u->figures.idle++;
}

static void on_idle_due(struct timer *t)
{
	struct upstream *u = container_of(t, struct upstream, idle_timer);
	struct list *first;

	while ((first = list_first(&u->idle)) != NULL) {
		struct upstream_conn *c = container_of(first, struct upstream_conn, idle);
		if (c->idle_since + u->config.idle_ms > loop_now(u->loop))
			break;
		upstream_drop(c);
	}
	arm_idle(u);
}

/* ---- events of a connection ---- */

static void remember_session(struct upstream_conn *c)
{
	struct tls_conn *tls = stream_tls(&c->stream);

	if (tls != NULL)
		session_store_put(&c->pool->sessions, key_of(c), tls_conn_session_take(tls));
}

static void on_open(struct stream *s)
{
	struct upstream_conn *c = container_of(s, struct upstream_conn, stream);
	struct upstream_wait *w = c->wait;

	must(w != NULL);
	c->wait = NULL;
	w->trying = NULL;
	timer_stop(&w->timer);
	w->on_ready(w, c);
}

static void on_input(struct stream *s)
{
	struct upstream_conn *c = container_of(s, struct upstream_conn, stream);

	if (c->events != NULL)
		c->events->on_input(c->user, c);
	else
		upstream_drop(c); /* idle: the end, or a word nobody asked for */
}

static void on_room(struct stream *s)
{
	struct upstream_conn *c = container_of(s, struct upstream_conn, stream);

	if (c->events != NULL)
		c->events->on_room(c->user, c);
}

static void note_fault(struct upstream_wait *w, const struct upstream_conn *c)
{
	struct tls_facts facts = { .error = "" };
	char at[DNS_ADDRESS_TEXT];

	dns_address_text(&w->addresses[w->next - 1], at);
	w->fault = UPSTREAM_REFUSED;
	if (c->stream.tls == NULL || c->stream.received == 0) {
		snprintf(w->words, sizeof(w->words), "no connection to %s port %u (%s)", at,
			 w->port, stream_fault(&c->stream));
		return;
	}
	tls_conn_facts(c->stream.tls, &facts);
	bool said = facts.words != NULL && facts.words[0] != '\0';
	w->fault = UPSTREAM_HANDSHAKE;
	snprintf(w->words, sizeof(w->words), "TLS with %s port %u failed: %s", at, w->port,
		 said ? facts.words : facts.error);
}

static void on_broken(struct stream *s)
{
	struct upstream_conn *c = container_of(s, struct upstream_conn, stream);
	struct upstream_wait *w = c->wait;

	if (w != NULL) {
		note_fault(w, c);
		w->trying = NULL;
		upstream_drop(c);
		try_next(w);
	} else if (c->events != NULL) {
		c->events->on_broken(c->user, c);
	} else {
		upstream_drop(c);
	}
}

static void on_closed(struct stream *s)
{
	struct upstream_conn *c = container_of(s, struct upstream_conn, stream);
	struct upstream *u = c->pool;

	u->figures.open--;
	free(c);
	if (u->ending && u->figures.open == 0)
		free(u);
}

static const struct stream_events stream_events = {
	.on_open = on_open,
	.on_input = on_input,
	.on_room = on_room,
	.on_broken = on_broken,
	.on_closed = on_closed,
};

/* ---- making one ---- */

static void conn_drop(struct upstream_conn *c)
{
	c->events = NULL;
	c->wait = NULL;
	if (is_idle(c))
		idle_remove(c);
	stream_close(&c->stream, STREAM_CLOSE);
}

static struct upstream_conn *conn_new(struct upstream_wait *w, const struct dns_address *a)
{
	struct upstream *u = w->pool;
	struct slice name = dns_name_slice(&w->name);
	struct upstream_conn *c = calloc(1, sizeof(*c));
	struct tls_conn *tls = NULL;

	must(c != NULL);
	c->pool = u;
	c->wait = w;
	c->key_len = key_write(c->key, a, w->port, w->trust, name);
	list_init(&c->same);
	list_init(&c->idle);
	if (w->trust != UPSTREAM_PLAIN) {
		struct tls_session *session = session_store_take(&u->sessions, key_of(c));
		struct tls_target target = { .name = w->name.text,
					     .verify = w->trust == UPSTREAM_TLS ? TLS_VERIFY_NONE
										: TLS_VERIFY_STRICT,
					     .session = session };
		tls = tls_client_conn(u->tls, &target);
		tls_session_free(session);
	}
	stream_init(&c->stream, u->loop, &stream_events, tls);
	u->figures.open++;
	u->figures.connects++;
	return c;
}

static void on_wait_due(struct timer *t)
{
	struct upstream_wait *w = container_of(t, struct upstream_wait, timer);

	if (w->failing) {
		w->failing = false;
		w->on_failed(w, w->fault, w->words);
		return;
	}
	if (w->trying != NULL) {
		upstream_drop(w->trying);
		w->trying = NULL;
	}
	resolve_wait_cancel(&w->lookup);
	w->fault = UPSTREAM_SLOW;
	snprintf(w->words, sizeof(w->words), "no connection to the origin in time");
	try_next(w);
}

/* Told from the loop, never from inside upstream_get(). */
static void fail_later(struct upstream_wait *w)
{
	w->failing = true;
	timer_arm(w->pool->loop, &w->timer, 0);
}

static void fail_with(struct upstream_wait *w, enum upstream_fault fault, const char *words)
{
	w->fault = fault;
	snprintf(w->words, sizeof(w->words), "%s", words);
	fail_later(w);
}

static int64_t share_of_time(const struct upstream_wait *w)
{
	int64_t left = w->deadline - loop_now(w->pool->loop);
	int64_t share = left / (int64_t)(w->count - w->next + 1);

	if (share < TRY_LEAST_MS)
		share = left < TRY_LEAST_MS ? left : TRY_LEAST_MS;
	return share;
}

static bool begin(struct upstream_wait *w, const struct dns_address *a)
{
	struct sockaddr_storage to;
	struct upstream_conn *c = conn_new(w, a);

	dns_address_to_socket(a, w->port, &to);
	int r = stream_connect(&c->stream, (const struct sockaddr *)&to);
	if (r < 0) {
		w->fault = r == UV_EMFILE || r == UV_ENFILE ? UPSTREAM_FULL : UPSTREAM_REFUSED;
		snprintf(w->words, sizeof(w->words),
			 "no connection to the origin could be begun: %s", uv_strerror(r));
		conn_drop(c);
		return false;
	}
	w->trying = c;
	timer_arm(w->pool->loop, &w->timer, share_of_time(w));
	return true;
}

static void try_next(struct upstream_wait *w)
{
	struct upstream *u = w->pool;

	timer_stop(&w->timer);
	while (w->next < w->count && loop_now(u->loop) < w->deadline) {
		if (u->figures.open >= u->config.open_max && !list_empty(&u->idle))
			upstream_drop(
				container_of(list_first(&u->idle), struct upstream_conn, idle));
		else if (u->figures.open >= u->config.open_max) {
			fail_with(w, UPSTREAM_FULL, "too many connections to origins are open");
			return;
		}
		if (begin(w, &w->addresses[w->next++]))
			return;
	}
	fail_later(w);
}

/* ---- choosing one ---- */

static bool take_addresses(struct upstream_wait *w, const struct dns_address *addresses,
			   size_t count)
{
	const struct upstream_config *config = &w->pool->config;

	w->count = 0;
	for (size_t i = 0; i < count && w->count < RESOLVE_ADDRESSES; i++)
		if (config->allowed(config->owner, &addresses[i], w->port))
			w->addresses[w->count++] = addresses[i];
	if (w->count == 0 && count > 0) {
		char text[DNS_ADDRESS_TEXT];
		w->fault = UPSTREAM_FORBIDDEN;
		snprintf(w->words, sizeof(w->words),
			 "the origin's address %s is not allowed: list its net in origin.allow if "
			 "it should be",
			 dns_address_text(&addresses[0], text));
	}
	return w->count > 0;
}

static struct upstream_conn *idle_take(struct upstream_wait *w, int64_t fresh_ms)
{
	struct upstream *u = w->pool;
	uint8_t key[sizeof(((struct upstream_conn *)0)->key)];

	for (size_t i = 0; i < w->count && fresh_ms != 0; i++) {
		size_t n = key_write(key, &w->addresses[i], w->port, w->trust,
				     dns_name_slice(&w->name));
		struct upstream_conn *c = map_get(&u->idle_by_key, slice_of(key, n));
		if (c == NULL || (fresh_ms > 0 && loop_now(u->loop) - c->idle_since > fresh_ms))
			continue;
		idle_remove(c);
		u->figures.reuses++;
		return c;
	}
	return NULL;
}

static bool take_answer(struct upstream_wait *w, const struct resolve_answer *answer)
{
	switch (answer->outcome) {
	case RESOLVE_FOUND: return take_addresses(w, answer->addresses, answer->count);
	case RESOLVE_ABSENT:
		w->fault = UPSTREAM_ABSENT;
		snprintf(w->words, sizeof(w->words), "the origin's name has no address in DNS");
		return false;
	case RESOLVE_FAILED:
		w->fault = UPSTREAM_LOOKUP;
		snprintf(w->words, sizeof(w->words), "the origin's name could not be looked up");
		return false;
	}
	must_not_reach();
}

static void on_resolved(struct resolve_wait *lookup, const struct resolve_answer *answer)
{
	struct upstream_wait *w = container_of(lookup, struct upstream_wait, lookup);

	if (take_answer(w, answer))
		try_next(w);
	else
		fail_later(w);
}

struct upstream_conn *upstream_get(struct upstream *u, struct upstream_wait *w,
				   const struct upstream_target *t, int64_t fresh_ms)
{
	must(t->name.n <= DNS_NAME_MAX);
	w->pool = u;
	w->next = w->count = 0;
	w->port = t->port;
	w->trust = t->trust;
	w->name.len = (uint8_t)t->name.n;
	memcpy(w->name.text, t->name.p == NULL ? (const uint8_t *)"" : t->name.p, t->name.n);
	w->name.text[t->name.n] = '\0';
	w->deadline = loop_now(u->loop) + u->config.connect_ms;
	bool usable;
	if (t->host.n == 0) {
		w->fault = UPSTREAM_ABSENT;
		snprintf(w->words, sizeof(w->words), "the origin has no address");
		usable = take_addresses(w, t->addresses, t->count);
	} else {
		const struct resolve_answer *answer =
			resolver_ask(u->resolver, t->host, &w->lookup);
		if (answer == NULL) {
			timer_arm(u->loop, &w->timer, u->config.connect_ms);
			return NULL;
		}
		usable = take_answer(w, answer);
	}
	struct upstream_conn *c = usable ? idle_take(w, fresh_ms) : NULL;
	if (c != NULL)
		return c;
	if (usable)
		try_next(w);
	else
		fail_later(w);
	return NULL;
}

void upstream_wait_init(struct upstream_wait *w)
{
	w->pool = NULL;
	w->trying = NULL;
	w->failing = false;
	resolve_wait_init(&w->lookup, on_resolved);
	timer_init(&w->timer, on_wait_due);
}

void upstream_wait_cancel(struct upstream_wait *w)
{
	timer_stop(&w->timer);
	resolve_wait_cancel(&w->lookup);
	w->failing = false;
	if (w->trying != NULL)
		upstream_drop(w->trying);
	w->trying = NULL;
}

/* ---- using one ---- */

void upstream_hold(struct upstream_conn *c, const struct upstream_events *events, void *user)
{
	c->events = events;
	c->user = user;
	c->uses++;
}

void upstream_keep(struct upstream_conn *c)
{
	struct upstream *u = c->pool;
	struct upstream_conn *newest = map_get(&u->idle_by_key, key_of(c));
	bool crowded = newest != NULL && newest->same_count >= u->config.idle_target_max;

	c->events = NULL;
	if (crowded || u->config.idle_target_max == 0 || stream_input(&c->stream).n > 0 ||
	    stream_input_end(&c->stream) != STREAM_OPEN) {
		upstream_drop(c);
		return;
	}
	if (u->figures.idle >= u->config.idle_max && !list_empty(&u->idle))
		upstream_drop(container_of(list_first(&u->idle), struct upstream_conn, idle));
	idle_add(c);
	if (!timer_armed(&u->idle_timer))
		arm_idle(u);
}

void upstream_drop(struct upstream_conn *c)
{
	if (c->wait == NULL)
		remember_session(c);
	conn_drop(c);
}

void upstream_close_idle(struct upstream *u)
{
	struct list *first;

	while ((first = list_first(&u->idle)) != NULL)
		upstream_drop(container_of(first, struct upstream_conn, idle));
	timer_stop(&u->idle_timer);
}

struct upstream_figures upstream_figures(const struct upstream *u)
{
	return u->figures;
}

const char *upstream_fault_name(enum upstream_fault fault)
{
	static const char *const names[] = { "no_address", "lookup", "forbidden_address",
					     "refused",    "slow",   "tls",
					     "full" };

	return names[fault];
}

/* ---- beginning and end ---- */

struct upstream *upstream_new(struct loop *loop, struct resolver *resolver, struct tls_client *tls,
			      const struct upstream_config *config)
{
	struct upstream *u = calloc(1, sizeof(*u));

	must(u != NULL);
	*u = (struct upstream){ .loop = loop, .resolver = resolver, .tls = tls, .config = *config };
	list_init(&u->idle);
	timer_init(&u->idle_timer, on_idle_due);
	session_store_init(&u->sessions, config->sessions_max);
	return u;
}

void upstream_free(struct upstream *u)
{
	upstream_close_idle(u);
	session_store_fini(&u->sessions);
	session_store_init(&u->sessions, 0);
	map_free(&u->idle_by_key);
	u->ending = true;
	if (u->figures.open == 0)
		free(u);
}
