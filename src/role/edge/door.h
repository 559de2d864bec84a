/* role/edge/door.h: listening sockets. One connection is taken per event (asking again would
 * mostly be a wasted call); when descriptors run out, the door closes for a moment instead of
 * spinning on a socket that stays readable. */
#pragma once

#include "role/edge/edge.h"

/* fd: a listening socket, the door's from now on. */
must_check int door_open(struct edge *e, struct door *d, int fd, bool secure, struct fail *f);
void door_close(struct door *d);
