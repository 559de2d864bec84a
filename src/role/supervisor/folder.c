/* The data folder. Roles get rooms of their own in it; started as root, a room belongs to the
 * role's user, and what a command left there as root is given back to it at each start.
 *
 * The lock file is locked by fcntl(), byte by byte: byte 0 by the supervisor, one byte by each role
 * (run/role). Such locks end with their process, tell its pid, and are lost when *any* descriptor
 * of the file is closed by it: so both descriptors stay open for good. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "role/supervisor/supervisor_priv.h"

#define ROOM_ALONE  0700
#define ROOM_SHARED 02750 /* files in it get the folder's group */

/* --- users --- */

static struct sandbox_user user_lookup(const struct supervisor *s, const struct role *role)
{
	uid_t base = (uid_t)s->settings.role_uid_base + (uid_t)role_index(role);
	char name[64];
	const struct passwd *pw;

	snprintf(name, sizeof(name), "everseal-%s", role->name);
	pw = getpwnam(name);
	if (pw != NULL)
		return (struct sandbox_user){ true, pw->pw_uid, pw->pw_gid, pw->pw_gid };
	return (struct sandbox_user){ true, base, base, base };
}

struct sandbox_user folder_user(const struct supervisor *s, const struct role *role)
{
	struct sandbox_user user;

	if (geteuid() != 0)
		return (struct sandbox_user){ false, geteuid(), getegid(), getegid() };
	user = user_lookup(s, role);
	if (role->group_of != NULL)
		user.extra = user_lookup(s, role_find(role->group_of)).gid;
	return user;
}

/* --- rooms --- */

static struct {
	uid_t uid;
	gid_t gid;
} owner; /* for own_one(): nftw() has no argument of ours */

static int own_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)type;
	(void)at;
	if (st->st_uid == owner.uid && st->st_gid == owner.gid)
		return 0;
	return lchown(path, owner.uid, owner.gid);
}

static int room_make(const char *name, mode_t mode, struct fail *f)
{
	if (mkdir(name, mode) != 0 && errno != EEXIST)
		return fail(f, FAIL_SYSTEM, "folder %s cannot be made: %s", name, strerror(errno));
	return 0;
}

/* The first role with this folder owns it. */
static int room_open(const struct supervisor *s, const struct role *role, struct fail *f)
{
	struct sandbox_user user = folder_user(s, role);
	mode_t mode = role->group_of == NULL ? ROOM_ALONE : ROOM_SHARED;

	if (room_make(role->folder, mode, f) < 0)
		return -1;
	owner.uid = user.uid;
	owner.gid = user.extra;
	if (user.change && nftw(role->folder, own_one, 16, FTW_PHYS | FTW_MOUNT) != 0)
		return fail(f, FAIL_SYSTEM, "folder %s cannot be given to its role: %s",
			    role->folder, strerror(errno));
	if (chmod(role->folder, mode) != 0)
		return fail(f, FAIL_SYSTEM, "folder %s: %s", role->folder, strerror(errno));
	return 0;
}

static int rooms_open(const struct supervisor *s, struct fail *f)
{
	if (room_make("run", 0755, f) < 0 || room_make("log", 0750, f) < 0)
		return -1;
	for (size_t i = 0; i < role_count; i++)
		if (roles[i]->after == NULL && room_open(s, roles[i], f) < 0)
			return -1;
	return 0;
}

/* --- the folder --- */

/* mkdir -p */
static int folder_make(const char *path, struct fail *f)
{
	char *copy = strdup(path);
	int r = 0;

	must(copy != NULL);
	for (char *p = copy + 1; *p != '\0' && r == 0; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		r = room_make(copy, 0755, f);
		*p = '/';
	}
	free(copy);
	return r < 0 ? r : room_make(path, 0755, f);
}

static pid_t lock_holder(int fd, off_t byte)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1
	};

	if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

static int lock_take(struct supervisor *s, struct fail *f)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	char pid[32];
	int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	s->lock_rw = open("lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	s->lock_ro = open("lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->lock_rw < 0 || s->lock_ro < 0)
		return fail(f, FAIL_SYSTEM, "lock file in %s: %s", s->settings.data_folder,
			    strerror(errno));
	if (fcntl(s->lock_rw, F_SETLK, &lock) != 0)
		return fail(f, FAIL_CONFLICT,
			    "data folder %s is in use by process %d: stop that first, or choose "
			    "another folder",
			    s->settings.data_folder, (int)lock_holder(s->lock_rw, 0));
	if (ftruncate(s->lock_rw, 0) != 0 || write(s->lock_rw, pid, (size_t)n) != n)
		return fail(f, FAIL_SYSTEM, "lock file in %s cannot be written: %s",
			    s->settings.data_folder, strerror(errno));
	return 0;
}

bool folder_has_orphan(const struct supervisor *s, const struct role *role)
{
	return lock_holder(s->lock_rw, 1 + (off_t)role_index(role)) != 0;
}

static bool is_lost(const char *database)
{
	struct stat st;

	return stat(database, &st) != 0 || st.st_size == 0;
}

/* root.pem says that this folder has served before. A database that is gone since would be made
 * anew, empty, and the edges would follow it: every name would go dark. */
static int databases_check(const struct supervisor *s, struct fail *f)
{
	static const char *const databases[] = { "truth/truth.db", "ca/ca.db" };

	if (access("root.pem", F_OK) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++)
		if (is_lost(databases[i]))
			return fail(
				f, FAIL_ABSENT,
				"%s/%s is missing or empty, but this folder was in use: restore "
				"a backup (everseal restore), or, to begin anew, remove truth, "
				"ca, replica and root.pem",
				s->settings.data_folder, databases[i]);
	return 0;
}

int folder_open(struct supervisor *s, struct fail *f)
{
	const char *path = s->settings.data_folder;

	if (path[0] == '\0')
		return fail(f, FAIL_INPUT, "data.folder is empty: name a folder");
	if (folder_make(path, f) < 0)
		return fail_pass(f, "data folder %s", path);
	if (chdir(path) != 0)
		return fail(f, FAIL_SYSTEM, "data folder %s cannot be entered: %s", path,
			    strerror(errno));
	if (lock_take(s, f) < 0 || databases_check(s, f) < 0)
		return -1;
	return rooms_open(s, f);
}
