/* cli/roff.h: text for manual pages. */
#pragma once

#include "base/buf.h"

/* Text in which nothing is an instruction: dashes are minus signs, no line begins with a dot. */
void roff_add(struct buf *out, const char *text);

/* ".SH HEADING" in capitals. */
void roff_heading(struct buf *out, const char *text);
