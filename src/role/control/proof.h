/* role/control/proof.h: looks up the TXT records that prove pending zones and hostnames, and makes
 * those active whose proof is there. At most PROOF_MOST questions wait at a time; each pending thing
 * is looked at every dns.proof_interval, longest unchecked first.
 */
#pragma once

#include "base/fail.h"
#include "base/id.h"

struct proof;
struct truth;

#define PROOF_MOST 32

/* Without name servers (dns.resolvers empty and none in /etc/resolv.conf) nothing is ever proven;
 * the log says so once. */
must_check int proof_open(struct proof **out, struct truth *truth, struct fail *f);
void proof_close(struct proof *p); /* NULL is fine */

/* Look now, whatever the interval says. */
void proof_check_zone(struct proof *p, const struct id *zone);
void proof_check_hostname(struct proof *p, const struct id *hostname);
