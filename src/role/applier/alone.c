/* An applier without a supervisor, for tests and for comparing replicas:
 *
 *	everseal-replica follow SOCKET FOLDER NAME    keeps a replica as a machine of its own
 *	everseal-replica rebuild SOCKET FOLDER NAME   until nothing is missing, then prints
 *	                                              "EPOCH SEQ DIGEST" and ends
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "proto/crypto/crypto.h"
#include "role/applier/follow.h"

struct alone {
	struct follow follow;
	struct loop loop;
	const char *socket;
	bool once;
};

static int print_digest(const char *folder)
{
	struct replica *r;
	struct replica_state state;
	struct fail f = FAIL_INIT;
	uint8_t sum[32];
	char epoch[ID_HEX + 1], digest[65];

	if (replica_open_reader(&r, folder, &f) < 0) {
		fprintf(stderr, "%s\n", f.words);
		return 1;
	}
	replica_begin(r);
	replica_state(r, &state);
	replica_end(r);
	replica_digest(r, sum);
	replica_close(r);
	id_hex(&state.epoch, epoch);
	text_hex(slice_of(sum, sizeof(sum)), digest);
	printf("%s %llu %s\n", epoch, (unsigned long long)state.seq, digest);
	return 0;
}

static void want_channel(struct follow *f)
{
	struct alone *a = container_of(f, struct alone, follow);
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", a->socket);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		follow_channel(f, fd);
	else if (fd >= 0)
		close(fd);
}

static void on_commit(struct follow *f)
{
	struct alone *a = container_of(f, struct alone, follow);

	if (a->once && follow_is_level(f))
		loop_stop(&a->loop);
}

/* The name is the machine: its id comes from it. */
static int follow(struct alone *a, const char *folder, const char *name)
{
	struct fail f = FAIL_INIT;
	uint8_t sum[32];

	crypto_sha256(slice_str(name), sum);
	memcpy(a->follow.machine.b, sum, ID_LEN);
	loop_init(&a->loop);
	a->follow.loop = &a->loop;
	a->follow.folder = folder;
	a->follow.name = name;
	a->follow.want_channel = want_channel;
	a->follow.on_commit = on_commit;
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
	if (follow_start(&a->follow, &f) < 0) {
		fprintf(stderr, "%s\n", f.words);
		return 1;
	}
	loop_run(&a->loop);
	follow_stop(&a->follow);
	loop_fini(&a->loop);
	return a->once ? print_digest(folder) : 0;
}

int main(int argc, char **argv)
{
	static struct alone alone;

	alone.once = argc == 5 && strcmp(argv[1], "rebuild") == 0;
	if (!alone.once && (argc != 5 || strcmp(argv[1], "follow") != 0)) {
		fprintf(stderr, "usage: %s follow|rebuild SOCKET FOLDER NAME\n", argv[0]);
		return 2;
	}
	alone.socket = argv[2];
	return follow(&alone, argv[3], argv[4]);
}
