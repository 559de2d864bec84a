/* run/sql/vfs.c: SQLite's own Unix VFS with one thing changed: a file name is used as it was
 * given. The original makes it absolute by walking every parent folder, and a role's user may
 * not be allowed to (the data folder can lie below /root). */
#include <stdio.h>

#include "run/sql/sql_priv.h"

static int name_as_given(sqlite3_vfs *vfs, const char *name, int room, char *out)
{
	(void)vfs;
	int n = snprintf(out, (size_t)room, "%s", name);
	return n < 0 || n >= room ? SQLITE_CANTOPEN : SQLITE_OK;
}

const char *sql_vfs(void)
{
	static sqlite3_vfs shim;

	if (shim.zName == NULL) {
		const sqlite3_vfs *original = sqlite3_vfs_find("unix");
		must(original != NULL);
		shim = *original;
		shim.pNext = NULL;
		shim.zName = "everseal";
		shim.xFullPathname = name_as_given;
		must(sqlite3_vfs_register(&shim, 0) == SQLITE_OK);
	}
	return shim.zName;
}
