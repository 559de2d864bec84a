/* Listening sockets are made before any role and kept over restarts. Each worker slot has a socket
 * of its own per address (SO_REUSEPORT): the kernel spreads connections over them.
 *
 * With SO_REUSEPORT a second program of the same user could share our port unnoticed, so each
 * address is tried without it first; except when workers of a killed supervisor still serve there,
 * from whom we take over without a gap. */
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "proto/dns/address.h"
#include "role/supervisor/supervisor_priv.h"

#define BACKLOG     4096
#define PLACES_MOST (STARTUP_FDS_MAX / 4) /* addresses of one list */

struct place {
	const char *setting;
	const char *text; /* "127.0.0.1:80", "[::1]:80" */
	struct dns_address address;
	uint16_t port;
};

static int place_fail(const struct place *p, const char *doing, struct fail *f)
{
	const char *remedy = errno == EADDRINUSE      ? ": stop the other program or choose "
							"another port"
			     : errno == EACCES        ? ": ports below 1024 need root or "
							"CAP_NET_BIND_SERVICE"
			     : errno == EADDRNOTAVAIL ? ": this machine has no such address"
						      : "";

	return fail(f, FAIL_SYSTEM, "%s: %s cannot be %s: %s%s", p->setting, p->text, doing,
		    strerror(errno), remedy);
}

static int place_parse(const char *setting, const char *text, struct place *out, struct fail *f)
{
	struct slice all = slice_str(text);
	size_t colon = all.n;
	struct slice host;
	uint64_t port;

	while (colon > 0 && all.p[colon - 1] != ':')
		colon--;
	host = slice_sub(all, 0, colon == 0 ? 0 : colon - 1);
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_sub(host, 1, host.n - 2);
	*out = (struct place){ .setting = setting, .text = text };
	if (!dns_address_parse(host, &out->address) ||
	    !text_u64(slice_from(all, colon), 65535, &port) || port == 0)
		return fail(f, FAIL_INPUT,
			    "%s: '%s' is no address: write 127.0.0.1:8080 or [::1]:8080", setting,
			    text);
	out->port = (uint16_t)port;
	return 0;
}

static int flag_set(int fd, int level, int name)
{
	int one = 1;

	return setsockopt(fd, level, name, &one, sizeof(one));
}

static int place_bind(const struct place *p, bool shared, struct fail *f)
{
	struct sockaddr_storage to;
	socklen_t n = dns_address_to_socket(&p->address, p->port, &to);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return place_fail(p, "opened", f);
	if (flag_set(fd, SOL_SOCKET, SO_REUSEADDR) != 0 ||
	    (shared && flag_set(fd, SOL_SOCKET, SO_REUSEPORT) != 0) ||
	    (p->address.v6 && flag_set(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 0) ||
	    bind(fd, (struct sockaddr *)&to, n) != 0) {
		(void)place_fail(p, "listened on", f);
		close(fd);
		return -1;
	}
	return fd;
}

static int place_free(const struct place *p, struct fail *f)
{
	int fd = place_bind(p, false, f);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int listener_add(struct supervisor *s, const char *name, int worker, int fd, struct fail *f)
{
	if (s->listener_count == LISTENERS_MAX) {
		close(fd);
		return fail(f, FAIL_LIMIT,
			    "%s: more than %d listening sockets: fewer addresses or "
			    "workers",
			    name, LISTENERS_MAX);
	}
	if (listen(fd, BACKLOG) != 0) {
		close(fd);
		return fail(f, FAIL_SYSTEM, "%s: %s", name, strerror(errno));
	}
	s->listeners[s->listener_count++] = (struct listener){ name, worker, fd };
	return 0;
}

static int place_open(struct supervisor *s, const struct place *p, int workers, bool taken_over,
		      struct fail *f)
{
	if (!taken_over && place_free(p, f) < 0)
		return -1;
	for (int worker = 0; worker < workers; worker++) {
		int fd = place_bind(p, true, f);

		if (fd < 0 || listener_add(s, p->setting, worker, fd, f) < 0)
			return -1;
	}
	return 0;
}

static int list_open(struct supervisor *s, const char *setting, const struct settings_list *list,
		     const char *role, int workers, struct fail *f)
{
	bool taken_over = folder_has_orphan(s, role_find(role));
	struct place p;

	if (list->count > PLACES_MOST)
		return fail(f, FAIL_LIMIT, "%s: more than %d addresses", setting, PLACES_MOST);
	for (size_t i = 0; i < list->count; i++)
		if (place_parse(setting, list->items[i], &p, f) < 0 ||
		    place_open(s, &p, workers, taken_over, f) < 0)
			return -1;
	return 0;
}

static int loopback_check(const struct settings_list *list, struct fail *f)
{
	struct place p;

	for (size_t i = 0; i < list->count; i++) {
		if (place_parse("api.listen", list->items[i], &p, f) < 0)
			return -1;
		if (dns_address_class(&p.address) != DNS_ADDRESS_LOOPBACK)
			return fail(f, FAIL_INPUT,
				    "api.listen: %s is not a loopback address: a remote API is a "
				    "hostname served by our own edge",
				    p.text);
	}
	return 0;
}

/* mode is set before anybody can connect. */
static int unix_open(struct supervisor *s, const char *path, mode_t mode, struct fail *f)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const struct group *group = getgrnam("everseal");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(fd >= 0 && strlen(path) < sizeof(at.sun_path));
	memcpy(at.sun_path, path, strlen(path));
	if ((unlink(path) != 0 && errno != ENOENT) || fchmod(fd, 0600) != 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || chmod(path, mode) != 0) {
		close(fd);
		return fail(f, FAIL_SYSTEM, "socket %s: %s", path, strerror(errno));
	}
	if (group != NULL && geteuid() == 0 && chown(path, 0, group->gr_gid) != 0) {
		close(fd);
		return fail(f, FAIL_SYSTEM, "socket %s: %s", path, strerror(errno));
	}
	return listener_add(s, path, 0, fd, f);
}

int listen_open(struct supervisor *s, struct fail *f)
{
	const struct settings *set = &s->settings;
	int workers = (int)set->edge_workers;

	if (loopback_check(&set->api_listen, f) < 0 || unix_open(s, "run/api.sock", 0660, f) < 0 ||
	    unix_open(s, "run/feed.sock", 0600, f) < 0 ||
	    list_open(s, "api.listen", &set->api_listen, "control", 1, f) < 0 ||
	    list_open(s, "edge.http.listen", &set->edge_http_listen, "edge", workers, f) < 0)
		return -1;
	return list_open(s, "edge.https.listen", &set->edge_https_listen, "edge", workers, f);
}

void listen_close(struct supervisor *s)
{
	while (s->listener_count > 0)
		close(s->listeners[--s->listener_count].fd);
}
