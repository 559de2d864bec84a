/* cli/args.h: the words and flags of one command, checked against its row.
 *
 * Flags may stand anywhere: --name value, --name=value, or --name for a switch; "--" ends them.
 */
#pragma once

#include "base/fail.h"
#include "base/stamp.h"

#define ARGS_WORDS 16
#define ARGS_FLAGS 32

struct flag {
	const char *name;  /* without the dashes; NULL ends a list */
	const char *value; /* what help calls its value; NULL: a switch */
	const char *help;
};

struct args {
	const char *words[ARGS_WORDS];
	size_t count;
	struct {
		const char *name;
		const char *value;
	} given[ARGS_FLAGS]; /* private */
	size_t given_count;
};

/* `words` is the row's text, such as "NAME [TYPE]": it says how many words there must be. `flags`
 * and `common` are both searched; flags with a dot are settings and pass unchecked. Everything
 * is borrowed from argv. */
must_check int args_parse(struct args *a, int argc, char **argv, const char *words,
			  const struct flag *flags, const struct flag *common, struct fail *f);

/* NULL when the word or flag was not given; a switch that was given is "". */
const char *args_word(const struct args *a, size_t at);
const char *args_flag(const struct args *a, const char *name);
bool args_has(const struct args *a, const char *name);

/* The flag's span of time ("30s", "5m") in milliseconds, or `otherwise`. */
must_check int args_span(const struct args *a, const char *name, int64_t otherwise, int64_t *out,
			 struct fail *f);

/* The flag's number, at most `max`, or `otherwise`. */
must_check int args_number(const struct args *a, const char *name, uint64_t max, uint64_t otherwise,
			   uint64_t *out, struct fail *f);
