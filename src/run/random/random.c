#include "run/random/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/must.h"

void random_bytes(void *p, size_t n)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		must(got > 0);
		at += got;
		n -= (size_t)got;
	}
}

void random_id(struct id *out)
{
	random_bytes(out->b, ID_LEN);
}
