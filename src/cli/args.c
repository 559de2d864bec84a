#include "cli/args.h"

#include "base/text.h"

static const struct flag *flag_find(const struct flag *list, const char *name, size_t n)
{
	for (; list != NULL && list->name != NULL; list++)
		if (strlen(list->name) == n && memcmp(list->name, name, n) == 0)
			return list;
	return NULL;
}

static void words_bounds(const char *words, size_t *least, size_t *most)
{
	struct slice rest = slice_str(words);
	struct slice word;

	*least = 0;
	*most = 0;
	while (slice_split(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (word.p[0] != '[')
			++*least;
		*most = slice_ends(word, slice_lit("...]")) ? ARGS_WORDS : *most + 1;
	}
}

static int flag_take(struct args *a, int argc, char **argv, int *at, const struct flag *flags,
		     const struct flag *common, struct fail *f)
{
	const char *name = argv[*at] + 2;
	const char *equals = strchr(name, '=');
	size_t n = equals == NULL ? strlen(name) : (size_t)(equals - name);
	const struct flag *row = flag_find(flags, name, n);

	if (memchr(name, '.', n) != NULL)
		return 0; /* a setting: run/settings reads it */
	if (row == NULL)
		row = flag_find(common, name, n);
	if (row == NULL)
		return fail(f, FAIL_INPUT, "unknown flag --%.*s", (int)n, name);
	if (a->given_count == ARGS_FLAGS)
		return fail(f, FAIL_INPUT, "more than %d flags", ARGS_FLAGS);
	const char *value = "";
	if (row->value == NULL && equals != NULL)
		return fail(f, FAIL_INPUT, "--%s takes no value", row->name);
	if (row->value != NULL && equals != NULL)
		value = equals + 1;
	else if (row->value != NULL && *at + 1 < argc)
		value = argv[++*at];
	else if (row->value != NULL)
		return fail(f, FAIL_INPUT, "--%s needs a value: --%s %s", row->name, row->name,
			    row->value);
	a->given[a->given_count].name = row->name;
	a->given[a->given_count++].value = value;
	return 0;
}

int args_parse(struct args *a, int argc, char **argv, const char *words, const struct flag *flags,
	       const struct flag *common, struct fail *f)
{
	size_t least, most;
	bool only_words = false;

	*a = (struct args){ .count = 0 };
	words_bounds(words, &least, &most);
	for (int i = 0; i < argc; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (!only_words && strncmp(argv[i], "--", 2) == 0) {
			if (flag_take(a, argc, argv, &i, flags, common, f) < 0)
				return -1;
		} else if (a->count == most || a->count == ARGS_WORDS) {
			return fail(f, FAIL_INPUT, "'%s' is one word too many", argv[i]);
		} else {
			a->words[a->count++] = argv[i];
		}
	}
	if (a->count < least && !args_has(a, "help"))
		return fail(f, FAIL_INPUT, "a word is missing: %s", words);
	return 0;
}

const char *args_word(const struct args *a, size_t at)
{
	return at < a->count ? a->words[at] : NULL;
}

const char *args_flag(const struct args *a, const char *name)
{
	const char *value = NULL; /* the last one counts */

	for (size_t i = 0; i < a->given_count; i++)
		if (strcmp(a->given[i].name, name) == 0)
			value = a->given[i].value;
	return value;
}

bool args_has(const struct args *a, const char *name)
{
	return args_flag(a, name) != NULL;
}

int args_span(const struct args *a, const char *name, int64_t otherwise, int64_t *out,
	      struct fail *f)
{
	const char *text = args_flag(a, name);

	if (text == NULL) {
		*out = otherwise;
		return 0;
	}
	if (!stamp_span_parse(slice_str(text), out))
		return fail(f, FAIL_INPUT, "--%s '%s' is no span of time: write 30s, 5m or 24h",
			    name, text);
	return 0;
}

int args_number(const struct args *a, const char *name, uint64_t max, uint64_t otherwise,
		uint64_t *out, struct fail *f)
{
	const char *text = args_flag(a, name);

	if (text == NULL) {
		*out = otherwise;
		return 0;
	}
	if (!text_u64(slice_str(text), max, out))
		return fail(f, FAIL_INPUT, "--%s '%s' is no number from 0 to %llu", name, text,
			    (unsigned long long)max);
	return 0;
}
