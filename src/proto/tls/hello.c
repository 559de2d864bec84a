#include "proto/tls/hello.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/text.h"

#define RECORD_HEAD    5
#define RECORD_MAX     16384
#define HANDSHAKE      22
#define CLIENT_HELLO   1
#define MESSAGE_HEAD   4
#define EXTENSIONS_MAX 64

#define TLS12 0x0303
#define TLS13 0x0304

enum extension {
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_SIGNATURES = 13,
	EXTENSION_ALPN = 16,
	EXTENSION_VERSIONS = 43,
};

static enum hello_answer refuse(struct hello_refusal *out, enum tls_alert alert, const char *why)
{
	*out = (struct hello_refusal){ alert, why };
	return HELLO_REFUSED;
}

void hello_alert_write(enum tls_alert alert, uint8_t out[TLS_ALERT_RECORD])
{
	/* RFC 8446, 5.1: legacy_record_version is 0x0303; level 2 is fatal */
	const uint8_t record[TLS_ALERT_RECORD] = { 21, 3, 3, 0, 2, 2, (uint8_t)alert };

	memcpy(out, record, sizeof(record));
}

static bool label_good(struct slice label)
{
	if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!text_is_alpha(label.p[i]) && !text_is_digit(label.p[i]) && label.p[i] != '-')
			return false;
	return true;
}

/* Labels of letters, digits and hyphens, the last not of digits alone: that is an address. */
static bool name_good(struct slice name)
{
	struct slice label = SLICE_NONE, rest = name;
	bool digits = true;

	if (name.n == 0 || name.n > HELLO_SNI_MAX || name.p[name.n - 1] == '.')
		return false;
	while (slice_split(&rest, '.', &label))
		if (!label_good(label))
			return false;
	for (size_t i = 0; i < label.n; i++)
		digits = digits && text_is_digit(label.p[i]);
	return !digits;
}

enum hello_sni hello_sni_read(struct slice extension, char out[HELLO_SNI_MAX + 1])
{
	struct reader r = reader_of(extension), list = reader_of(read_vec16(&r));
	uint8_t type = read_u8(&list);
	struct slice name = read_vec16(&list);

	/* RFC 6066, 3: "The ServerNameList MUST NOT contain more than one name of the same
	 * name_type", and there is only one type. */
	if (!reader_done(&r) || !reader_done(&list) || type != 0)
		return HELLO_SNI_BROKEN;
	if (slice_ends(name, slice_lit(".")))
		name.n--;
	if (!name_good(name))
		return HELLO_SNI_INVALID;
	for (size_t i = 0; i < name.n; i++)
		out[i] = (char)text_lower(name.p[i]);
	out[name.n] = '\0';
	return HELLO_SNI_GOOD;
}

static enum hello_answer server_name(struct slice body, struct tls_hello *out,
				     struct hello_refusal *why)
{
	switch (hello_sni_read(body, out->sni)) {
	case HELLO_SNI_GOOD: return HELLO_DONE;
	case HELLO_SNI_BROKEN: return refuse(why, TLS_ALERT_DECODE_ERROR, "sni_broken");
	case HELLO_SNI_INVALID: return refuse(why, TLS_ALERT_UNRECOGNIZED_NAME, "sni_invalid");
	}
	must_not_reach();
}

static enum hello_answer alpn(struct slice body, struct tls_hello *out, struct hello_refusal *why)
{
	struct reader r = reader_of(body), list = reader_of(read_vec16(&r));

	out->alpn = true;
	out->h1 = false;
	while (list.rest.n > 0 && !list.bad) {
		struct slice name = read_vec8(&list);

		list.bad = list.bad || name.n == 0;
		out->h1 =
			out->h1 || slice_eq_str(name, "http/1.1") || slice_eq_str(name, "http/1.0");
		out->h2 = out->h2 || slice_eq_str(name, "h2");
	}
	if (!reader_done(&r) || !reader_done(&list))
		return refuse(why, TLS_ALERT_DECODE_ERROR, "alpn_broken");
	return HELLO_DONE;
}

static enum hello_answer signatures(struct slice body, struct tls_hello *out,
				    struct hello_refusal *why)
{
	struct reader r = reader_of(body), list = reader_of(read_vec16(&r));

	while (list.rest.n > 0 && !list.bad) {
		uint16_t scheme = read_u16(&list);

		out->ecdsa = out->ecdsa || scheme == 0x0403;
		out->rsa = out->rsa || scheme == 0x0401 || scheme == 0x0804;
	}
	if (!reader_done(&r) || !reader_done(&list))
		return refuse(why, TLS_ALERT_DECODE_ERROR, "signature_algorithms_broken");
	return HELLO_DONE;
}

static enum hello_answer versions(struct slice body, struct tls_hello *out,
				  struct hello_refusal *why)
{
	struct reader r = reader_of(body), list = reader_of(read_vec8(&r));

	out->tls12 = false; /* RFC 8446, 4.2.1: legacy_version does not count any more */
	while (list.rest.n > 0 && !list.bad) {
		uint16_t version = read_u16(&list);

		out->tls12 = out->tls12 || version == TLS12;
		out->tls13 = out->tls13 || version == TLS13;
	}
	if (!reader_done(&r) || !reader_done(&list))
		return refuse(why, TLS_ALERT_DECODE_ERROR, "supported_versions_broken");
	return HELLO_DONE;
}

static enum hello_answer extension_read(uint16_t type, struct slice body, struct tls_hello *out,
					struct hello_refusal *why)
{
	switch (type) {
	case EXTENSION_SERVER_NAME: return server_name(body, out, why);
	case EXTENSION_SIGNATURES: return signatures(body, out, why);
	case EXTENSION_ALPN: return alpn(body, out, why);
	case EXTENSION_VERSIONS: return versions(body, out, why);
	default: return HELLO_DONE; /* OpenSSL's to judge */
	}
}

static enum hello_answer extensions_read(struct slice body, struct tls_hello *out,
					 struct hello_refusal *why)
{
	enum hello_answer answer = HELLO_DONE;
	struct reader r = reader_of(body);
	uint16_t seen[EXTENSIONS_MAX];
	size_t count = 0;

	while (r.rest.n > 0 && answer == HELLO_DONE) {
		uint16_t type = read_u16(&r);
		struct slice value = read_vec16(&r);

		if (r.bad)
			return refuse(why, TLS_ALERT_DECODE_ERROR, "extensions_broken");
		if (count == EXTENSIONS_MAX)
			return refuse(why, TLS_ALERT_DECODE_ERROR, "too_many_extensions");
		for (size_t i = 0; i < count; i++)
			if (seen[i] == type)
				return refuse(why, TLS_ALERT_ILLEGAL_PARAMETER, "extension_twice");
		seen[count++] = type;
		answer = extension_read(type, value, out, why);
	}
	return answer;
}

/* Suites of ours by what they encrypt with; 0: not one of ours. */
static int suite_kind(uint16_t suite)
{
	switch (suite) {
	case 0x1301:
	case 0x1302:
	case 0xc02b:
	case 0xc02c:
	case 0xc02f:
	case 0xc030: return 1; /* AES-GCM */
	case 0x1303:
	case 0xcca8:
	case 0xcca9: return 2; /* ChaCha20 */
	default: return 0;
	}
}

static bool suites_prefer_chacha(struct slice suites)
{
	struct reader r = reader_of(suites);
	int kind = 0;

	while (kind == 0 && r.rest.n > 0)
		kind = suite_kind(read_u16(&r));
	return kind == 2;
}

static enum hello_answer message_read(struct slice message, struct tls_hello *out,
				      struct hello_refusal *why)
{
	struct reader r = reader_of(message);
	uint16_t version = read_u16(&r);
	struct slice session, suites, compression, extensions;
	enum hello_answer answer;

	(void)read_bytes(&r, 32); /* random */
	session = read_vec8(&r);
	suites = read_vec16(&r);
	compression = read_vec8(&r);
	extensions = r.rest.n == 0 ? SLICE_NONE : read_vec16(&r);
	if (!reader_done(&r) || session.n > 32 || suites.n < 2 || suites.n % 2 != 0 ||
	    compression.n == 0)
		return refuse(why, TLS_ALERT_DECODE_ERROR, "hello_broken");
	*out = (struct tls_hello){ .tls12 = version >= TLS12, .h1 = true };
	out->prefers_chacha = suites_prefer_chacha(suites);
	answer = extensions_read(extensions, out, why);
	if (answer == HELLO_DONE && !out->tls12 && !out->tls13)
		return refuse(why, TLS_ALERT_PROTOCOL_VERSION, "version_too_old");
	return answer;
}

/* The handshake bytes of the records that have arrived. */
struct flight {
	struct slice bytes;         /* not yet looked at */
	struct slice first;         /* payload of the first record: usually all there is */
	uint8_t head[MESSAGE_HEAD]; /* type and length of the message */
	size_t have;                /* payload seen, the last record's as far as it is here */
	int records;
};

static size_t flight_wanted(const struct flight *fl)
{
	return MESSAGE_HEAD + ((size_t)fl->head[1] << 16 | (size_t)fl->head[2] << 8 | fl->head[3]);
}

static const char *not_tls(struct slice bytes)
{
	return text_is_alpha(bytes.p[0]) ? "plain_http" : "not_tls";
}

static enum hello_answer record_check(struct slice head, size_t length, int records,
				      struct hello_refusal *why)
{
	if (head.p[0] != HANDSHAKE || (head.n > 1 && head.p[1] != 3))
		return refuse(why, TLS_ALERT_UNEXPECTED_MESSAGE, not_tls(head));
	if (head.n < RECORD_HEAD)
		return HELLO_MORE;
	if (length == 0)
		return refuse(why, TLS_ALERT_UNEXPECTED_MESSAGE, "empty_record");
	if (length > RECORD_MAX)
		return refuse(why, TLS_ALERT_RECORD_OVERFLOW, "record_too_long");
	if (records > HELLO_RECORDS)
		return refuse(why, TLS_ALERT_DECODE_ERROR, "too_many_records");
	return HELLO_DONE;
}

static void flight_take(struct flight *fl, struct slice payload)
{
	for (size_t i = 0; i < payload.n && fl->have + i < MESSAGE_HEAD; i++)
		fl->head[fl->have + i] = payload.p[i];
	if (fl->records == 1)
		fl->first = payload;
	fl->have += payload.n;
}

/* Takes records until the message is whole: DONE. */
static enum hello_answer flight_read(struct flight *fl, struct hello_refusal *why)
{
	while (fl->bytes.n > 0) {
		struct slice head = slice_sub(fl->bytes, 0, RECORD_HEAD);
		size_t length = head.n < RECORD_HEAD ? 0 : (size_t)head.p[3] << 8 | head.p[4];
		enum hello_answer answer = record_check(head, length, ++fl->records, why);
		struct slice payload = slice_sub(fl->bytes, RECORD_HEAD, length);

		if (answer != HELLO_DONE)
			return answer;
		flight_take(fl, payload);
		fl->bytes = slice_from(fl->bytes, RECORD_HEAD + payload.n);
		if (fl->have > 0 && fl->head[0] != CLIENT_HELLO)
			return refuse(why, TLS_ALERT_UNEXPECTED_MESSAGE, "not_a_client_hello");
		if (fl->have < MESSAGE_HEAD)
			continue;
		if (flight_wanted(fl) > HELLO_MAX)
			return refuse(why, TLS_ALERT_DECODE_ERROR, "hello_too_long");
		if (payload.n == length && fl->have >= flight_wanted(fl))
			return HELLO_DONE;
	}
	return HELLO_MORE;
}

/* The message in one piece, from records known to hold it. */
static void message_join(struct slice bytes, size_t wanted, struct buf *out)
{
	while (out->n < wanted) {
		size_t length = (size_t)bytes.p[3] << 8 | bytes.p[4];

		buf_add(out, slice_sub(bytes, RECORD_HEAD, length));
		bytes = slice_from(bytes, RECORD_HEAD + length);
	}
}

enum hello_answer hello_read(struct slice bytes, struct tls_hello *out, struct hello_refusal *why)
{
	struct flight fl = { .bytes = bytes };
	enum hello_answer answer = flight_read(&fl, why);
	struct buf joined = BUF_INIT;
	size_t wanted;

	if (answer != HELLO_DONE)
		return answer;
	wanted = flight_wanted(&fl);
	if (fl.first.n < wanted) {
		message_join(bytes, wanted, &joined);
		fl.first = buf_slice(&joined);
	}
	answer = message_read(slice_sub(fl.first, MESSAGE_HEAD, wanted - MESSAGE_HEAD), out, why);
	buf_free(&joined);
	return answer;
}
