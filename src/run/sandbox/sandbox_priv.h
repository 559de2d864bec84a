/* run/sandbox/sandbox_priv.h: the layers, one file each. Each appends a line to words. */
#pragma once

#include "run/sandbox/sandbox.h"

must_check int sandbox_landlock(const struct sandbox_rules *rules, struct buf *words,
				struct fail *f);
must_check int sandbox_calls(const struct sandbox_rules *rules, struct buf *words, struct fail *f);
