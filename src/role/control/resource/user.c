/* The user behind a token is its account: there are no persons in this installation. */
#include "model/account.h"
#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"

static int user_get(struct api_call *c, struct fail *f)
{
	static const char *const blank[] = { "first_name", "last_name", "telephone", "country",
					     "zipcode" };
	static const char *const no[] = { "two_factor_authentication_enabled",
					  "two_factor_authentication_locked",
					  "has_pro_zones",
					  "has_business_zones",
					  "has_enterprise_zones",
					  "suspended" };
	struct account_row row;

	if (account_find(c->tx, c->arena, &c->account, &row, f) < 0)
		return -1;
	json_t *o = json_id(&row.id);
	c->result = o;
	json_set_null(o, "email");
	json_set_slice(o, "username", row.name);
	for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]); i++)
		json_set_null(o, blank[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		json_set_bool(o, no[i], false);
	json_set(o, "betas", json_array());
	json_t *organizations = json_array();
	json_array_append_new(organizations, show_account(&row));
	json_set(o, "organizations", organizations);
	json_set_stamp(o, "created_on", row.created_at);
	json_set_stamp(o, "modified_on", row.modified_at);
	return 0;
}

/* Address ranges a firewall of an origin would let in: ours are the operator's own machines. */
static int ips_get(struct api_call *c, struct fail *f)
{
	(void)f;
	json_t *o = json_object();
	json_set_str(o, "etag", "d41d8cd98f00b204e9800998ecf8427e");
	json_set(o, "ipv4_cidrs", json_array());
	json_set(o, "ipv6_cidrs", json_array());
	c->result = o;
	return 0;
}

const struct api_route user_routes[] = {
	{ "GET", "/user", API_USER, API_READ, user_get, .summary = "The user behind the token" },
	{ "GET", "/ips", API_NONE, API_READ, ips_get,
	  .summary = "Address ranges of the edge (none are known to this installation)" },
	API_ROUTES_END,
};
