/* What comes over the channel between control and ca; the first byte chooses the message. What
 * decodes is encoded to the same bytes. */
#include "base/buf.h"
#include "model/ca_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static union {
	struct ca_key_ask key_ask;
	struct ca_key key;
	struct ca_issue_ask issue_ask;
	struct ca_issued issued;
	struct ca_revoke_ask revoke_ask;
	struct ca_authority_list list;
} m;

static bool again(uint8_t which, struct slice payload, struct buf *out)
{
	struct fail f = FAIL_INIT;
	bool good = false;

	switch (which % 7) {
	case 0:
		if ((good = ca_key_ask_decode(payload, &m.key_ask)))
			ca_key_ask_encode(&m.key_ask, out);
		break;
	case 1:
		if ((good = ca_key_decode(payload, &m.key)))
			ca_key_encode(&m.key, out);
		break;
	case 2:
		if ((good = ca_issue_ask_decode(payload, &m.issue_ask)))
			ca_issue_ask_encode(&m.issue_ask, out);
		break;
	case 3:
		if ((good = ca_issued_decode(payload, &m.issued)))
			ca_issued_encode(&m.issued, out);
		break;
	case 4:
		if ((good = ca_revoke_ask_decode(payload, &m.revoke_ask)))
			ca_revoke_ask_encode(&m.revoke_ask, out);
		break;
	case 5:
		if ((good = ca_authority_list_decode(payload, &m.list)))
			ca_authority_list_encode(&m.list, out);
		break;
	case 6:
		if (ca_failed_decode(payload, &f)) /* words may be cut: not the same bytes */
			must(f.kind != FAIL_NONE);
		break;
	}
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf b = BUF_INIT;

	if (n > 0 && again(p[0], slice_of(p + 1, n - 1), &b))
		must(slice_eq(buf_slice(&b), slice_of(p + 1, n - 1)));
	buf_free(&b);
	return 0;
}
