#include "role/edge/guard.h"

#include "base/buf.h"
#include "proto/http/host.h"

#include <uv.h>

static bool listener_read(const char *text, struct guard_listener *out)
{
	struct http_host h;

	if (!http_host_parse(slice_str(text), &h) || !h.has_port)
		return false;
	if (!dns_address_parse(http_host_name(&h), &out->address))
		return false;
	out->port = h.port;
	out->any = dns_address_class(&out->address) == DNS_ADDRESS_UNSPECIFIED;
	return true;
}

static void take_listeners(struct guard *g, const struct settings_list *list)
{
	for (size_t i = 0; i < list->count && g->count < GUARD_LISTENERS_MAX; i++)
		if (listener_read(list->items[i], &g->own[g->count]))
			g->count++;
}

static void learn_machine(struct guard *g)
{
	uv_interface_address_t *list;
	int count;

	g->machine_count = 0;
	if (uv_interface_addresses(&list, &count) < 0)
		return;
	for (int i = 0; i < count && g->machine_count < GUARD_MACHINE_MAX; i++)
		if (dns_address_from_socket((const struct sockaddr *)&list[i].address,
					    &g->machine[g->machine_count], NULL))
			g->machine_count++;
	uv_free_interface_addresses(list, count);
}

int guard_init(struct guard *g, const struct settings *s, struct fail *f)
{
	struct buf text = BUF_INIT;

	g->count = 0;
	learn_machine(g);
	take_listeners(g, &s->edge_http_listen);
	take_listeners(g, &s->edge_https_listen);
	if (!s->api_remote)
		take_listeners(g, &s->api_listen);
	for (size_t i = 0; i < s->origin_allow.count; i++)
		buf_addf(&text, "%s ", s->origin_allow.items[i]);
	int r = dns_nets_parse(buf_slice(&text), &g->allowed, f);
	buf_free(&text);
	return r < 0 ? fail_pass(f, "origin.allow") : 0;
}

static bool is_of_machine(const struct guard *g, const struct dns_address *a)
{
	if (dns_address_class(a) == DNS_ADDRESS_LOOPBACK)
		return true;
	for (size_t i = 0; i < g->machine_count; i++)
		if (dns_address_eq(&g->machine[i], a))
			return true;
	return false;
}

static bool is_own(const struct guard *g, const struct guard_listener *l,
		   const struct dns_address *a, uint16_t port)
{
	if (l->port != port)
		return false;
	return l->any ? is_of_machine(g, a) : dns_address_eq(&l->address, a);
}

bool guard_allows(const struct guard *g, const struct dns_address *a, uint16_t port)
{
	struct dns_address plain = dns_address_plain(a);

	for (size_t i = 0; i < g->count; i++)
		if (is_own(g, &g->own[i], &plain, port))
			return false;
	return dns_address_class(&plain) == DNS_ADDRESS_GLOBAL ||
	       dns_nets_have(&g->allowed, &plain);
}
