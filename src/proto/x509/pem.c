/* PEM as RFC 7468 has it, strictly: the label's lines stand alone, base64 between them. */
#include "base/text.h"
#include "proto/x509/x509.h"

#define LINE   64
#define BEGIN  "-----BEGIN "
#define FINISH "-----END CERTIFICATE-----"

void x509_pem_write(struct slice der, struct buf *out)
{
	struct buf text = BUF_INIT;

	text_base64(der, &text);
	buf_add_str(out, "-----BEGIN CERTIFICATE-----\n");
	for (size_t i = 0; i < text.n; i += LINE) {
		buf_add(out, slice_sub(buf_slice(&text), i, LINE));
		buf_add_byte(out, '\n');
	}
	buf_add_str(out, FINISH "\n");
	buf_free(&text);
}

/* Walks the text by lines. */
struct walk {
	struct slice rest;
	int line;
};

static bool walk_next(struct walk *w, struct slice *line)
{
	if (!slice_split(&w->rest, '\n', line))
		return false;
	w->line++;
	if (slice_ends(*line, slice_lit("\r")))
		line->n--;
	return true;
}

/* Behind BEGIN: everything to END, decoded. */
static int block_read(struct walk *w, struct arena *a, struct slice *der, struct fail *f)
{
	struct buf text = BUF_INIT, bytes = BUF_INIT;
	struct slice line = SLICE_NONE;
	int begun = w->line, r = -1;
	bool ended = false;

	while (!ended && walk_next(w, &line)) {
		ended = slice_starts(line, slice_lit("-----"));
		if (!ended && text.n <= 2 * X509_DER_MAX)
			buf_add(&text, line);
	}
	if (!ended || !slice_eq_str(line, FINISH))
		(void)fail(f, FAIL_INPUT, "line %d: a certificate begins here and does not end",
			   begun);
	else if (!text_unbase64(buf_slice(&text), &bytes) || bytes.n == 0 || bytes.n > X509_DER_MAX)
		(void)fail(f, FAIL_INPUT,
			   "line %d: what begins here is not base64 of a certificate", begun);
	else
		r = 0;
	if (r == 0)
		*der = arena_copy(a, buf_slice(&bytes));
	buf_free(&text);
	buf_free(&bytes);
	return r;
}

int x509_pem_read(struct slice text, struct arena *a, struct slice **ders, size_t *count,
		  struct fail *f)
{
	struct walk w = { text, 0 };
	struct slice line, *all = NULL;
	size_t n = 0;

	while (walk_next(&w, &line)) {
		if (!slice_starts(line, slice_lit(BEGIN)))
			continue;
		if (!slice_eq_str(line, BEGIN "CERTIFICATE-----"))
			return fail(f, FAIL_INPUT,
				    "line %d: something other than a certificate "
				    "begins here (is it a private key?)",
				    w.line);
		if (n == X509_PEM_MAX)
			return fail(f, FAIL_INPUT, "line %d: more than %d certificates", w.line,
				    X509_PEM_MAX);
		if (all == NULL)
			all = arena_array(a, struct slice, X509_PEM_MAX);
		if (block_read(&w, a, &all[n], f) < 0)
			return -1;
		n++;
	}
	*ders = all;
	*count = n;
	return 0;
}
