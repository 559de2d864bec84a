/* base/must.h: what cannot happen.
 *
 * must(x) stops the process when x is false, in release builds too: words and place go to stderr
 * through a fixed buffer (nothing is allocated), then abort(). The supervisor starts the process
 * again. Use it at entrances for what the caller promised, never for what a peer may send.
 */
#pragma once

#define must_check __attribute__((warn_unused_result))

#define must(x) ((x) ? (void)0 : must_stop(#x, __FILE__, __LINE__))

/* For the end of a function that a complete switch never reaches. */
#define must_not_reach() must_stop("not reached", __FILE__, __LINE__)

/* Out of memory is not answered anywhere: limits are checked where bytes come in. */
_Noreturn void must_stop(const char *what, const char *file, int line);
