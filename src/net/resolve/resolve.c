/* One entry per name: being asked, or known until a time. Entries form a map by name and a list by
 * last use, of which the end is dropped when there are too many.
 *
 * c-ares is told everything (servers, lookups, options), so that it opens no file: in a worker's
 * sandbox that would end the process. IPv4 addresses stand first: both ways usually lead to the
 * same machine, and a broken IPv6 way costs the first client a timeout.
 */
#include "net/resolve/resolve.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/must.h"
#include "net/resolve/resolve_priv.h"
#include "run/file/file.h"

#include <netdb.h>
#include <stdlib.h>

#define RESOLV_CONF_MOST 65536

struct watch { /* one socket of c-ares */
	uv_poll_t poll;
	struct resolver *resolver;
	ares_socket_t fd;
	struct watch *next;
};

struct resolver {
	struct loop *loop;
	struct resolve_config config;
	ares_channel channel;
	struct timer timer;
	struct watch *watches;
	struct map names;
	struct list used; /* the latest first */
	bool ending;
};

struct entry {
	struct resolver *resolver;
	struct dns_name name;
	struct list used;
	struct list waiting; /* of struct resolve_wait */
	struct resolve_answer answer;
	int64_t until;       /* the answer holds; 0: there is none */
	int64_t stale_until; /* good addresses may be used */
	bool asking;
};

/* ---- c-ares in the loop ---- */

void resolver_arm(struct resolver *r)
{
	struct timeval tv;

	if (ares_timeout(r->channel, NULL, &tv) == NULL)
		timer_stop(&r->timer);
	else
		timer_arm(r->loop, &r->timer, tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1);
}

static void on_timer(struct timer *t)
{
	struct resolver *r = container_of(t, struct resolver, timer);

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	resolver_arm(r);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = container_of(poll, struct watch, poll);
	struct resolver *r = w->resolver;
	bool readable = status < 0 || (events & UV_READABLE) != 0;
	bool writable = status < 0 || (events & UV_WRITABLE) != 0;

	ares_process_fd(r->channel, readable ? w->fd : ARES_SOCKET_BAD,
			writable ? w->fd : ARES_SOCKET_BAD);
	resolver_arm(r);
}

static void on_watch_closed(uv_handle_t *h)
{
	free(container_of((uv_poll_t *)h, struct watch, poll));
}

static void unwatch(struct resolver *r, ares_socket_t fd)
{
	for (struct watch **at = &r->watches; *at != NULL; at = &(*at)->next) {
		struct watch *w = *at;
		if (w->fd != fd)
			continue;
		*at = w->next;
		uv_close((uv_handle_t *)&w->poll, on_watch_closed);
		return;
	}
}

static struct watch *watch_of(struct resolver *r, ares_socket_t fd)
{
	for (struct watch *w = r->watches; w != NULL; w = w->next)
		if (w->fd == fd)
			return w;
	struct watch *w = calloc(1, sizeof(*w));
	must(w != NULL);
	*w = (struct watch){ .resolver = r, .fd = fd, .next = r->watches };
	must(uv_poll_init(&r->loop->uv, &w->poll, fd) == 0);
	r->watches = w;
	return w;
}

static void on_socket(void *owner, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = owner;

	if (!readable && !writable) {
		unwatch(r, fd);
		return;
	}
	int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
	must(uv_poll_start(&watch_of(r, fd)->poll, events, on_poll) == 0);
}

/* ---- entries ---- */

static int64_t clamp(int64_t v, int64_t least, int64_t most)
{
	return v < least ? least : v > most ? most : v;
}

static void drop(struct entry *e)
{
	map_remove(&e->resolver->names, dns_name_slice(&e->name));
	list_remove(&e->used);
	free(e);
}

static void make_room(struct resolver *r)
{
	struct list *at = r->used.prev;

	while (at != &r->used && r->names.count >= r->config.names_max) {
		struct entry *e = container_of(at, struct entry, used);
		at = at->prev;
		if (!e->asking)
			drop(e);
	}
}

static struct entry *entry_new(struct resolver *r, struct slice name)
{
	struct entry *e = calloc(1, sizeof(*e));

	must(e != NULL && name.n <= DNS_NAME_MAX);
	e->resolver = r;
	e->name.len = (uint8_t)name.n;
	memcpy(e->name.text, name.p, name.n);
	list_init(&e->waiting);
	list_push(&r->used, &e->used);
	map_put(&r->names, dns_name_slice(&e->name), e);
	return e;
}

/* Takes the addresses of one family; returns the least TTL seen, in ms. */
static int64_t collect(struct resolve_answer *a, const struct ares_addrinfo *info, int family,
		       int64_t ttl)
{
	for (const struct ares_addrinfo_node *n = info->nodes; n != NULL; n = n->ai_next) {
		struct dns_address address;
		if (n->ai_family != family || a->count == RESOLVE_ADDRESSES ||
		    !dns_address_from_socket(n->ai_addr, &address, NULL))
			continue;
		a->addresses[a->count++] = address;
		int64_t ms = (int64_t)n->ai_ttl * 1000;
		ttl = ms < ttl ? ms : ttl;
	}
	return ttl;
}

static enum resolve_outcome outcome_of(int status, size_t count)
{
	if (status == ARES_SUCCESS && count > 0)
		return RESOLVE_FOUND;
	if (status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA)
		return RESOLVE_ABSENT;
	return RESOLVE_FAILED;
}

static void settle(struct entry *e, int status, const struct ares_addrinfo *info)
{
	const struct resolve_config *config = &e->resolver->config;
	struct resolve_answer answer = { .count = 0 };
	int64_t now = loop_now(e->resolver->loop);
	int64_t ttl = config->most_ms;

	if (status == ARES_SUCCESS && info != NULL) {
		ttl = collect(&answer, info, AF_INET, ttl);
		ttl = collect(&answer, info, AF_INET6, ttl);
	}
	answer.outcome = outcome_of(status, answer.count);
	if (answer.outcome == RESOLVE_FOUND)
		e->stale_until =
			now + clamp(ttl, config->least_ms, config->most_ms) + config->stale_ms;
	else
		ttl = config->failed_ms;
	e->until = now + (answer.outcome == RESOLVE_FOUND
				  ? clamp(ttl, config->least_ms, config->most_ms)
				  : config->failed_ms);
	if (answer.outcome != RESOLVE_FAILED || now >= e->stale_until)
		e->answer = answer;
}

/* The entry may be dropped by what a waiting one asks next, so nothing of it is used. */
static void tell(struct list *waiting, const struct resolve_answer *answer)
{
	struct list *first;

	while ((first = list_first(waiting)) != NULL) {
		struct resolve_wait *w = container_of(first, struct resolve_wait, link);
		list_remove(first);
		w->on_resolved(w, answer);
	}
}

static void on_answer(void *owner, int status, int timeouts, struct ares_addrinfo *info)
{
	struct entry *e = owner;

	(void)timeouts;
	e->asking = false;
	if (!e->resolver->ending)
		settle(e, status, info);
	if (info != NULL)
		ares_freeaddrinfo(info);
	if (e->resolver->ending || list_empty(&e->waiting))
		return;
	struct resolve_answer answer = e->answer;
	struct list waiting;
	list_append(&e->waiting, &waiting); /* takes the head's place ... */
	list_remove(&e->waiting);           /* ... and leaves an empty list behind */
	tell(&waiting, &answer);
}

static void ask(struct entry *e)
{
	struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
					     .ai_flags = ARES_AI_NOSORT,
					     .ai_socktype = SOCK_STREAM };

	e->asking = true;
	ares_getaddrinfo(e->resolver->channel, e->name.text, NULL, &hints, on_answer, e);
	resolver_arm(e->resolver);
}

const struct resolve_answer *resolver_ask(struct resolver *r, struct slice name,
					  struct resolve_wait *w)
{
	struct entry *e = map_get(&r->names, name);

	if (e == NULL) {
		make_room(r);
		e = entry_new(r, name);
	}
	list_remove(&e->used);
	list_push(&r->used, &e->used);
	if (!e->asking && loop_now(r->loop) >= e->until)
		ask(e);
	if (!e->asking) /* known, or answered inside the call */
		return &e->answer;
	list_append(&e->waiting, &w->link);
	return NULL;
}

void resolve_wait_init(struct resolve_wait *w,
		       void (*on_resolved)(struct resolve_wait *, const struct resolve_answer *))
{
	w->on_resolved = on_resolved;
	list_init(&w->link);
}

void resolve_wait_cancel(struct resolve_wait *w)
{
	list_remove(&w->link);
}

/* ---- beginning and end ---- */

void resolve_servers_read(struct slice resolv_conf, struct buf *out)
{
	struct slice line;

	while (slice_split(&resolv_conf, '\n', &line)) {
		struct dns_address address;
		char text[DNS_ADDRESS_TEXT];
		line = slice_trim(line);
		if (!slice_starts(line, slice_lit("nameserver")))
			continue;
		struct slice server = slice_trim(slice_from(line, strlen("nameserver")));
		if (!dns_address_parse(server, &address))
			continue;
		dns_address_text(&address, text);
		buf_addf(out, out->n == 0 ? "%s" : ",%s", text);
	}
}

void resolve_servers_choose(const char *const *given, size_t count, struct buf *out)
{
	struct buf file = BUF_INIT;

	for (size_t i = 0; i < count; i++)
		buf_addf(out, i == 0 ? "%s" : ",%s", given[i]);
	if (count == 0 && file_read("/etc/resolv.conf", RESOLV_CONF_MOST, &file, NULL) == 0)
		resolve_servers_read(buf_slice(&file), out);
	buf_free(&file);
}

int resolver_new(struct loop *loop, const struct resolve_config *config, struct resolver **out,
		 struct fail *f)
{
	struct resolver *r = calloc(1, sizeof(*r));

	must(r != NULL);
	*r = (struct resolver){ .loop = loop, .config = *config };
	list_init(&r->used);
	timer_init(&r->timer, on_timer);
	char lookups[] = "b"; /* DNS only, no hosts file */
	struct ares_options o = { .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
				  .timeout = (int)config->timeout_ms,
				  .tries = config->tries,
				  .ndots = 1,
				  .lookups = lookups,
				  .sock_state_cb = on_socket,
				  .sock_state_cb_data = r };
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
		   ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_SERVERS | ARES_OPT_DOMAINS |
		   ARES_OPT_SORTLIST;
	int code = ares_library_init(ARES_LIB_INIT_ALL);
	if (code == ARES_SUCCESS)
		code = ares_init_options(&r->channel, &o, mask);
	if (code != ARES_SUCCESS) {
		free(r);
		return fail(f, FAIL_SYSTEM, "name lookups cannot start: %s", ares_strerror(code));
	}
	if (ares_set_servers_ports_csv(r->channel, config->servers) != ARES_SUCCESS) {
		resolver_free(r);
		return fail(f, FAIL_INPUT,
			    "dns.resolvers \"%s\" is not a list of addresses: write "
			    "\"192.0.2.53, [2001:db8::53]:5353\"",
			    config->servers);
	}
	*out = r;
	return 0;
}

ares_channel resolver_channel(struct resolver *r)
{
	return r->channel;
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	r->ending = true;
	ares_destroy(r->channel);
	timer_stop(&r->timer);
	struct list *first;
	while ((first = list_first(&r->used)) != NULL)
		drop(container_of(first, struct entry, used));
	map_free(&r->names);
	ares_library_cleanup();
	free(r);
}
