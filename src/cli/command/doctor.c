/* One check is one function and one row of the table; each says what it saw and what to do. The
 * first ones look at this machine, the others ask the running instance. */
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/offline.h"
#include "proto/key/keyring.h"
#include "run/clock/clock.h"
#include "run/file/file.h"

#define CLOCK_LEAST ((stamp)1767225600000) /* 2026-01-01 */

static const struct column columns[] = {
	{ "CHECK", "check" },
	{ "STATE", "state" },
	{ "WORDS", "words" },
	{ NULL, NULL },
};

struct doctor {
	struct cli *cli;
	struct settings settings;
	const json_t *status; /* NULL: nothing answers */
	json_t *rows;
	const char *check;
	int bad;
};

__attribute__((format(printf, 3, 4))) static void say(struct doctor *d, const char *state,
						      const char *fmt, ...)
{
	char words[FAIL_WORDS_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	d->bad += strcmp(state, "BAD") == 0;
	json_array_append_new(d->rows, json_pack("{s:s,s:s,s:s}", "check", d->check, "state", state,
						 "words", words));
}

static void check_folder(struct doctor *d)
{
	static const char *const closed[] = { "truth", "ca", "replica/keys" };
	struct buf path = BUF_INIT;
	struct stat st;

	if (stat(d->cli->folder, &st) != 0) {
		say(d, "BAD", "%s: %s; `everseal up` makes it", d->cli->folder, strerror(errno));
		return;
	}
	for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++) {
		offline_path(&path, d->cli->folder, closed[i]);
		if (stat(buf_str(&path), &st) == 0 && (st.st_mode & 07) != 0)
			say(d, "BAD", "%s is open to everyone: chmod o-rwx %s", buf_str(&path),
			    buf_str(&path));
	}
	say(d, "ok", "%s", d->cli->folder);
	buf_free(&path);
}

static void check_kek(struct doctor *d)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	struct keyring *ring = NULL;
	struct fail f = FAIL_INIT;
	struct stat st;

	if (d->settings.kek_file[0] == '/')
		buf_add_str(&path, d->settings.kek_file);
	else
		offline_path(&path, d->cli->folder, d->settings.kek_file);
	if (stat(buf_str(&path), &st) != 0)
		say(d, "warn", "%s: %s; fine when a credential or descriptor brings the keys",
		    buf_str(&path), strerror(errno));
	else if ((st.st_mode & 077) != 0)
		say(d, "BAD", "others may read %s: chmod 600 %s", buf_str(&path), buf_str(&path));
	else if (file_read(buf_str(&path), KEYRING_TEXT_MAX, &text, &f) < 0 ||
		 keyring_parse(buf_slice(&text), &ring, &f) < 0)
		say(d, "BAD", "%s: %s", buf_str(&path), f.words);
	else
		say(d, "ok", "%s holds %zu; keep a copy elsewhere", buf_str(&path),
		    keyring_count(ring));
	keyring_free(ring);
	buf_free_wiped(&text);
	buf_free(&path);
}

static void check_clock(struct doctor *d)
{
	struct timex t = { .modes = 0 };

	if (clock_now() < CLOCK_LEAST)
		say(d, "BAD", "the clock is years behind: certificates will not be valid");
	else if (adjtimex(&t) == TIME_ERROR)
		say(d, "warn", "nothing keeps the clock in time: run an NTP client");
	else
		say(d, "ok", "in time");
}

static void check_running(struct doctor *d)
{
	if (d->status == NULL)
		say(d, "BAD", "nothing answers: start it with `everseal up`");
	else
		say(d, "ok", "version %s answers",
		    json_string_value(json_object_get(d->status, "version")));
}

static void check_processes(struct doctor *d)
{
	const json_t *rows = json_object_get(d->status, "processes");
	json_int_t restarts = 0;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		const char *state = json_string_value(json_object_get(row, "state"));

		restarts += json_integer_value(json_object_get(row, "restarts"));
		if (state == NULL || strcmp(state, "ready") != 0)
			say(d, "BAD", "%s %lld is %s; the log says why",
			    json_string_value(json_object_get(row, "role")),
			    (long long)json_integer_value(json_object_get(row, "slot")),
			    state == NULL ? "unknown" : state);
	}
	if (restarts > 0)
		say(d, "warn", "%lld restarts since the start: process.ended in the log says why",
		    (long long)restarts);
	else
		say(d, "ok", "%zu run, none was restarted", json_array_size(rows));
}

static void check_machines(struct doctor *d)
{
	const json_t *rows = json_object_get(d->status, "machines");
	json_int_t seq = json_integer_value(json_object_get(d->status, "seq"));
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));

		const char *state = json_string_value(json_object_get(row, "state"));

		if (state != NULL && strcmp(state, "silent") == 0)
			say(d, "BAD", "%s is silent; it serves on with what it knows", name);
		else if (json_integer_value(json_object_get(row, "seq")) < seq)
			say(d, "warn", "%s is behind the truth", name);
		else
			say(d, "ok", "%s has everything", name);
	}
}

static void check_orders(struct doctor *d)
{
	json_int_t open = json_integer_value(json_object_get(d->status, "orders"));
	json_int_t failing = json_integer_value(json_object_get(d->status, "orders_failing"));

	if (failing > 0)
		say(d, "BAD",
		    "%lld certificates could not be made yet and are tried again: "
		    "`everseal hostname show NAME` and the events of its zone say why",
		    (long long)failing);
	else
		say(d, "ok", "%lld under way, none has failed", (long long)open);
}

static const struct check {
	const char *name;
	enum { HERE, IN_FOLDER, ASKS } at; /* ASKS: needs a running instance */
	void (*run)(struct doctor *d);
} checks[] = {
	{ "data folder", IN_FOLDER, check_folder },
	{ "key-encryption key", IN_FOLDER, check_kek },
	{ "clock", HERE, check_clock },
	{ "instance", HERE, check_running },
	{ "processes", ASKS, check_processes },
	{ "machines", ASKS, check_machines },
	{ "certificate orders", ASKS, check_orders },
};

static void run_check(struct doctor *d, const struct check *c)
{
	d->check = c->name;
	if (c->at == IN_FOLDER && d->cli->remote)
		say(d, "-", "not looked at: the API was asked; name the folder with --data DIR");
	else if (c->at != ASKS || d->status != NULL)
		c->run(d);
}

static int doctor_run(struct cli *cli, struct fail *f)
{
	struct doctor d = { .cli = cli, .rows = json_array() };
	struct fail silent = FAIL_INIT;
	json_t *status = NULL;

	if (offline_settings(cli, NULL, &d.settings, f) < 0) {
		json_decref(d.rows);
		return -1;
	}
	if (cli_call(cli, "GET", "/everseal/status", NULL, &status, &silent) == 0)
		d.status = status;
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		run_check(&d, &checks[i]);
	cli_show(cli, d.rows, columns);
	json_decref(d.rows);
	json_decref(status);
	settings_fini(&d.settings);
	if (d.bad > 0)
		return fail(f, FAIL_UNAVAILABLE, "BAD lines: %d", d.bad);
	return 0;
}

static const struct command commands[] = {
	{ "", "", "Looks for trouble: keys, folders, clock, processes, machines, certificates.",
	  "  everseal doctor\n  everseal doctor --json", NULL, doctor_run },
};

COMMAND_GROUP(doctor, "looks for trouble and says what to do", commands);
