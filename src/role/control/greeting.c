#include "role/control/greeting.h"

#include <unistd.h>

#include "run/file/file.h"

#define TOKEN_FILE "first-token"

static void greeting_words(struct slice token, const char *folder, struct buf *out)
{
	buf_addf(out,
		 "Everseal is new here. Keep this token, it is shown only once:\n"
		 "  API token         %.*s\n"
		 "  root certificate  %s/root.pem (for clients to trust)\n"
		 "  to back up        `everseal backup DIR`, and the key-encryption key apart from "
		 "it\n",
		 SLICE_ARG(token), folder);
}

void greeting_show(struct role_env *env)
{
	struct buf token = BUF_INIT;
	struct buf words = BUF_INIT;
	struct slice rest, line;

	if (file_read(TOKEN_FILE, 256, &token, NULL) == 0 && token.n > 0) {
		rest = buf_slice(&token);
		(void)slice_split(&rest, '\n', &line);
		buf_reserve(&words, 2048);
		greeting_words(line, env->settings.data_folder, &words);
		role_tell(env, buf_str(&words));
		(void)unlink(TOKEN_FILE);
	}
	buf_free_wiped(&token);
	buf_free_wiped(&words);
}
