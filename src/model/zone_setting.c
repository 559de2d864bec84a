#include "model/zone_setting.h"

#include "base/buf.h"
#include "base/text.h"
#include "model/audit.h"
#include "model/row.h"
#include "model/zone.h"

#define ON_OFF "on off"

/* One row, one setting. What bears on security is HONOURED or REFUSED, never STORED. A refused
 * setting still accepts its default, so that clients which write back what they read go on. */
const struct zone_setting zone_settings[] = {
	{ "ssl", ZONE_SETTING_CHOICE, "off flexible full strict origin_pull", "\"full\"",
	  ZONE_SETTING_HONOURED, "origin_pull", "How the edge talks to the origin." },
	{ "ssl_automatic_mode", ZONE_SETTING_CHOICE, "auto custom", "\"custom\"",
	  ZONE_SETTING_REFUSED, NULL, "Chooses ssl by itself." },
	{ "min_tls_version", ZONE_SETTING_CHOICE, "1.0 1.1 1.2 1.3", "\"1.2\"",
	  ZONE_SETTING_REFUSED, NULL, "Least TLS version of clients; 1.2 is the least there is." },
	{ "tls_1_3", ZONE_SETTING_CHOICE, "on off zrt", "\"on\"", ZONE_SETTING_REFUSED, NULL,
	  "TLS 1.3 for clients." },
	{ "tls_1_2_only", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "TLS 1.2 for clients and nothing newer." },
	{ "ciphers", ZONE_SETTING_JSON, NULL, "[]", ZONE_SETTING_REFUSED, NULL,
	  "Cipher suites for clients; empty: the built-in list." },
	{ "always_use_https", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "Redirects plain HTTP to HTTPS." },
	{ "security_header", ZONE_SETTING_JSON, NULL,
	  "{\"strict_transport_security\":{\"enabled\":false,\"max_age\":0,"
	  "\"include_subdomains\":false,\"preload\":false,\"nosniff\":false}}",
	  ZONE_SETTING_REFUSED, NULL, "HTTP Strict Transport Security." },
	{ "tls_client_auth", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "A client certificate for origins." },
	{ "0rtt", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "Early data in TLS 1.3." },
	{ "origin_tls_compliance_modes", ZONE_SETTING_JSON, NULL, "[]", ZONE_SETTING_REFUSED, NULL,
	  "Limits of TLS to origins." },
	{ "sha1_support", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "Certificates with SHA-1 for clients." },
	{ "waf", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "A web application firewall." },
	{ "security_level", ZONE_SETTING_CHOICE, "off essentially_off low medium high under_attack",
	  "\"essentially_off\"", ZONE_SETTING_REFUSED, NULL, "Challenges by reputation." },
	{ "browser_check", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "Refuses clients whose headers look like abuse." },
	{ "hotlink_protection", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "Refuses images to other sites." },
	{ "email_obfuscation", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "Hides addresses from robots." },
	{ "server_side_exclude", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "Hides content from suspicious visitors." },
	{ "privacy_pass", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED, NULL,
	  "Tokens instead of challenges." },
	{ "true_client_ip_header", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED,
	  NULL, "Tells origins the client's address in True-Client-IP." },
	{ "pseudo_ipv4", ZONE_SETTING_CHOICE, "off add_header overwrite_header", "\"off\"",
	  ZONE_SETTING_REFUSED, NULL, "Shows IPv6 clients as IPv4 to origins." },
	{ "automatic_https_rewrites", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED,
	  NULL, "Rewrites http links of pages." },
	{ "opportunistic_encryption", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_REFUSED,
	  NULL, "Offers TLS to requests for http URLs." },
	{ "opportunistic_onion", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Offers an onion service." },
	{ "http2", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "HTTP/2 for clients." },
	{ "http3", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "HTTP/3 for clients." },
	{ "websockets", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "WebSocket connections." },
	{ "ipv6", ZONE_SETTING_CHOICE, ON_OFF, "\"on\"", ZONE_SETTING_STORED, NULL,
	  "IPv6 for clients." },
	{ "h2_prioritization", ZONE_SETTING_CHOICE, "on off custom", "\"off\"", ZONE_SETTING_STORED,
	  NULL, "Priorities of HTTP/2 streams." },
	{ "origin_max_http_version", ZONE_SETTING_CHOICE, "1 2", "\"1\"", ZONE_SETTING_STORED, NULL,
	  "Newest HTTP version towards origins." },
	{ "origin_h2_max_streams", ZONE_SETTING_NUMBER, "1 1000", "1", ZONE_SETTING_STORED, NULL,
	  "Streams of one HTTP/2 connection to an origin." },
	{ "brotli", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Compression of answers." },
	{ "early_hints", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Sends 103 before the answer." },
	{ "orange_to_orange", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "A zone in front of a custom hostname." },
	{ "proxy_read_timeout", ZONE_SETTING_NUMBER, "1 6000", "100", ZONE_SETTING_STORED, NULL,
	  "Seconds to wait for an origin." },
	{ "always_online", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Serves old copies while the origin is away." },
	{ "browser_cache_ttl", ZONE_SETTING_NUMBER, "0 31536000", "14400", ZONE_SETTING_STORED,
	  NULL, "Seconds browsers keep answers." },
	{ "cache_level", ZONE_SETTING_CHOICE, "aggressive basic simplified", "\"aggressive\"",
	  ZONE_SETTING_STORED, NULL, "What would be cached." },
	{ "challenge_ttl", ZONE_SETTING_NUMBER, "300 31536000", "1800", ZONE_SETTING_STORED, NULL,
	  "Seconds a solved challenge lasts." },
	{ "cname_flattening", ZONE_SETTING_CHOICE, "flatten_at_root flatten_all",
	  "\"flatten_at_root\"", ZONE_SETTING_STORED, NULL, "Which CNAME records are flattened." },
	{ "development_mode", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Passes the cache by." },
	{ "edge_cache_ttl", ZONE_SETTING_NUMBER, "30 604800", "7200", ZONE_SETTING_STORED, NULL,
	  "Seconds the edge keeps answers." },
	{ "image_resizing", ZONE_SETTING_CHOICE, "on off open", "\"off\"", ZONE_SETTING_STORED,
	  NULL, "Resizes images." },
	{ "ip_geolocation", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Tells origins the client's country." },
	{ "max_upload", ZONE_SETTING_NUMBER, "1 500", "100", ZONE_SETTING_STORED, NULL,
	  "Megabytes of one upload." },
	{ "minify", ZONE_SETTING_JSON, NULL, "{\"css\":\"off\",\"html\":\"off\",\"js\":\"off\"}",
	  ZONE_SETTING_STORED, NULL, "Makes texts smaller." },
	{ "mirage", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Loads images late." },
	{ "origin_error_page_pass_thru", ZONE_SETTING_CHOICE, ON_OFF, "\"on\"", ZONE_SETTING_STORED,
	  NULL, "Passes on error pages of origins." },
	{ "polish", ZONE_SETTING_CHOICE, "off lossless lossy", "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Makes images smaller." },
	{ "prefetch_preload", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Fetches what a page will want." },
	{ "response_buffering", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Waits for the whole answer of an origin." },
	{ "rocket_loader", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Loads scripts late." },
	{ "sort_query_string_for_cache", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"",
	  ZONE_SETTING_STORED, NULL, "Orders queries before looking into the cache." },
	{ "speed_brain", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Fetches the next page early." },
	{ "webp", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Sends images as WebP." },
	{ "fonts", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Puts fonts into pages." },
	{ "rum", ZONE_SETTING_CHOICE, ON_OFF, "\"off\"", ZONE_SETTING_STORED, NULL,
	  "Measures in browsers." },
};
const size_t zone_setting_count = sizeof(zone_settings) / sizeof(zone_settings[0]);

const struct zone_setting *zone_setting_named(struct slice name)
{
	for (size_t i = 0; i < zone_setting_count; i++)
		if (slice_eq_str(name, zone_settings[i].name))
			return &zone_settings[i];
	return NULL;
}

/* ---- checking ---- */

static bool among(struct slice word, const char *list)
{
	struct slice rest = slice_str(list), one;

	while (slice_split(&rest, ' ', &one))
		if (slice_eq(word, one))
			return true;
	return false;
}

static bool number_fits(const char *bounds, json_int_t n)
{
	struct slice rest = slice_str(bounds), one;
	uint64_t least = 0, most = 0;

	must(slice_split(&rest, ' ', &one) && text_u64(one, INT64_MAX, &least) &&
	     text_u64(rest, INT64_MAX, &most));
	return n >= (json_int_t)least && n <= (json_int_t)most;
}

static bool value_fits(const struct zone_setting *s, const json_t *v)
{
	switch (s->type) {
	case ZONE_SETTING_CHOICE:
		return json_is_string(v) && among(slice_str(json_string_value(v)), s->allowed);
	case ZONE_SETTING_NUMBER:
		return json_is_integer(v) && number_fits(s->allowed, json_integer_value(v));
	case ZONE_SETTING_JSON: return json_is_array(v) || json_is_object(v);
	}
	must_not_reach();
}

/* min_tls_version below 1.2 asks for less than there is always: harmless. */
static bool value_is_given_anyway(const struct zone_setting *s, const json_t *v)
{
	json_t *usual = json_loads(s->value, JSON_DECODE_ANY, NULL);
	bool same = json_equal(usual, v);

	json_decref(usual);
	if (same || strcmp(s->name, "min_tls_version") != 0)
		return same;
	return !slice_eq_str(slice_str(json_string_value(v)), "1.3");
}

static bool value_is_later(const struct zone_setting *s, const json_t *v)
{
	if (s->state == ZONE_SETTING_REFUSED)
		return !value_is_given_anyway(s, v);
	return s->refused != NULL && among(slice_str(json_string_value(v)), s->refused);
}

int zone_setting_check(const struct zone_setting *s, struct slice json, struct fail *f)
{
	json_t *v = json_loadb((const char *)json.p, json.n, JSON_DECODE_ANY, NULL);
	bool fits = v != NULL && value_fits(s, v);
	bool later = fits && value_is_later(s, v);

	json_decref(v);
	if (!fits)
		return fail_code(f, FAIL_INPUT, 1007, "Invalid value for zone setting %s", s->name);
	if (later)
		return fail_code(f, FAIL_INPUT, 1016, "%s = %.*s is not available in this version",
				 s->name, SLICE_ARG(json));
	return 0;
}

/* ---- storing ---- */

static const struct sql_stmt setting_get = {
	"select value, modified_at from zone_setting where zone = $1 and name = $2"
};

int zone_setting_get(struct sql_tx *tx, struct arena *a, const struct id *zone,
		     const struct zone_setting *s, struct slice *json, stamp *modified,
		     struct fail *f)
{
	struct sql_query q;

	*json = slice_str(s->value);
	*modified = 0;
	sql_start(&q, tx, &setting_get);
	sql_bind_id(&q, 1, zone);
	sql_bind_text(&q, 2, slice_str(s->name));
	if (sql_row(&q)) {
		*json = row_text(&q, 0, a);
		*modified = sql_i64(&q, 1);
	}
	return sql_end(&q, f);
}

static const struct sql_stmt setting_put = {
	"insert into zone_setting (zone, name, value, modified_at) values ($1, $2, $3, $4)"
	" on conflict (zone, name) do update set value = excluded.value,"
	" modified_at = excluded.modified_at"
};

/* What a setting does beyond being stored: ssl is part of the zone's record. */
static int setting_effect(struct sql_tx *tx, struct act *act, struct zone_row *zone,
			  const struct zone_setting *s, struct slice json, struct fail *f)
{
	if (strcmp(s->name, "ssl") != 0)
		return 0;
	must(json.n >= 2 && ssl_mode_parse(slice_sub(json, 1, json.n - 2), &zone->ssl));
	return zone_save(tx, act, zone, f);
}

int zone_setting_put(struct sql_tx *tx, struct act *act, const struct id *zone_id,
		     const struct zone_setting *s, struct slice json, struct fail *f)
{
	struct zone_row zone;
	struct slice was;
	struct sql_query q;
	stamp modified;

	if (zone_setting_check(s, json, f) < 0 ||
	    zone_find(tx, act->arena, zone_id, &zone, f) < 0 ||
	    zone_setting_get(tx, act->arena, zone_id, s, &was, &modified, f) < 0)
		return -1;
	sql_start(&q, tx, &setting_put);
	sql_bind_id(&q, 1, zone_id);
	sql_bind_text(&q, 2, slice_str(s->name));
	sql_bind_text(&q, 3, json);
	sql_bind_i64(&q, 4, act->now);
	if (sql_end(&q, f) < 0 || setting_effect(tx, act, &zone, s, json, f) < 0)
		return -1;
	return audit_append(tx, act,
			    &(struct audit_note){ .action = "zone_setting.update",
						  .object_kind = "zone_setting",
						  .object = *zone_id,
						  .object_name = slice_str(s->name),
						  .account = zone.account,
						  .zone = *zone_id,
						  .before = was,
						  .after = json },
			    f);
}

const struct sql_stmt *const zone_setting_statements[] = { &setting_get, &setting_put, NULL };
