/* run/random.h: the one place where randomness comes from: the kernel's generator. Engines below
 * run/ take random bytes as an argument. Cannot fail once the machine is up. */
#pragma once

#include "base/id.h"

void random_bytes(void *p, size_t n);

/* 16 random bytes. */
void random_id(struct id *out);
