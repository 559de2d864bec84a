#include "role/control/api/error.h"

#include "role/control/api/json.h"

/* Ordered by code. Where clients look at a code, the meaning is the one they know. */
const struct api_error api_errors[] = {
	{ 1000, 401, 0, "this token does not exist, has expired or is disabled (on verify)" },
	{ 1001, 404, 0, "no such zone" },
	{ 1003, 404, 0, "no such token" },
	{ 1004, 400, 0, "DNS validation error: the record cannot be served as asked" },
	{ 1006, 400, 0, "no such zone setting" },
	{ 1007, 400, 0, "invalid value for a zone setting" },
	{ 1008, 404, 0, "no such thing" },
	{ 1015, 400, 0, "not available in this version" },
	{ 1016, 400, 0, "this thing cannot be changed" },
	{ 1049, 400, 0, "not a name that can be registered" },
	{ 1061, 400, 0, "the zone exists already" },
	{ 1097, 400, 0, "this name cannot be a zone: reserved, or this installation's own" },
	{ 1224, 429, 0, "asked again too soon" },
	{ 1400, 400, 0, "the custom hostname's body is not what it should be" },
	{ 1401, 400, 0, "custom metadata is not an object of texts" },
	{ 1406, 409, 0, "the hostname exists already or belongs to another account" },
	{ 1407, 400, 0, "invalid hostname" },
	{ 1408, 400, 0, "a hostname of non-ASCII letters: send its punycode form" },
	{ 1409, 400, 0, "a hostname below a reserved top-level name" },
	{ 1410, 400, 0, "a hostname that is not under a public suffix" },
	{ 1412, 400, 0, "custom metadata and a wildcard do not go together" },
	{ 1415, 400, 0, "malformed custom origin server" },
	{ 1416, 400, 0, "a custom origin server in a forbidden address range" },
	{ 1419, 400, 0, "an origin that is this installation itself" },
	{ 1421, 400, 0, "the custom origin server is not a record of the zone" },
	{ 1422, 400, 0, "invalid value of ssl.settings.http2" },
	{ 1423, 400, 0, "invalid value of ssl.settings.tls_1_2_only" },
	{ 1424, 400, 0, "invalid value of ssl.settings.tls_1_3" },
	{ 1425, 400, 0, "a minimum TLS version that is not served" },
	{ 1432, 400, 0, "unknown validation method" },
	{ 1433, 400, 0, "unknown certificate type" },
	{ 1434, 400, 0, "an attribute of ssl that is not available in this version" },
	{ 1435, 400, 0, "an identifier of a custom hostname that is none" },
	{ 1436, 404, 0, "no such custom hostname" },
	{ 1438, 400, 0, "the filter id goes with no other filter" },
	{ 1439, 409, 0, "this change is not possible in the hostname's present state" },
	{ 1440, 400, 0, "ssl needs both method and type" },
	{ 1442, 400, 0, "ciphers that are not available in this version" },
	{ 1449, 400, 0, "unknown bundle method" },
	{ 1551, 404, 0, "no fallback origin is set" },
	{ 6003, 400, 0, "Invalid request headers" },
	{ 6007, 400, 0, "malformed JSON in the request body" },
	{ 6008, 415, 0, "the body is not JSON" },
	{ 6009, 413, 0, "the request is too large" },
	{ 6111, 400, 6003, "Invalid format for Authorization header" },
	{ 7001, 405, 0, "this method is not available for that URI" },
	{ 7003, 404, 0, "could not route: no such URI, or an identifier that is none" },
	{ 9000, 400, 0, "missing or invalid record name" },
	{ 9005, 400, 0, "the content of an A record is not an IPv4 address" },
	{ 9006, 400, 0, "the content of an AAAA record is not an IPv6 address" },
	{ 9007, 400, 0, "the content of a CNAME record is not a hostname" },
	{ 9015, 400, 0, "the content is too long" },
	{ 9021, 400, 0, "invalid ttl" },
	{ 9039, 400, 0, "a CNAME record cannot name itself" },
	{ 9041, 400, 0, "this record cannot be proxied" },
	{ 9103, 403, 0, "unknown X-Auth-Key or X-Auth-Email: global keys do not exist here" },
	{ 9106, 400, 0, "no credentials: send Authorization: Bearer TOKEN" },
	{ 9109, 401, 0, "invalid access token" },
	{ 9207, 400, 0, "the request is invalid" },
	{ 9208, 400, 0, "a field of the wrong JSON type" },
	{ 9211, 400, 0, "this record type is not available in this version" },
	{ 10000, 403, 0, "the token does not permit this" },
	{ 10001, 409, 0, "not possible in the present state" },
	{ 10013, 500, 0, "the server failed" },
	{ 10014, 503, 0, "the server cannot do it now: try again" },
	{ 10015, 502, 0, "another part of the system failed" },
	{ 10016, 504, 0, "another part of the system did not answer in time" },
	{ 10429, 429, 0, "too many requests, or a limit is reached" },
	{ 81044, 404, 0, "no such record" },
	{ 81053, 400, 0, "an A, AAAA or CNAME record with that name exists" },
	{ 81054, 400, 0, "a CNAME record with that name exists" },
	{ 81058, 400, 0, "an identical record exists" },
	{ 0 },
};

/* What a failure that names no code is answered with. */
static int code_of_kind(enum fail_kind kind)
{
	switch (kind) {
	case FAIL_INPUT: return 9207;
	case FAIL_DENIED: return 10000;
	case FAIL_ABSENT: return 1008;
	case FAIL_CONFLICT: return 10001;
	case FAIL_LIMIT: return 10429;
	case FAIL_PEER: return 10015;
	case FAIL_TIMEOUT: return 10016;
	case FAIL_UNAVAILABLE: return 10014;
	case FAIL_NONE:
	case FAIL_SYSTEM: return 10013;
	}
	must_not_reach();
}

/* The row, or the one that ends the table. */
static const struct api_error *row_of(int code)
{
	const struct api_error *e = api_errors;

	while (e->code != 0 && e->code != code)
		e++;
	return e;
}

const struct api_error *api_error_of(const struct fail *f)
{
	const struct api_error *e = row_of(f->code);

	return e->code != 0 ? e : row_of(code_of_kind(f->kind));
}

static json_t *item(int code, const char *message)
{
	json_t *o = json_object();

	json_set_int(o, "code", code);
	json_set(o, "message", json_words(message));
	return o;
}

json_t *api_error_json(const struct fail *f)
{
	const struct api_error *e = api_error_of(f);
	const char *words = f->words[0] != '\0' ? f->words : e->about;
	json_t *list = json_array();

	if (e->parent == 0) {
		json_array_append_new(list, item(e->code, words));
		return list;
	}
	json_t *outer = item(e->parent, row_of(e->parent)->about);
	json_t *chain = json_array();
	json_array_append_new(chain, item(e->code, words));
	json_set(outer, "error_chain", chain);
	json_array_append_new(list, outer);
	return list;
}
