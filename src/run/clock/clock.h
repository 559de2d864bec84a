/* run/clock.h: the one place where time comes from. Everything below run/ takes time as an
 * argument; everything above asks here.
 *
 * The wall clock may jump either way (by a day, in the tests): use it for what is shown or stored,
 * clock_mono() for what is waited for.
 */
#pragma once

#include "base/stamp.h"

/* Wall time in milliseconds since 1970. */
stamp clock_now(void);

/* Monotonic milliseconds; the start is arbitrary. A loop's loop_now() is the same clock, cached. */
int64_t clock_mono(void);

/* Monotonic microseconds, for measuring. */
uint64_t clock_micros(void);
