#include "run/sandbox/sandbox.h"

void sandbox_probe(const char *role)
{
	(void)role; /* only builds with -Dprobe=true try anything */
}
