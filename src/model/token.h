/* model/token.h: API tokens. The truth holds the SHA-256 of a token, never the token. */
#pragma once

#include "model/act.h"

#define TOKEN_TEXT     48 /* "cfat_" + 40 characters, with room for an end mark */
#define TOKEN_HASH     32
#define TOKEN_NAME_MAX 120

enum token_access { TOKEN_READ, TOKEN_WRITE };
enum token_status { TOKEN_ACTIVE, TOKEN_DISABLED, TOKEN_EXPIRED };

struct token_row {
	struct id id;
	struct id account;
	struct id zone; /* zero: all zones of the account */
	uint8_t hash[TOKEN_HASH];
	struct slice name;
	enum token_access access;
	enum token_status status; /* as found: never TOKEN_EXPIRED, see token_status_at() */
	stamp not_before;         /* 0: none */
	stamp expires_at;         /* 0: none */
	stamp last_used_at;       /* 0: never; kept to the hour */
	stamp created_at;
	stamp modified_at;
};

/* ACTIVE, DISABLED, or EXPIRED also before not_before. Pure. */
enum token_status token_status_at(const struct token_row *t, stamp now);

/* May the token read (or write) what belongs to this account and zone? zone zero: the account
 * itself, which a zone's token may read. Pure. */
bool token_allows(const struct token_row *t, const struct id *account, const struct id *zone,
		  enum token_access access);

/* The hash under which a token is stored. */
void token_hash(struct slice text, uint8_t out[TOKEN_HASH]);

/* want: account, name, zone, access, not_before, expires_at. The token's text goes to `text`,
 * the only time it is seen. */
must_check int token_create(struct sql_tx *tx, struct act *act, const struct token_row *want,
			    struct token_row *out, char text[TOKEN_TEXT], struct fail *f);

/* A new text for the same token: the old one is refused from then on. */
must_check int token_roll(struct sql_tx *tx, struct act *act, const struct id *id,
			  char text[TOKEN_TEXT], struct fail *f);

/* FAIL_ABSENT when there is none. */
must_check int token_find(struct sql_tx *tx, struct arena *a, const struct id *id,
			  struct token_row *out, struct fail *f);
must_check int token_find_hash(struct sql_tx *tx, struct arena *a, const uint8_t hash[TOKEN_HASH],
			       struct token_row *out, struct fail *f);

/* Takes name, zone, access, status, not_before, expires_at from want. */
must_check int token_replace(struct sql_tx *tx, struct act *act, const struct token_row *want,
			     struct token_row *out, struct fail *f);
must_check int token_delete(struct sql_tx *tx, struct act *act, const struct id *id,
			    struct fail *f);

/* Writes only when the hour has changed: no audit, no change record. */
must_check int token_used(struct sql_tx *tx, const struct id *id, stamp now, struct fail *f);

typedef bool token_each_f(void *arg, const struct token_row *row);
must_check int token_each(struct sql_tx *tx, const struct id *account, token_each_f *each,
			  void *arg, struct fail *f);
