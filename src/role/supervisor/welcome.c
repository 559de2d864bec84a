/* What the operator of a new data folder must hear once: the first token, the root to trust, what to
 * back up. The token comes in a file that control has left (role/control/truth.h); the room is
 * another user's, so the file is taken only if it is a plain one and looks like a token. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "role/supervisor/supervisor_priv.h"

#define TOKEN_FILE  "truth/first-token"
#define TOKEN_MAX   128
#define TOKEN_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

static bool token_read(char token[TOKEN_MAX])
{
	struct stat st;
	int fd = open(TOKEN_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, token, TOKEN_MAX - 1);
	close(fd);
	if (n <= 0)
		return false;
	token[n] = '\0';
	token[strcspn(token, "\n")] = '\0';
	return token[0] != '\0' && token[strspn(token, TOKEN_CHARS)] == '\0';
}

static void say(const struct supervisor *s, const char *token)
{
	printf("This is a new Everseal. Its first token is shown this once, keep it:\n\n"
	       "  token   %s\n"
	       "  root    %s/root.pem   the certificate that clients trust\n"
	       "  backup  everseal backup DIR   everything but the key-encryption key\n\n",
	       token, s->settings.data_folder);
	fflush(stdout);
}

void welcome(const struct supervisor *s)
{
	char token[TOKEN_MAX];

	if (token_read(token)) {
		say(s, token);
		explicit_bzero(token, sizeof(token));
		(void)unlink(TOKEN_FILE); /* if that fails it is shown again: no harm */
	}
}
