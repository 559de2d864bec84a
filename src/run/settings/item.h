/* run/settings/item.h: what one item of a list may look like. */
#pragma once

#include "base/slice.h"

/* "127.0.0.1:8080" or "[::1]:8080", the port from 1 on. */
bool item_is_place(struct slice item);

/* "10.0.0.0/8", "fc00::/7", or one address. */
bool item_is_net(struct slice item);
