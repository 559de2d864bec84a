#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail_at(struct fail *f, enum fail_kind kind, int code, const char *file, int line,
	    const char *fmt, ...)
{
	va_list args;

	must(kind != FAIL_NONE);
	if (f == NULL || f->kind != FAIL_NONE)
		return -1;
	f->kind = kind;
	f->code = code;
	f->file = file;
	f->line = line;
	va_start(args, fmt);
	(void)vsnprintf(f->words, sizeof(f->words), fmt, args); /* cut words are still words */
	va_end(args);
	return -1;
}

int fail_pass(struct fail *f, const char *fmt, ...)
{
	char step[FAIL_WORDS_MAX];
	char words[2 * FAIL_WORDS_MAX + 2];
	va_list args;

	if (f == NULL)
		return -1;
	va_start(args, fmt);
	(void)vsnprintf(step, sizeof(step), fmt, args);
	va_end(args);
	(void)snprintf(words, sizeof(words), "%s: %s", step, f->words);
	words[FAIL_WORDS_MAX - 1] = '\0';
	memcpy(f->words, words, FAIL_WORDS_MAX);
	return -1;
}

void fail_clear(struct fail *f)
{
	memset(f, 0, sizeof(*f));
}
