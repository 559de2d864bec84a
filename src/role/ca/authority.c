#include "role/ca/authority.h"

#include "proto/x509/x509.h"
#include "run/random/random.h"

#define ROOT_LIFE         (20 * 365 * STAMP_DAY)
#define INTERMEDIATE_LIFE (10 * 365 * STAMP_DAY)
#define BACKDATED         STAMP_HOUR /* clients whose clocks are late */
#define SERIAL            16

/* A key made, opened and described. */
struct made {
	struct key_public pub;
	struct buf wrapped;
	struct key *key;
};

static int made_key(struct made *m, const struct keyring *ring, struct fail *f)
{
	if (key_make(ring, &m->pub, &m->wrapped, f) < 0)
		return -1;
	return key_open(ring, buf_slice(&m->wrapped), &m->key, f) == KEY_DONE ? 0 : -1;
}

static void made_drop(struct made *m)
{
	key_unref(m->key);
	buf_free(&m->wrapped);
}

static int certificate(enum x509_kind kind, const char *name, const struct made *subject,
		       struct slice issuer, struct key *issuer_key, stamp now, struct buf *der,
		       struct fail *f)
{
	uint8_t serial[SERIAL];
	struct x509_plan plan = {
		.kind = kind,
		.serial = slice_of(serial, sizeof(serial)),
		.common_name = slice_str(name),
		.organization = slice_lit("Everseal"),
		.not_before = now - BACKDATED,
		.not_after = now + (kind == X509_ROOT ? ROOT_LIFE : INTERMEDIATE_LIFE),
		.subject = &subject->pub,
	};

	random_bytes(serial, sizeof(serial));
	return x509_make(&plan, issuer, issuer_key, der, f);
}

/* Two installations on one machine are told apart by the name's last word. */
static void name_write(struct arena *a, const char *what, const struct id *id, const char **out)
{
	char hex[ID_HEX + 1];

	id_hex(id, hex);
	*out = arena_printf(a, "Everseal Edge %s %.8s", what, hex);
}

static int pair_make(struct sql_tx *tx, struct made *root, struct made *below, struct arena *a,
		     const struct keyring *ring, stamp now, struct fail *f)
{
	struct buf root_der = BUF_INIT, der = BUF_INIT;
	struct ca_authority_row row = { .kind = slice_lit("edge"), .created_at = now };
	const char *root_name, *name;
	int r = -1;

	random_id(&row.id);
	name_write(a, "Root", &row.id, &root_name);
	name_write(a, "CA", &row.id, &name);
	if (made_key(root, ring, f) == 0 && made_key(below, ring, f) == 0 &&
	    certificate(X509_ROOT, root_name, root, SLICE_NONE, root->key, now, &root_der, f) ==
		    0 &&
	    certificate(X509_INTERMEDIATE, name, below, buf_slice(&root_der), root->key, now, &der,
			f) == 0) {
		row.root = buf_slice(&root_der);
		row.root_key = buf_slice(&root->wrapped);
		row.intermediate = buf_slice(&der);
		row.intermediate_key = buf_slice(&below->wrapped);
		r = ca_authority_insert(tx, &row, f);
	}
	buf_free(&root_der);
	buf_free(&der);
	return r;
}

static int authority_make(struct sql_tx *tx, struct arena *a, const struct keyring *ring, stamp now,
			  struct fail *f)
{
	struct made root = { .wrapped = BUF_INIT }, below = { .wrapped = BUF_INIT };
	int r = pair_make(tx, &root, &below, a, ring, now, f);

	made_drop(&root);
	made_drop(&below);
	return r < 0 ? fail_pass(f, "making the authority \"edge\"") : 0;
}

/* *wrapped is replaced when its KEK is not the current one. 1: it was, 0: not needed. */
static int rewrap_one(struct slice *wrapped, struct arena *a, const struct keyring *ring,
		      struct fail *f)
{
	struct id current = keyring_current(ring), kek;
	struct buf b = BUF_INIT;
	struct key_public pub;

	if (key_wrapped_read(*wrapped, &pub, &kek) && id_eq(&kek, &current))
		return 0;
	if (key_rewrap(ring, *wrapped, &b, f) < 0)
		return -1;
	*wrapped = arena_copy(a, buf_slice(&b));
	buf_free(&b);
	return 1;
}

static int rewrap_row(struct sql_tx *tx, struct ca_authority_row *row, struct arena *a,
		      const struct keyring *ring, struct fail *f)
{
	int root = rewrap_one(&row->root_key, a, ring, f);
	int below = root < 0 ? -1 : rewrap_one(&row->intermediate_key, a, ring, f);

	if (root < 0 || below < 0)
		return fail_pass(f, "the ca's key");
	return root + below == 0 ? 0 : ca_authority_rewrap(tx, row, f);
}

static int authority_open(struct authority *au, struct arena *a, const struct keyring *ring,
			  struct fail *f)
{
	struct x509_facts facts;

	if (x509_facts_read(au->row.intermediate, a, &facts, f) < 0 ||
	    key_open(ring, au->row.intermediate_key, &au->key, f) != KEY_DONE)
		return fail_pass(f, "authority \"%.*s\"", SLICE_ARG(au->row.kind));
	au->not_before = facts.not_before;
	au->not_after = facts.not_after;
	return 0;
}

static int rows_read(struct authorities *as, struct sql_tx *tx, struct fail *f)
{
	struct ca_authority_row rows[CA_AUTHORITIES_MAX];

	if (ca_authority_all(tx, &as->arena, rows, CA_AUTHORITIES_MAX, &as->count, f) < 0)
		return -1;
	for (size_t i = 0; i < as->count; i++)
		as->all[i] = (struct authority){ .row = rows[i] };
	return 0;
}

static int open_in(struct authorities *as, struct sql_tx *tx, const struct keyring *ring, stamp now,
		   struct fail *f)
{
	if (rows_read(as, tx, f) < 0)
		return -1;
	if (as->count == 0 &&
	    (authority_make(tx, &as->arena, ring, now, f) < 0 || rows_read(as, tx, f) < 0))
		return -1;
	for (size_t i = 0; i < as->count; i++)
		if (rewrap_row(tx, &as->all[i].row, &as->arena, ring, f) < 0 ||
		    authority_open(&as->all[i], &as->arena, ring, f) < 0)
			return -1;
	return 0;
}

int authorities_open(struct authorities *as, struct sql *db, const struct keyring *ring, stamp now,
		     struct fail *f)
{
	struct sql_tx *tx;

	*as = (struct authorities){ .arena = ARENA_INIT };
	if (sql_begin(db, SQL_WRITE, &tx, f) < 0)
		return -1;
	if (open_in(as, tx, ring, now, f) < 0) {
		sql_rollback(tx);
		authorities_close(as);
		return -1;
	}
	if (sql_commit(tx, f) == 0)
		return 0;
	authorities_close(as);
	return -1;
}

static int rewrap_all(struct authorities *as, struct sql_tx *tx, struct ca_authority_row *rows,
		      const struct keyring *ring, struct fail *f)
{
	for (size_t i = 0; i < as->count; i++) {
		rows[i] = as->all[i].row;
		if (rewrap_row(tx, &rows[i], &as->arena, ring, f) < 0)
			return -1;
	}
	return 0;
}

int authorities_rewrap(struct authorities *as, struct sql *db, const struct keyring *ring,
		       struct fail *f)
{
	struct ca_authority_row rows[CA_AUTHORITIES_MAX];
	struct sql_tx *tx;

	if (sql_begin(db, SQL_WRITE, &tx, f) < 0)
		return -1;
	if (rewrap_all(as, tx, rows, ring, f) < 0) {
		sql_rollback(tx);
		return -1;
	}
	if (sql_commit(tx, f) < 0)
		return -1;
	for (size_t i = 0; i < as->count; i++)
		as->all[i].row = rows[i];
	return 0;
}

void authorities_close(struct authorities *as)
{
	for (size_t i = 0; i < as->count; i++)
		key_unref(as->all[i].key);
	as->count = 0;
	arena_free(&as->arena);
}

const struct authority *authorities_find(const struct authorities *as, struct slice kind)
{
	for (size_t i = as->count; i > 0; i--)
		if (slice_eq(as->all[i - 1].row.kind, kind))
			return &as->all[i - 1];
	return NULL;
}

const struct authority *authorities_by_id(const struct authorities *as, const struct id *id)
{
	for (size_t i = 0; i < as->count; i++)
		if (id_eq(&as->all[i].row.id, id))
			return &as->all[i];
	return NULL;
}

void authorities_roots(const struct authorities *as, struct buf *pem)
{
	for (size_t i = 0; i < as->count; i++)
		x509_pem_write(as->all[i].row.root, pem);
}

void authorities_list(const struct authorities *as, struct ca_authority_list *out)
{
	struct key_public pub;

	out->count = as->count;
	for (size_t i = 0; i < as->count; i++) {
		const struct authority *au = &as->all[i];

		out->rows[i] = (struct ca_authority){ .id = au->row.id,
						      .kind = au->row.kind,
						      .root = au->row.root,
						      .intermediate = au->row.intermediate,
						      .not_after = au->not_after };
		must(key_wrapped_read(au->row.intermediate_key, &pub, &out->rows[i].kek));
	}
}
