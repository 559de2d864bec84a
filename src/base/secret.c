#include "base/secret.h"

#include <sys/mman.h>

#include "base/must.h"

#define PAGE 4096

/* The last byte of the mapping is never part of the secret: it remembers
 * whether mlock() was granted. */
void secret_new(struct secret *s, size_t n)
{
	size_t mapped = (n + 1 + PAGE - 1) / PAGE * PAGE;
	uint8_t *p = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	must(madvise(p, mapped, MADV_DONTDUMP) == 0);
	(void)madvise(p, mapped, MADV_WIPEONFORK); /* absent before Linux 4.14 */
	p[mapped - 1] = mlock(p, mapped) == 0;
	*s = (struct secret){ p, n, mapped };
}

bool secret_locked(const struct secret *s)
{
	return s->p != NULL && s->p[s->mapped - 1] == 1;
}

void secret_drop(struct secret *s)
{
	if (s->p != NULL) {
		explicit_bzero(s->p, s->mapped);
		must(munmap(s->p, s->mapped) == 0);
	}
	*s = (struct secret)SECRET_INIT;
}
