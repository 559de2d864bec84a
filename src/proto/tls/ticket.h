/* proto/tls/ticket.h: the page of session-ticket keys that all workers of a machine share.
 *
 * The memory belongs to the supervisor (shared, locked, out of dumps); the applier writes, edge
 * workers read, nobody locks. A key serves one hour, numbered since 1970 by the wall clock. The
 * writer makes each key one hour ahead and wipes it 18 hours after its own; a reader that meets
 * an hour without a key makes or opens no ticket for it: a full handshake, never a guess. A key
 * of all zeros is no key.
 *
 * What encrypts a ticket is derived from the hour's key, the resumption group and the server
 * name (RFC 6066, 3: a session is not resumed under another name), so that a ticket opens
 * only where it may: nothing about tenants stands in it.
 */
#pragma once

#include <stdatomic.h>

#include "base/must.h"
#include "base/slice.h"
#include "base/stamp.h"

#define TICKET_KEY   32
#define TICKET_KEPT  18 /* hours that a key decrypts after its own */
#define TICKET_SLOTS 24 /* hour h stands in slot h % TICKET_SLOTS */

struct ticket_slot {
	_Atomic uint64_t turn; /* odd while being written */
	_Atomic uint64_t hour;
	_Atomic uint64_t key[TICKET_KEY / 8];
};

/* All zeros is a valid page without keys. */
struct ticket_page {
	struct ticket_slot slots[TICKET_SLOTS];
};

static inline uint64_t ticket_hour(stamp now)
{
	return now < 0 ? 0 : (uint64_t)(now / STAMP_HOUR);
}

/* Writer: makes the keys of this hour and of the next where they are missing, wipes what is
 * older than TICKET_KEPT hours or more than one hour ahead (the clock was set back). Call at
 * start and at least every few minutes. Returns how many keys were made. */
int ticket_page_turn(struct ticket_page *page, stamp now, void (*random)(void *p, size_t n));

/* Writer: puts a key that came from elsewhere. */
void ticket_page_put(struct ticket_page *page, uint64_t hour, const uint8_t key[TICKET_KEY]);

/* Reader: false when there is no key of that hour. */
must_check bool ticket_page_get(const struct ticket_page *page, uint64_t hour,
				uint8_t key[TICKET_KEY]);
