/* role/control/greeting.h: what a first start shows, once, to whoever sits at the terminal. */
#pragma once

#include "run/role/role.h"

/* The truth has left its first token in the file "first-token" if nobody has seen it yet: shows it
 * through the supervisor and removes the file. */
void greeting_show(struct role_env *env);
