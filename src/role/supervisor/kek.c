/* The key-encryption keys, in the order in which they are looked for: an inherited descriptor
 * (kek.fd), the systemd credential everseal-kek, the file kek.file. The environment can only name
 * a file. A file is made on the first start, and never when there is something already that an
 * earlier one has wrapped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/key/keyring.h"
#include "role/supervisor/supervisor_priv.h"
#include "run/clock/clock.h"
#include "run/random/random.h"

#define CREDENTIAL "everseal-kek"

/* --- reading --- */

static int text_read(int fd, const char *name, struct secret *out, struct fail *f)
{
	struct secret room = SECRET_INIT;
	size_t n = 0;
	ssize_t got = 0;

	secret_new(&room, KEYRING_TEXT_MAX + 1);
	while (n < room.n && (got = read(fd, room.p + n, room.n - n)) > 0)
		n += (size_t)got;
	if (got < 0)
		(void)fail(f, FAIL_SYSTEM, "%s cannot be read: %s", name, strerror(errno));
	else if (n > KEYRING_TEXT_MAX)
		(void)fail(f, FAIL_INPUT, "%s is too long for a keyring", name);
	else {
		secret_new(out, n);
		memcpy(out->p, room.p, n);
	}
	secret_drop(&room);
	return out->p == NULL ? -1 : 0;
}

static int kek_check(int fd, const char *path, struct fail *f)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fail(f, FAIL_INPUT, "key-encryption keys: %s is not a file", path);
	if ((st.st_mode & 077) != 0)
		return fail(f, FAIL_DENIED,
			    "key-encryption keys: %s can be read by others (mode %03o): "
			    "chmod 600 it",
			    path, (unsigned)(st.st_mode & 0777));
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return fail(f, FAIL_DENIED,
			    "key-encryption keys: %s belongs to user %u, not to us: chown it", path,
			    (unsigned)st.st_uid);
	return 0;
}

static int kek_read(int fd, const char *path, struct secret *out, struct fail *f)
{
	if (kek_check(fd, path, f) < 0)
		return -1;
	return text_read(fd, path, out, f);
}

/* --- making --- */

static struct keyring *ring_new(void)
{
	struct secret random = SECRET_INIT;
	struct keyring *ring;

	secret_new(&random, KEYRING_KEY);
	random_bytes(random.p, random.n);
	ring = keyring_new(random.p, clock_now());
	secret_drop(&random);
	return ring;
}

static void say_made(const struct supervisor *s, const char *path)
{
	bool relative = path[0] != '/';

	printf("Made the key-encryption key %s%s%s: keep a copy of it apart from every backup; "
	       "without it\na backup is worth nothing, with it a backup is all your private "
	       "keys.\n",
	       relative ? s->settings.data_folder : "", relative ? "/" : "", path);
	fflush(stdout);
}

static int kek_make(struct supervisor *s, const char *path, struct fail *f)
{
	struct keyring *ring;
	int r;

	if (access("truth/truth.db", F_OK) == 0 || access("ca/ca.db", F_OK) == 0)
		return fail(f, FAIL_ABSENT,
			    "key-encryption keys: %s is missing, and without it no private key in "
			    "%s can be opened: put it back from where you keep it, or name it by "
			    "kek.file",
			    path, s->settings.data_folder);
	ring = ring_new();
	keyring_text(ring, &s->keyring);
	keyring_free(ring);
	r = file_replace(path, secret_slice(&s->keyring), 0600, f);
	if (r == 0)
		say_made(s, path);
	return r;
}

/* --- finding --- */

static int from_file(struct supervisor *s, const char *path, bool make, struct fail *f)
{
	/* a pipe is refused, not waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0 && errno == ENOENT && make)
		return kek_make(s, path, f);
	if (fd < 0)
		return fail(f, FAIL_SYSTEM, "key-encryption keys: %s cannot be read: %s", path,
			    strerror(errno));
	r = kek_read(fd, path, &s->keyring, f);
	close(fd);
	return r;
}

static int from_descriptor(struct supervisor *s, int fd, struct fail *f)
{
	int r = text_read(fd, "the descriptor kek.fd", &s->keyring, f);

	close(fd);
	return r;
}

/* Path of the credential, or NULL. */
static const char *credential(char *path, size_t room)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (folder == NULL)
		return NULL;
	snprintf(path, room, "%s/%s", folder, CREDENTIAL);
	return access(path, F_OK) == 0 ? path : NULL;
}

static int text_find(struct supervisor *s, struct fail *f)
{
	char path[4096];

	if (s->settings.kek_fd > 0)
		return from_descriptor(s, (int)s->settings.kek_fd, f);
	if (credential(path, sizeof(path)) != NULL)
		return from_file(s, path, false, f);
	s->kek_path = s->settings.kek_file;
	return from_file(s, s->kek_path, true, f);
}

static int ring_parse(struct supervisor *s, struct keyring **out, struct fail *f)
{
	if (keyring_parse(secret_slice(&s->keyring), out, f) < 0)
		return fail_pass(f, "key-encryption keys%s%s", s->kek_path == NULL ? "" : " in ",
				 s->kek_path == NULL ? "" : s->kek_path);
	return 0;
}

int kek_open(struct supervisor *s, struct fail *f)
{
	struct keyring *ring;

	if (text_find(s, f) < 0 || ring_parse(s, &ring, f) < 0)
		return -1;
	keyring_free(ring);
	return 0;
}

/* --- changing --- */

static int ring_store(struct supervisor *s, const struct keyring *ring, struct fail *f)
{
	struct secret text = SECRET_INIT;

	keyring_text(ring, &text);
	if (file_replace(s->kek_path, secret_slice(&text), 0600, f) < 0) {
		secret_drop(&text);
		return -1;
	}
	secret_drop(&s->keyring);
	s->keyring = text;
	return 0;
}

static int changeable(const struct supervisor *s, struct fail *f)
{
	if (s->kek_path != NULL)
		return 0;
	return fail(f, FAIL_CONFLICT,
		    "the key-encryption keys were handed to us (systemd credential or "
		    "descriptor): change them where they come from, then restart");
}

int kek_rotate(struct supervisor *s, struct id *made, struct fail *f)
{
	struct secret random = SECRET_INIT;
	struct keyring *ring;
	int r;

	if (changeable(s, f) < 0 || ring_parse(s, &ring, f) < 0)
		return -1;
	secret_new(&random, KEYRING_KEY);
	random_bytes(random.p, random.n);
	r = keyring_rotate(ring, random.p, clock_now(), f);
	secret_drop(&random);
	if (r == 0)
		r = ring_store(s, ring, f);
	*made = keyring_current(ring);
	keyring_free(ring);
	return r;
}

int kek_retire(struct supervisor *s, struct slice hex, struct fail *f)
{
	struct keyring *ring;
	struct id id;
	int r;

	if (!id_parse(hex, &id))
		return fail(f, FAIL_INPUT, "not the id of a key-encryption key");
	if (changeable(s, f) < 0 || ring_parse(s, &ring, f) < 0)
		return -1;
	r = keyring_forget(ring, &id, f);
	if (r == 0)
		r = ring_store(s, ring, f);
	keyring_free(ring);
	return r;
}
