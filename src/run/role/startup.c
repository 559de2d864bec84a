#include "run/role/startup.h"

#include <stdio.h>

#include "base/must.h"
#include "base/text.h"

void startup_fd_add(struct startup *s, const char *name, int fd)
{
	struct startup_fd *to = &s->fds[s->fd_count];

	must(s->fd_count < STARTUP_FDS_MAX);
	s->fd_count++;
	snprintf(to->name, sizeof(to->name), "%s", name);
	to->fd = fd;
}

int startup_fd_find(const struct startup *s, const char *name, size_t n)
{
	for (size_t i = 0; i < s->fd_count; i++)
		if (strcmp(s->fds[i].name, name) == 0 && n-- == 0)
			return s->fds[i].fd;
	return -1;
}

void startup_write(const struct startup *s, const struct settings *settings, struct buf *out)
{
	buf_addf(out, "slot %d\nmetrics %d\nlock %d\n", s->slot, s->metrics_slot, s->lock);
	if (s->user.change)
		buf_addf(out, "user %u %u %u\n", (unsigned)s->user.uid, (unsigned)s->user.gid,
			 (unsigned)s->user.extra);
	for (size_t i = 0; i < s->fd_count; i++)
		buf_addf(out, "fd %s %d\n", s->fds[i].name, s->fds[i].fd);
	buf_add_str(out, "settings\n");
	settings_render(settings, out);
}

static bool number(struct slice *rest, uint64_t most, uint64_t *out)
{
	struct slice word;

	return slice_split(rest, ' ', &word) && text_u64(word, most, out);
}

static bool int_read(struct slice rest, int *out)
{
	uint64_t v;

	if (!number(&rest, INT32_MAX, &v))
		return false;
	*out = (int)v;
	return true;
}

static bool user_read(struct slice rest, struct sandbox_user *out)
{
	uint64_t uid, gid, extra;

	if (!number(&rest, UINT32_MAX - 1, &uid) || !number(&rest, UINT32_MAX - 1, &gid) ||
	    !number(&rest, UINT32_MAX - 1, &extra))
		return false;
	*out = (struct sandbox_user){ true, (uid_t)uid, (gid_t)gid, (gid_t)extra };
	return true;
}

static bool fd_read(struct slice rest, struct startup *s)
{
	struct slice name;
	char text[sizeof(s->fds[0].name)];
	int fd;

	if (!slice_split(&rest, ' ', &name) || name.n >= sizeof(text) || !int_read(rest, &fd) ||
	    s->fd_count == STARTUP_FDS_MAX)
		return false;
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(name));
	startup_fd_add(s, text, fd);
	return true;
}

static bool line_read(struct slice line, struct startup *s)
{
	struct slice word;

	if (!slice_split(&line, ' ', &word))
		return false;
	if (slice_eq_str(word, "slot"))
		return int_read(line, &s->slot);
	if (slice_eq_str(word, "metrics"))
		return int_read(line, &s->metrics_slot);
	if (slice_eq_str(word, "lock"))
		return int_read(line, &s->lock);
	if (slice_eq_str(word, "user"))
		return user_read(line, &s->user);
	return slice_eq_str(word, "fd") && fd_read(line, s);
}

int startup_parse(struct slice text, struct startup *out, struct settings *settings, struct fail *f)
{
	struct slice line;

	*out = (struct startup){ 0 };
	while (slice_split(&text, '\n', &line) && !slice_eq_str(line, "settings"))
		if (!line_read(line, out))
			return fail(f, FAIL_SYSTEM, "startup text: '%.*s' is not understood",
				    SLICE_ARG(slice_sub(line, 0, 80)));
	return settings_parse(settings, text, "startup text", f);
}
