/* tools/fuzz_replay.c: main() for fuzz targets in builds without libFuzzer: runs each file, or
 * each file of each folder, named on the command line through the target once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	static uint8_t bytes[1 << 20];

	if (f == NULL) {
		perror(path);
		return 0;
	}
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	(void)fclose(f);
	uint8_t *copy = malloc(n + 1); /* exact size, so that a sanitizer sees an overread */
	if (copy == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		copy[i] = bytes[i];
	(void)LLVMFuzzerTestOneInput(copy, n);
	free(copy);
	return 1;
}

static int replay_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int count = 0;

	if (dir == NULL)
		return 0;
	while ((e = readdir(dir)) != NULL) {
		char file[4096];

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		count += replay_file(file);
	}
	(void)closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) != 0)
			continue;
		count += S_ISDIR(st.st_mode) ? replay_folder(argv[i]) : replay_file(argv[i]);
	}
	(void)printf("%d seeds replayed\n", count);
	return 0;
}
