#include "cli/client.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"

#define ANSWER_MAX    (64u << 20)
#define TIMEOUT_S     60L
#define PAGE_SIZE     "50"
#define PREFIX        "/client/v4"
#define URL_BY_SOCKET "http://localhost" PREFIX

struct client {
	CURL *curl;
	struct curl_slist *headers;
	struct client_where where;
	struct buf answer;
	char error[CURL_ERROR_SIZE];
};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct client *c = arg;

	if (c->answer.n + size * count > ANSWER_MAX)
		return 0;
	buf_add(&c->answer, slice_of(bytes, size * count));
	return size * count;
}

static void header_add(struct client *c, const char *line)
{
	c->headers = curl_slist_append(c->headers, line);
	must(c->headers != NULL);
}

int client_open(struct client **out, const struct client_where *where, struct fail *f)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return fail(f, FAIL_SYSTEM, "libcurl does not start");
	struct client *c = calloc(1, sizeof(*c));
	must(c != NULL);
	c->where = *where;
	c->curl = curl_easy_init();
	must(c->curl != NULL);
	header_add(c, "Content-Type: application/json");
	header_add(c, "Expect:");
	if (where->token != NULL) {
		struct buf line = BUF_INIT;
		buf_addf(&line, "Authorization: Bearer %s", where->token);
		header_add(c, buf_str(&line));
		buf_free_wiped(&line);
	}
	*out = c;
	return 0;
}

void client_close(struct client *c)
{
	if (c == NULL)
		return;
	curl_slist_free_all(c->headers);
	curl_easy_cleanup(c->curl);
	buf_free_wiped(&c->answer);
	free(c);
	curl_global_cleanup();
}

static void request_prepare(struct client *c, const char *method, const char *url,
			    struct slice body)
{
	curl_easy_reset(c->curl);
	if (c->where.url == NULL)
		curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->where.socket);
	curl_easy_setopt(c->curl, CURLOPT_URL, url);
	curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
	if (body.p != NULL) {
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, (const char *)body.p);
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE, (long)body.n);
	}
}

static int unreachable(struct client *c, CURLcode code, struct fail *f)
{
	const char *why = c->error[0] != '\0' ? c->error : curl_easy_strerror(code);
	long number = 0;

	if (c->where.url != NULL)
		return fail(f, FAIL_UNAVAILABLE, "the API at %s does not answer: %s", c->where.url,
			    why);
	if (code == CURLE_COULDNT_CONNECT &&
	    curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number != 0)
		why = strerror((int)number);
	return fail(f, FAIL_UNAVAILABLE,
		    "nothing answers at %s (%s): is `everseal up` running on this data folder? "
		    "Name another with --data DIR, or set EVERSEAL_API and EVERSEAL_TOKEN",
		    c->where.socket, why);
}

int client_raw(struct client *c, const char *method, const char *path, struct slice body,
	       long *status, char **text, struct fail *f)
{
	struct buf url = BUF_INIT;

	/* A base with or without its last slash, a path with or without the API's prefix. */
	if (strncmp(path, PREFIX "/", sizeof(PREFIX)) == 0)
		path += sizeof(PREFIX) - 1;
	buf_add_str(&url, c->where.url == NULL ? URL_BY_SOCKET : c->where.url);
	if (url.p[url.n - 1] == '/')
		buf_cut(&url, url.n - 1);
	buf_add_str(&url, path);
	buf_clear(&c->answer);
	c->error[0] = '\0';
	request_prepare(c, method, buf_str(&url), body);
	CURLcode code = curl_easy_perform(c->curl);
	buf_free(&url);
	if (code != CURLE_OK)
		return unreachable(c, code, f);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, status);
	*text = strdup(buf_str(&c->answer));
	must(*text != NULL);
	return 0;
}

static enum fail_kind kind_of_status(long status)
{
	switch (status) {
	case 400: return FAIL_INPUT;
	case 401:
	case 403: return FAIL_DENIED;
	case 404: return FAIL_ABSENT;
	case 409: return FAIL_CONFLICT;
	case 429: return FAIL_LIMIT;
	case 503: return FAIL_UNAVAILABLE;
	}
	return FAIL_PEER;
}

static int refused(const json_t *answer, long status, struct fail *f)
{
	const json_t *error = json_array_get(json_object_get(answer, "errors"), 0);
	const char *words = json_string_value(json_object_get(error, "message"));
	long long code = json_integer_value(json_object_get(error, "code"));

	if (words == NULL)
		return fail(f, FAIL_PEER, "the API answered %ld without an explanation", status);
	return fail_code(f, kind_of_status(status), (int)code, "%s (HTTP %ld, code %lld)", words,
			 status, code);
}

int client_call(struct client *c, const char *method, const char *path, const json_t *body,
		json_t **answer, struct fail *f)
{
	char *sent = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	char *text;
	long status;
	int r = client_raw(c, method, path, slice_str(sent), &status, &text, f);

	free(sent);
	if (r < 0)
		return -1;
	json_t *envelope = json_loads(text, 0, NULL);
	free(text);
	if (json_is_true(json_object_get(envelope, "success"))) {
		*answer = envelope;
		return 0;
	}
	r = refused(envelope, status, f);
	json_decref(envelope);
	return r;
}

int client_list(struct client *c, const char *path, json_t **rows, struct fail *f)
{
	const char *joint = strchr(path, '?') == NULL ? "?" : "&";
	json_t *all = json_array();
	json_int_t page = 1, pages = 1;

	for (; page <= pages; page++) {
		struct buf at = BUF_INIT;
		json_t *answer;

		buf_addf(&at, "%s%sper_page=" PAGE_SIZE "&page=%lld", path, joint, (long long)page);
		int r = client_call(c, "GET", buf_str(&at), NULL, &answer, f);
		buf_free(&at);
		if (r < 0) {
			json_decref(all);
			return -1;
		}
		json_array_extend(all, json_object_get(answer, "result"));
		const json_t *info = json_object_get(answer, "result_info");
		pages = json_integer_value(json_object_get(info, "total_pages"));
		json_decref(answer);
	}
	*rows = all;
	return 0;
}

void client_escape(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		uint8_t c = (uint8_t)*text;
		if (text_is_alpha(c) || text_is_digit(c) || strchr("-._~", c) != NULL)
			buf_add_byte(out, c);
		else
			buf_addf(out, "%%%02X", c);
	}
}
