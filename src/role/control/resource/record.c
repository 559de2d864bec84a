/* DNS records. Those that name an origin (A, AAAA, CNAME) are served; the others that the world
 * knows are refused by name until there is a DNS server to serve them. */
#include "model/record.h"

#include "model/name.h"
#include "role/control/resource/body.h"
#include "role/control/resource/resources.h"
#include "role/control/resource/show.h"

static const char *const types_later[] = {
	"CAA", "CERT",   "DNSKEY", "DS",  "HTTPS", "LOC",  "MX",   "NAPTR", "NS",  "OPENPGPKEY",
	"PTR", "SMIMEA", "SPF",    "SRV", "SSHFP", "SVCB", "TLSA", "TXT",   "URI", NULL,
};
static const char *const orders[] = { "type", "name", "content", "ttl", "proxied", NULL };

static const struct api_field record_fields[] = {
	{ "type", FIELD_STRING, FIELD_REQUIRED, .max = 16, .code = 9207,
	  .about = "A, AAAA or CNAME." },
	{ "name", FIELD_STRING, FIELD_REQUIRED, .min = 1, .max = 255, .code = 9000,
	  .about = "Full, relative to the zone, or @." },
	{ "content", FIELD_STRING, FIELD_REQUIRED, .min = 1, .max = RECORD_CONTENT_MAX,
	  .code = 1004, .about = "An address, or the name of the origin." },
	{ "ttl", FIELD_INT, .min = 1, .max = 86400, .code = 9021,
	  .about = "Seconds; 1: automatic." },
	{ "proxied", FIELD_BOOL, .about = "Served by the edge over HTTPS." },
	{ "comment", FIELD_STRING, FIELD_NULLABLE, .max = RECORD_COMMENT_MAX },
	{ "tags", FIELD_LIST, .max = 20 },
	{ "everseal", FIELD_OBJECT, .fields = body_everseal_fields,
	  .about = "How the origin is spoken to: scheme and ports." },
	FIELD_END,
};

static const struct api_field list_fields[] = {
	{ "type", FIELD_LIST },
	{ "name", FIELD_STRING },
	{ "name.exact", FIELD_STRING },
	{ "name.contains", FIELD_STRING },
	{ "name.startswith", FIELD_STRING },
	{ "name.endswith", FIELD_STRING },
	{ "content", FIELD_STRING },
	{ "content.exact", FIELD_STRING },
	{ "content.contains", FIELD_STRING },
	{ "content.startswith", FIELD_STRING },
	{ "content.endswith", FIELD_STRING },
	{ "comment", FIELD_STRING },
	{ "comment.present", FIELD_STRING },
	{ "comment.absent", FIELD_STRING },
	{ "comment.exact", FIELD_STRING },
	{ "comment.contains", FIELD_STRING },
	{ "comment.startswith", FIELD_STRING },
	{ "comment.endswith", FIELD_STRING },
	{ "tag", FIELD_LIST },
	{ "tag.exact", FIELD_STRING },
	{ "tag.present", FIELD_STRING },
	{ "tag.absent", FIELD_STRING },
	{ "proxied", FIELD_BOOL },
	{ "search", FIELD_STRING, .about = "In name, content, comment or tags." },
	{ "match", FIELD_STRING, .allowed = body_match_modes },
	{ "order", FIELD_STRING, .allowed = orders },
	FIELD_END,
};

/* ---- shape ---- */

static int show_everseal(struct api_call *c, const struct record_row *row, json_t *o,
			 struct fail *f)
{
	json_t *everseal = json_object();

	json_set(o, "everseal", everseal);
	json_set(everseal, "origin",
		 show_origin(row->origin_scheme, SLICE_NONE, row->origin_http_port,
			     row->origin_https_port));
	return show_served(c, row->name, everseal, f);
}

static json_t *tags_of(const struct record_row *row)
{
	json_t *tags = json_loadb((const char *)row->tags.p, row->tags.n, 0, NULL);

	return tags != NULL ? tags : json_array();
}

int show_record(struct api_call *c, const struct record_row *row, json_t **out, struct fail *f)
{
	json_t *o = json_id(&row->id);

	*out = o;
	json_set_hex(o, "zone_id", &row->zone);
	json_set_slice(o, "zone_name", c->zone.name);
	json_set_slice(o, "name", row->name);
	json_set_str(o, "type", record_type_name(row->type));
	json_set_slice(o, "content", row->content);
	json_set_bool(o, "proxiable", true);
	json_set_bool(o, "proxied", row->proxied);
	json_set_int(o, "ttl", row->ttl);
	json_set(o, "settings", json_object());
	json_set(o, "meta", json_object());
	json_set_slice(o, "comment", row->comment);
	json_set(o, "tags", tags_of(row));
	json_set_stamp(o, "created_on", row->created_at);
	json_set_stamp(o, "modified_on", row->modified_at);
	return row->proxied ? show_everseal(c, row, o, f) : 0;
}

static int item(struct api_call *c, const struct id *id, json_t **out, struct fail *f)
{
	struct record_row row;

	return record_find(c->tx, c->arena, &c->zone.id, id, &row, f) < 0
		       ? -1
		       : show_record(c, &row, out, f);
}

/* ---- list ---- */

static bool starts_with(struct slice text, struct slice part)
{
	return slice_eq_nocase(slice_sub(text, 0, part.n), part);
}

static bool ends_with(struct slice text, struct slice part)
{
	return text.n >= part.n && slice_eq_nocase(slice_from(text, text.n - part.n), part);
}

static bool is_there(struct slice text, struct slice part)
{
	(void)part;
	return text.n > 0;
}

static bool is_absent(struct slice text, struct slice part)
{
	(void)part;
	return text.n == 0;
}

static bool has_tag(struct slice tags, struct slice tag)
{
	json_t *list = json_loadb((const char *)tags.p, tags.n, 0, NULL);
	bool found = false;
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v)
	{
		struct slice text = slice_str(json_string_value(v));
		found = found || slice_eq_nocase(text, tag) ||
			slice_eq_nocase(slice_sub(text, 0, slice_find(text, ':')), tag);
	}
	json_decref(list);
	return found;
}

static bool lacks_tag(struct slice tags, struct slice tag)
{
	return !has_tag(tags, tag);
}

#define FIELD(member) offsetof(struct record_row, member)

/* Filters over one text of the row. */
static const struct {
	const char *key;
	size_t offset;
	bool (*passes)(struct slice text, struct slice filter);
} text_filters[] = {
	{ "name.exact", FIELD(name), slice_eq_nocase },
	{ "name.contains", FIELD(name), api_filter_contains },
	{ "name.startswith", FIELD(name), starts_with },
	{ "name.endswith", FIELD(name), ends_with },
	{ "content", FIELD(content), slice_eq_nocase },
	{ "content.exact", FIELD(content), slice_eq_nocase },
	{ "content.contains", FIELD(content), api_filter_contains },
	{ "content.startswith", FIELD(content), starts_with },
	{ "content.endswith", FIELD(content), ends_with },
	{ "comment", FIELD(comment), slice_eq_nocase },
	{ "comment.present", FIELD(comment), is_there },
	{ "comment.absent", FIELD(comment), is_absent },
	{ "comment.exact", FIELD(comment), slice_eq_nocase },
	{ "comment.contains", FIELD(comment), api_filter_contains },
	{ "comment.startswith", FIELD(comment), starts_with },
	{ "comment.endswith", FIELD(comment), ends_with },
	{ "tag.exact", FIELD(tags), has_tag },
	{ "tag.present", FIELD(tags), has_tag },
	{ "tag.absent", FIELD(tags), lacks_tag },
};

static void match_texts(struct body_match *m, const json_t *query, const struct record_row *row)
{
	for (size_t i = 0; i < sizeof(text_filters) / sizeof(text_filters[0]); i++) {
		struct slice filter = json_get_slice(query, text_filters[i].key);
		struct slice text;
		memcpy(&text, (const char *)row + text_filters[i].offset, sizeof(text));
		body_match_add(m, filter.p != NULL,
			       filter.p != NULL && text_filters[i].passes(text, filter));
	}
}

static void match_tags(struct body_match *m, const json_t *query, const struct record_row *row)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(query, "tag"), i, v)
		body_match_add(m, true, has_tag(row->tags, slice_str(json_string_value(v))));
}

static bool found_by_search(struct slice filter, const struct record_row *row)
{
	return api_filter_contains(row->name, filter) ||
	       api_filter_contains(row->content, filter) ||
	       api_filter_contains(row->comment, filter) || api_filter_contains(row->tags, filter);
}

struct walk {
	struct api_list list; /* first: it is what the callbacks get */
	struct slice name;    /* full, or absent */
	const char *order;
};

static bool matches(const struct walk *w, const struct record_row *row)
{
	const json_t *q = w->list.call->query;
	const json_t *types = json_object_get(q, "type");
	struct slice search = json_get_slice(q, "search");
	bool proxied = json_get_bool(q, "proxied", false);
	struct body_match m;

	body_match_begin(&m, q);
	body_match_add(&m, json_array_size(types) > 0,
		       api_filter_list(types, record_type_name(row->type)));
	body_match_add(&m, w->name.p != NULL, slice_eq_nocase(row->name, w->name));
	body_match_add(&m, json_has(q, "proxied"), row->proxied == proxied);
	body_match_add(&m, search.p != NULL, search.p != NULL && found_by_search(search, row));
	match_texts(&m, q, row);
	match_tags(&m, q, row);
	return body_match_end(&m);
}

/* Numbers sort as texts of one length. */
static struct slice sort_key(const struct walk *w, const struct record_row *row)
{
	struct arena *a = w->list.call->arena;

	switch (w->order[0]) {
	case 'c': return row->content;
	case 'p': return slice_str(row->proxied ? "1" : "0");
	default:
		if (w->order[1] == 't')
			return slice_str(arena_printf(a, "%010u", row->ttl));
		return slice_str(record_type_name(row->type));
	}
}

static bool on_record(void *arg, const struct record_row *row)
{
	struct walk *w = arg;

	if (matches(w, row))
		api_list_add(&w->list, &row->id, w->list.sorted ? sort_key(w, row) : SLICE_NONE);
	return true;
}

/* A name as it is asked for: "@" and a trailing dot are understood. */
static struct slice wanted_name(struct api_call *c)
{
	struct slice name = json_get_slice(c->query, "name");

	if (slice_eq(name, slice_lit("@")))
		return c->zone.name;
	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	return api_lower(c, name);
}

static int record_list(struct api_call *c, struct fail *f)
{
	const char *order = json_get_str(c->query, "order");
	struct walk w = { .name = wanted_name(c), .order = order != NULL ? order : "name" };
	struct body_match m;

	body_match_begin(&m, c->query);
	api_list_begin(&w.list, c, strcmp(w.order, "name") != 0);
	int r = record_each(c->tx, &c->zone.id, m.any ? SLICE_NONE : w.name, on_record, &w, f);
	return api_list_end(&w.list, r, item, f);
}

/* ---- one ---- */

static int take_type(const json_t *body, struct record_row *want, struct fail *f)
{
	struct slice text = json_get_slice(body, "type");

	if (text.p == NULL || record_type_parse(text, &want->type))
		return 0;
	for (const char *const *t = types_later; *t != NULL; t++)
		if (slice_eq_nocase(text, slice_str(*t)))
			return fail_code(f, FAIL_INPUT, 9211,
					 "%s records are not available in this version: A, AAAA "
					 "and CNAME are",
					 *t);
	return fail_code(f, FAIL_INPUT, 9207, "unknown record type %.*s", SLICE_ARG(text));
}

static struct slice tags_text(struct api_call *c, const json_t *tags)
{
	char *text = json_dumps(tags, JSON_COMPACT);
	struct slice copy = arena_copy(c->arena, slice_str(text));

	free(text);
	return copy;
}

/* What the body says on top of what *want holds. */
static int take_body(struct api_call *c, struct record_row *want, struct fail *f)
{
	const json_t *b = c->body;
	struct origin_want origin = { want->origin_scheme, want->origin_http_port,
				      want->origin_https_port, SLICE_NONE, SLICE_NONE };

	if (take_type(b, want, f) < 0)
		return -1;
	if (json_has(b, "name"))
		want->name = json_get_slice(b, "name");
	if (json_has(b, "content"))
		want->content = json_get_slice(b, "content");
	if (json_object_get(b, "comment") != NULL)
		want->comment = json_get_slice(b, "comment");
	if (json_has(b, "tags"))
		want->tags = tags_text(c, json_object_get(b, "tags"));
	want->ttl = (uint32_t)json_get_int(b, "ttl", want->ttl);
	want->proxied = json_get_bool(b, "proxied", want->proxied);
	if (body_origin(b, &origin) && (origin.host.p != NULL || origin.sni.p != NULL))
		return fail_code(f, FAIL_INPUT, 9207,
				 "everseal.origin of a record takes scheme and ports: the host is "
				 "its content");
	want->origin_scheme = origin.scheme;
	want->origin_http_port = origin.http_port;
	want->origin_https_port = origin.https_port;
	return 0;
}

static int record_post(struct api_call *c, struct fail *f)
{
	struct record_row out;
	struct record_row want = { .zone = c->zone.id, .ttl = 1 };

	if (take_body(c, &want, f) < 0 || record_create(c->tx, &c->act, &want, &out, f) < 0)
		return -1;
	return show_record(c, &out, &c->result, f);
}

static int record_get(struct api_call *c, struct fail *f)
{
	return item(c, api_call_id(c, "record_id"), &c->result, f);
}

/* What a PUT leaves out is as if it were new. */
static int record_put(struct api_call *c, struct fail *f)
{
	const struct id *id = api_call_id(c, "record_id");
	struct record_row out;
	struct record_row want = { .id = *id, .zone = c->zone.id, .ttl = 1 };

	if (take_body(c, &want, f) < 0 || record_replace(c->tx, &c->act, &want, &out, f) < 0)
		return -1;
	return show_record(c, &out, &c->result, f);
}

static int record_patch(struct api_call *c, struct fail *f)
{
	const struct id *id = api_call_id(c, "record_id");
	struct record_row want;
	struct record_row out;

	if (record_find(c->tx, c->arena, &c->zone.id, id, &want, f) < 0)
		return -1;
	if (take_body(c, &want, f) < 0 || record_replace(c->tx, &c->act, &want, &out, f) < 0)
		return -1;
	return show_record(c, &out, &c->result, f);
}

static int record_remove(struct api_call *c, struct fail *f)
{
	const struct id *id = api_call_id(c, "record_id");

	if (record_delete(c->tx, &c->act, &c->zone.id, id, f) < 0)
		return -1;
	c->result = json_id(id);
	return 0;
}

#define RECORDS "/zones/{zone_id}/dns_records"
#define RECORD  RECORDS "/{record_id}"

const struct api_route record_routes[] = {
	{ "GET", RECORDS, API_ZONE, API_READ, record_list, .query = list_fields, .per_page = 100,
	  .per_page_max = 5000, .summary = "List DNS records" },
	{ "POST", RECORDS, API_ZONE, API_WRITE, record_post, .body = record_fields,
	  .summary = "Create a DNS record" },
	{ "GET", RECORD, API_ZONE, API_READ, record_get, .summary = "One DNS record" },
	{ "PUT", RECORD, API_ZONE, API_WRITE, record_put, .body = record_fields,
	  .summary = "Replace a DNS record" },
	{ "PATCH", RECORD, API_ZONE, API_WRITE, record_patch, .body = record_fields,
	  .summary = "Change a DNS record" },
	{ "DELETE", RECORD, API_ZONE, API_WRITE, record_remove, .summary = "Delete a DNS record" },
	API_ROUTES_END,
};
