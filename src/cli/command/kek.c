#include <fcntl.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/offline.h"
#include "proto/crypto/crypto.h"
#include "proto/key/keyring.h"
#include "run/clock/clock.h"
#include "run/file/file.h"

static const struct column columns[] = {
	{ "KEK", "id" },          { "STATE", "state" },
	{ "MADE", "created_on" }, { "KEYS WRAPPED", "wrapped" },
	{ NULL, NULL },
};

static int status_show(struct cli *cli, const char *method, const char *path, struct fail *f)
{
	json_t *status;

	if (cli_call(cli, method, path, NULL, &status, f) < 0)
		return -1;
	if (cli->json)
		cli_show_one(cli, status, NULL);
	else
		cli_show(cli, json_object_get(status, "keks"), columns);
	json_decref(status);
	return 0;
}

static int kek_status(struct cli *cli, struct fail *f)
{
	return status_show(cli, "GET", "/everseal/kek", f);
}

static int kek_file(struct cli *cli, struct buf *path, struct fail *f)
{
	struct settings s;

	if (offline_settings(cli, NULL, &s, f) < 0)
		return -1;
	if (s.kek_file[0] == '/')
		buf_add_str(path, s.kek_file);
	else
		offline_path(path, cli->folder, s.kek_file);
	settings_fini(&s);
	return 0;
}

static int ring_read(const char *path, struct keyring **ring, struct fail *f)
{
	struct buf text = BUF_INIT;

	int r = file_read(path, KEYRING_TEXT_MAX, &text, f);
	if (r == 0)
		r = keyring_parse(buf_slice(&text), ring, f);
	buf_free_wiped(&text);
	if (r < 0)
		return fail_pass(f, "the key-encryption keys in %s", path);
	return 0;
}

static int ring_write(const char *path, const struct keyring *ring, struct fail *f)
{
	struct secret text = SECRET_INIT;

	keyring_text(ring, &text);
	int r = file_replace(path, secret_slice(&text), 0600, f);
	secret_drop(&text);
	return r;
}

static int ring_rotate(struct keyring *ring, struct fail *f)
{
	uint8_t random[KEYRING_KEY];

	crypto_random(random, sizeof random);
	int r = keyring_rotate(ring, random, clock_now(), f);
	explicit_bzero(random, sizeof random);
	return r;
}

/* The new key is on the disk before anything is wrapped with it, and the old one stays in the
 * file: whatever happens in between, every key can be opened. */
static int kek_rotate(struct cli *cli, struct fail *f)
{
	struct keyring *ring = NULL;
	struct buf path = BUF_INIT;

	int r = kek_file(cli, &path, f);
	if (r == 0)
		r = ring_read(buf_str(&path), &ring, f);
	if (r == 0)
		r = ring_rotate(ring, f);
	if (r == 0)
		r = ring_write(buf_str(&path), ring, f);
	if (r == 0)
		cli_progress(cli, "%s has a new current key: back it up again", buf_str(&path));
	if (r == 0)
		r = status_show(cli, "POST", "/everseal/kek/reload", f);
	if (r == 0)
		cli_say(cli, "\nAll keys are being wrapped anew in the background; `everseal kek "
			     "status` counts them.");
	keyring_free(ring);
	buf_free(&path);
	return r;
}

static const struct command commands[] = {
	{ "status", "", "Shows the key-encryption keys and how many keys each one wraps.",
	  "  everseal kek status", NULL, kek_status },
	{ "rotate", "", "Makes a new key-encryption key and wraps every key anew, while serving.",
	  "  everseal kek rotate", NULL, kek_rotate },
};

COMMAND_GROUP(kek, "key-encryption keys: state and rotation", commands);
