/* cli/origin_url.h: where requests go, as people write it: "http://127.0.0.1:9000". */
#pragma once

#include "base/fail.h"
#include "base/slice.h"

struct origin_url {
	bool tls;
	struct slice host; /* without brackets; borrowed from the text */
	uint16_t port;
};

/* scheme://host[:port] and nothing more but one last slash. */
must_check int origin_url_parse(const char *text, struct origin_url *out, struct fail *f);
