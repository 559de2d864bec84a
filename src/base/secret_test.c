#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void a_secret_holds_its_bytes(void **state)
{
	static const size_t sizes[] = { 1, 32, 4094, 4095, 4096, 10000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct secret s = SECRET_INIT;

		secret_new(&s, sizes[i]);
		for (size_t at = 0; at < s.n; at++)
			assert_int_equal(s.p[at], 0);
		bool locked = secret_locked(&s);

		memset(s.p, 0xff, s.n);
		assert_int_equal(secret_locked(&s), locked);
		assert_int_equal(secret_slice(&s).n, sizes[i]);
		secret_drop(&s);
		assert_null(s.p);
		assert_false(secret_locked(&s));
		secret_drop(&s);
	}
}

/* The kernel's flags of the mapping that begins at p. */
static void flags_of(const void *p, char out[512])
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	char start[32];
	bool here = false;

	assert_non_null(maps);
	(void)snprintf(start, sizeof(start), "%lx-", (unsigned long)(uintptr_t)p);
	while (fgets(out, 512, maps) != NULL && !(here && strncmp(out, "VmFlags:", 8) == 0))
		here |= strncmp(out, start, strlen(start)) == 0;
	assert_true(here);
	(void)fclose(maps);
}

/* Some machines and tools let mlock() do nothing: then nothing can be asked of ours. */
static bool locking_works(void)
{
	char flags[512];
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	(void)mlock(p, 4096);
	flags_of(p, flags);
	assert_int_equal(munmap(p, 4096), 0);
	return strstr(flags, " lo") != NULL;
}

static void the_kernel_keeps_it_out_of_dumps(void **state)
{
	struct secret s = SECRET_INIT;
	char flags[512];

	(void)state;
	secret_new(&s, 1);
	flags_of(s.p, flags);
	assert_non_null(strstr(flags, " dd"));
	if (locking_works())
		assert_int_equal(strstr(flags, " lo") != NULL, secret_locked(&s));
	secret_drop(&s);
}

static void a_child_does_not_inherit_it(void **state)
{
	struct secret s = SECRET_INIT;
	int status;

	(void)state;
	secret_new(&s, 16);
	memset(s.p, 'x', 16);
	pid_t child = fork();

	if (child == 0)
		_exit(s.p[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(s.p[0], 'x');
	secret_drop(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_holds_its_bytes),
		cmocka_unit_test(the_kernel_keeps_it_out_of_dumps),
		cmocka_unit_test(a_child_does_not_inherit_it),
	};

	return cmocka_run_group_tests_name("base/secret", tests, NULL, NULL);
}
