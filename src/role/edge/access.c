/* The pipe is shared by all workers: what is written in one call of at most PIPE_BUF bytes arrives
 * in one piece, so whole lines are packed into calls of at most that size. */
#include "role/edge/access.h"

#include "base/must.h"
#include "run/metrics/metrics.h"

#include <limits.h>
#include <unistd.h>

#define TEXT_MOST 1024 /* bytes of one text in a line, so that a line stays under PIPE_BUF */
#define LINE_MOST PIPE_BUF

const char *side_name(enum side side)
{
	switch (side) {
	case SIDE_NONE: return "";
	case SIDE_CLIENT: return "client";
	case SIDE_EDGE: return "edge";
	case SIDE_ORIGIN: return "origin";
	}
	must_not_reach();
}

/* ---- lines ---- */

static bool is_plain(uint8_t c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

static void add_name(struct buf *out, const char *name)
{
	buf_add_str(out, ",\"");
	buf_add_str(out, name);
	buf_add_str(out, "\":");
}

/* What is not printable ASCII is written as the character of the byte's number. */
static void add_text(struct buf *out, const char *name, struct slice s)
{
	s = slice_sub(s, 0, TEXT_MOST);
	add_name(out, name);
	buf_add_byte(out, '"');
	while (s.n > 0) {
		size_t n = 0;
		while (n < s.n && is_plain(s.p[n]))
			n++;
		buf_add(out, slice_sub(s, 0, n));
		if (n < s.n)
			buf_addf(out, "\\u%04x", s.p[n++]);
		s = slice_from(s, n);
	}
	buf_add_byte(out, '"');
}

static void add_number(struct buf *out, const char *name, uint64_t n)
{
	add_name(out, name);
	buf_add_u64(out, n);
}

static void add_bool(struct buf *out, const char *name, bool yes)
{
	add_name(out, name);
	buf_add_str(out, yes ? "true" : "false");
}

static void add_tls(struct buf *out, const struct access_entry *e)
{
	char certificate[ID_HEX + 1] = "";

	if (e->certificate != NULL)
		id_hex(e->certificate, certificate);
	add_text(out, "tls_version", slice_str(e->tls_version));
	add_text(out, "tls_group", slice_str(e->tls_group));
	add_text(out, "tls_cipher", slice_str(e->tls_cipher));
	add_bool(out, "tls_resumed", e->resumed);
	add_text(out, "certificate", slice_str(certificate));
}

void access_write(const struct access_entry *e, struct buf *out)
{
	char at[STAMP_TEXT];
	char client[DNS_ADDRESS_TEXT];

	stamp_text(e->at, at);
	buf_add_str(out, "{\"time\":\"");
	buf_add_str(out, at);
	buf_add_byte(out, '"');
	add_text(out, "request_id", slice_str(e->id));
	add_text(out, "client", slice_str(dns_address_text(e->client, client)));
	add_text(out, "sni", e->sni);
	add_text(out, "host", e->host);
	add_text(out, "zone", e->zone);
	add_text(out, "method", e->method);
	add_text(out, "path", e->path);
	add_text(out, "scheme", slice_str(e->secure ? "https" : "http"));
	add_text(out, "protocol", slice_str(e->minor == 0 ? "HTTP/1.0" : "HTTP/1.1"));
	if (e->secure)
		add_tls(out, e);
	add_number(out, "status", (uint64_t)e->status);
	add_text(out, "fault", slice_str(side_name(e->side)));
	if (e->why != NULL)
		add_text(out, "why", slice_str(e->why));
	add_number(out, "bytes_in", e->bytes_in);
	add_number(out, "bytes_out", e->bytes_out);
	add_number(out, "micros", e->micros);
	if (e->origin_micros > 0) {
		add_number(out, "origin_micros", e->origin_micros);
		add_bool(out, "origin_reused", e->origin_reused);
		add_bool(out, "retried", e->retried);
	}
	buf_add_str(out, "}\n");
}

/* ---- the pipe ---- */

static size_t count_lines(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

/* As many whole lines as fit one call. */
static struct slice next_pack(struct slice rest)
{
	size_t end = 0;

	for (;;) {
		size_t line = slice_find(slice_from(rest, end), '\n') + 1;
		if (end + line > rest.n || (end > 0 && end + line > LINE_MOST))
			return slice_sub(rest, 0, end);
		end += line;
	}
}

static void flush(struct access_log *a)
{
	struct slice rest = buf_slice(&a->lines);

	while (rest.n > 0) {
		struct slice pack = next_pack(rest);
		ssize_t n = write(a->fd, pack.p, pack.n);
		if (n < 0)
			metrics_add(METRIC_access_dropped, count_lines(pack));
		rest = slice_from(rest, pack.n);
	}
	buf_clear(&a->lines);
}

static void on_flush(struct deferred *d)
{
	flush(container_of(d, struct access_log, flush));
}

void access_init(struct access_log *a, struct loop *loop, int fd)
{
	*a = (struct access_log){ .loop = loop, .lines = BUF_INIT, .fd = fd };
	deferred_init(&a->flush, on_flush);
}

void access_fini(struct access_log *a)
{
	deferred_cancel(&a->flush);
	flush(a);
	buf_free(&a->lines);
}

void access_add(struct access_log *a, const struct access_entry *e)
{
	if (a->fd < 0)
		return;
	access_write(e, &a->lines);
	loop_defer(a->loop, &a->flush);
}
