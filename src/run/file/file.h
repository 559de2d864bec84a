/* run/file.h: whole files, durably. */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/fail.h"

/* At most `most` bytes. */
must_check int file_read(const char *path, size_t most, struct buf *out, struct fail *f);

/* Beside it first, then by rename: the file is whole at any moment. Its owner is kept. */
must_check int file_replace(const char *path, struct slice bytes, mode_t mode, struct fail *f);

/* A folder's entries are on the disk. */
must_check int folder_sync(const char *path, struct fail *f);
