#include "role/control/api/auth.h"

#include "base/text.h"
#include "model/account.h"
#include "net/http_server/http_server.h"
#include "role/control/api/server.h"
#include "role/control/truth.h"

#include <unistd.h>

#define TOKEN_SHORTEST 20
#define TOKEN_LONGEST  200

/* ---- on the loop ---- */

bool api_auth_is_forwarded(const struct http_request *request)
{
	static const enum http_field_kind marks[] = {
		HTTP_FIELD_CDN_LOOP,
		HTTP_FIELD_FORWARDED,
		HTTP_FIELD_VIA,
		HTTP_FIELD_X_FORWARDED_FOR,
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (http_field_find(&request->head, marks[i]) != NULL)
			return true;
	return false;
}

/* The client as the proxy in front saw it: the last element, which that proxy wrote. */
static bool forwarded_for(const struct http_request *request, struct dns_address *out)
{
	const struct http_field *field =
		http_field_find(&request->head, HTTP_FIELD_X_FORWARDED_FOR);
	struct slice rest = field != NULL ? field->value : SLICE_NONE;
	struct slice item;
	struct slice last = SLICE_NONE;

	while (http_list_next(&rest, &item))
		last = item;
	return last.n > 0 && dns_address_parse(last, out);
}

/* What the audit shows. Anybody on this machine can claim to be a proxy: both ends are named. */
static void address_write(const struct http_request *request, const struct http_peer *peer,
			  char *out, size_t n)
{
	struct dns_address client;
	char text[DNS_ADDRESS_TEXT];
	char behind[DNS_ADDRESS_TEXT];

	(void)dns_address_text(&peer->address, text);
	if (peer->local)
		(void)snprintf(out, n, "unix:uid=%u,pid=%d", (unsigned)peer->uid, (int)peer->pid);
	else if (forwarded_for(request, &client))
		(void)snprintf(out, n, "%s via %s", dns_address_text(&client, behind), text);
	else
		(void)snprintf(out, n, "%s", text);
}

static bool is_token_text(struct slice s)
{
	if (s.n < TOKEN_SHORTEST || s.n > TOKEN_LONGEST)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!text_is_alpha(s.p[i]) && !text_is_digit(s.p[i]) && s.p[i] != '_' &&
		    s.p[i] != '-')
			return false;
	return true;
}

/* Two of them would let two readers see two different callers. */
static bool is_sent_twice(const struct http_head *head, const struct http_field *first)
{
	for (const struct http_field *p = first + 1; p < head->fields + head->count; p++)
		if (p->kind == first->kind)
			return true;
	return false;
}

static int bearer(struct slice value, struct api_who *out, struct fail *f)
{
	const struct slice scheme = slice_lit("bearer");
	struct slice token = slice_trim(slice_from(value, scheme.n));

	if (value.n <= scheme.n || value.p[scheme.n] != ' ' ||
	    !slice_eq_nocase(slice_sub(value, 0, scheme.n), scheme) || !is_token_text(token))
		return fail_code(f, FAIL_INPUT, 6111, "Invalid format for Authorization header");
	token_hash(token, out->hash);
	out->bearer = true;
	return 0;
}

static bool sent(const struct http_request *request, const char *name)
{
	return http_field_named(&request->head, name) != NULL;
}

int api_auth_credentials(const struct http_request *request, const struct http_peer *peer,
			 struct api_who *out, struct fail *f)
{
	const struct http_field *field = http_field_find(&request->head, HTTP_FIELD_AUTHORIZATION);

	address_write(request, peer, out->address, sizeof(out->address));
	if (field != NULL && is_sent_twice(&request->head, field))
		return fail_code(f, FAIL_INPUT, 6111,
				 "There is more than one Authorization header");
	if (field != NULL)
		return bearer(field->value, out, f);
	if (sent(request, "X-Auth-Key") || sent(request, "X-Auth-Email"))
		return fail_code(f, FAIL_DENIED, 9103,
				 "Unknown X-Auth-Key or X-Auth-Email: send a token in "
				 "\"Authorization: Bearer\"");
	out->local = peer->local && (peer->uid == 0 || peer->uid == geteuid());
	if (out->local)
		return 0;
	return fail_code(f, FAIL_INPUT, 9106,
			 "Missing credentials: send \"Authorization: Bearer TOKEN\"");
}

/* ---- in the transaction ---- */

static bool same_hash(const uint8_t *a, const uint8_t *b)
{
	uint8_t differs = 0;

	for (size_t i = 0; i < TOKEN_HASH; i++)
		differs |= a[i] ^ b[i];
	return differs == 0;
}

static int refuse_token(const struct api_call *c, struct fail *f)
{
	int code = c->match.route->unknown_token != 0 ? c->match.route->unknown_token : 9109;

	fail_clear(f);
	return fail_code(f, FAIL_DENIED, code, "Invalid access token");
}

static int find_token(struct api_call *c, struct fail *f)
{
	struct api_who *who = &c->who;

	if (token_find_hash(c->tx, c->arena, who->hash, &who->token, f) < 0)
		return f->kind == FAIL_ABSENT ? refuse_token(c, f) : -1;
	if (!same_hash(who->hash, who->token.hash) ||
	    token_status_at(&who->token, c->act.now) != TOKEN_ACTIVE)
		return refuse_token(c, f);
	who->account = who->token.account;
	c->act.token = who->token.id;
	return 0;
}

static int find_who(struct api_call *c, struct fail *f)
{
	const struct id *owner = &c->api->truth->owner;

	c->who.account = *owner;
	if (!c->who.local && find_token(c, f) < 0)
		return -1;
	c->who.owner = c->who.local || id_eq(&c->who.account, owner);
	c->who.known = true;
	c->act.account = c->who.account;
	return 0;
}

const struct id *api_call_only_zone(const struct api_call *c)
{
	return c->who.local || id_is_zero(&c->who.token.zone) ? NULL : &c->who.token.zone;
}

bool api_call_allows(const struct api_call *c, const struct id *account, const struct id *zone,
		     enum api_access access)
{
	static const struct id none;

	return c->who.local || token_allows(&c->who.token, account, zone != NULL ? zone : &none,
					    access == API_READ ? TOKEN_READ : TOKEN_WRITE);
}

static int denied(struct fail *f)
{
	return fail_code(f, FAIL_DENIED, 10000,
			 "Authentication error: the token does not permit this");
}

static int check_zone(struct api_call *c, struct fail *f)
{
	const struct id *id = api_call_id(c, "zone_id");

	if (zone_find(c->tx, c->arena, id, &c->zone, f) < 0)
		return -1;
	c->account = c->zone.account;
	return api_call_allows(c, &c->zone.account, id, c->match.route->access) ? 0 : denied(f);
}

static int check_account(struct api_call *c, struct fail *f)
{
	struct account_row row;
	size_t at;

	c->account = c->who.account;
	if (api_route_param(c->match.route, "account_id", &at))
		c->account = c->ids[at];
	if (!api_call_allows(c, &c->account, NULL, c->match.route->access))
		return denied(f);
	return account_find(c->tx, c->arena, &c->account, &row, f);
}

static int check_system(const struct api_call *c, struct fail *f)
{
	return c->who.owner && api_call_allows(c, &c->who.account, NULL, c->match.route->access) &&
			       (c->who.local || id_is_zero(&c->who.token.zone))
		       ? 0
		       : denied(f);
}

int api_auth_check(struct api_call *c, struct fail *f)
{
	enum api_scope scope = c->match.route->scope;

	if (scope == API_NONE)
		return 0;
	if (find_who(c, f) < 0)
		return -1;
	switch (scope) {
	case API_ZONE: return check_zone(c, f);
	case API_SYSTEM: return check_system(c, f);
	case API_ACCOUNT:
	case API_USER: return check_account(c, f);
	case API_NONE: break;
	}
	must_not_reach();
}
