#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void must_stop(const char *what, const char *file, int line)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "must: %s (%s:%d)\n", what, file, line);

	if (n > 0 && write(STDERR_FILENO, text, strnlen(text, sizeof(text))) < 0)
		_exit(134); /* nobody listens: the exit status is all that is left to say */
	abort();
}
