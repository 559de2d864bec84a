#include "run/clock/clock.h"

#include <time.h>

#include "base/must.h"

static struct timespec read_clock(clockid_t which)
{
	struct timespec t;

	must(clock_gettime(which, &t) == 0);
	return t;
}

stamp clock_now(void)
{
	struct timespec t = read_clock(CLOCK_REALTIME);

	return (stamp)t.tv_sec * STAMP_SECOND + t.tv_nsec / 1000000;
}

int64_t clock_mono(void)
{
	return (int64_t)(clock_micros() / 1000);
}

uint64_t clock_micros(void)
{
	struct timespec t = read_clock(CLOCK_MONOTONIC);

	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
