/* role/roles.h: the roles that `everseal up` starts, in the order it starts them. */
#pragma once

#include "run/role/role.h"

extern const struct role *const roles[];
extern const size_t role_count;

/* NULL: no such role. */
const struct role *role_find(const char *name);

/* Its place in the table. */
size_t role_index(const struct role *role);
