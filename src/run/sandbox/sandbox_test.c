/* Each case locks a child in and lets it try one thing; the answer is its exit status or the
 * signal that ended it. Builds without the filter of system calls (sanitizers) check the rest. */
#include "run/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/sandbox_test.XXXXXX";
static bool landlock;

static const struct sandbox_path paths[] = { { ".", SANDBOX_READ | SANDBOX_WRITE }, { NULL, 0 } };

static const struct sandbox_rules rules = {
	.paths = paths,
	.calls = SANDBOX_CALLS_FILES,
	.file_bytes = UINT64_MAX,
};

static const struct sandbox_rules internet = {
	.paths = paths,
	.calls = SANDBOX_CALLS_FILES | SANDBOX_CALLS_INTERNET,
	.connects = true,
	.file_bytes = UINT64_MAX,
};

static const struct sandbox_rules one_port = {
	.paths = paths,
	.calls = SANDBOX_CALLS_FILES | SANDBOX_CALLS_INTERNET,
	.connects = true,
	.connect_port = 9,
	.file_bytes = UINT64_MAX,
};

#define KILLED(signal) (1000 + (signal))
#define LOCK_IN_FAILED 99
#define ALLOWED        0

static int run(const struct sandbox_rules *r, int (*attempt)(void))
{
	struct sandbox_user stay = { 0 };
	struct buf words = BUF_INIT;
	struct fail f = FAIL_INIT;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (sandbox_enter(r, &stay, &words, &f) < 0)
			_exit(LOCK_IN_FAILED);
		_exit(attempt());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? KILLED(WTERMSIG(status)) : WEXITSTATUS(status);
}

static int nothing(void)
{
	return ALLOWED;
}

static int open_inside(void)
{
	return open("file", O_RDWR | O_CREAT, 0600) >= 0 ? ALLOWED : errno;
}

static int open_outside(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0 ? ALLOWED : errno;
}

static int make_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? ALLOWED : errno;
}

static int make_tcp_socket(void)
{
	return socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0) >= 0 ? ALLOWED : errno;
}

/* Nobody listens there: being told so means that asking was allowed. */
static int connect_to(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ? ALLOWED : errno;
}

static int connect_to_discard(void)
{
	return connect_to(9);
}

static int connect_to_other(void)
{
	return connect_to(10);
}

static int bind_tcp(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 ? ALLOWED : errno;
}

static int run_a_program(void)
{
	char *const none[] = { NULL };

	execve("/bin/true", none, none);
	return errno;
}

static int make_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? errno
		       : ALLOWED;
}

static int stop_on_purpose(void)
{
	abort();
}

static void test_what_is_needed_goes_on(void **state)
{
	(void)state;
	assert_int_equal(run(&rules, nothing), ALLOWED);
	assert_int_equal(run(&rules, open_inside), ALLOWED);
	assert_int_equal(run(&internet, make_tcp_socket), ALLOWED);
	assert_int_equal(run(&rules, stop_on_purpose), KILLED(SIGABRT));
}

static void test_files_outside_are_refused(void **state)
{
	(void)state;
	if (!landlock)
		skip();
	assert_int_equal(run(&rules, open_outside), EACCES);
}

static void test_one_port_only(void **state)
{
	(void)state;
	if (run(&one_port, connect_to_other) == ECONNREFUSED)
		skip(); /* Landlock before version 4 does not know of ports */
	assert_int_equal(run(&one_port, connect_to_other), EACCES);
	assert_int_equal(run(&one_port, connect_to_discard), ECONNREFUSED);
	assert_int_equal(run(&internet, connect_to_other), ECONNREFUSED);
}

static void test_calls_outside_the_sets_end_the_process(void **state)
{
	(void)state;
	if (!SANDBOX_FILTERS)
		skip();
	assert_int_equal(run(&rules, run_a_program), KILLED(SIGSYS));
	assert_int_equal(run(&rules, make_unix_socket), KILLED(SIGSYS));
	assert_int_equal(run(&rules, make_tcp_socket), KILLED(SIGSYS));
	assert_int_equal(run(&internet, make_unix_socket), KILLED(SIGSYS));
	assert_int_equal(run(&internet, bind_tcp), KILLED(SIGSYS));
	assert_int_equal(run(&rules, make_executable_memory), KILLED(SIGSYS));
}

static void test_words_tell_every_layer(void **state)
{
	static const char *const layers[] = { "limits: ", "user: ",    "flags: ",
					      "files",    "network: ", "system calls" };
	struct sandbox_user stay = { 0 };
	struct buf words = BUF_INIT;
	struct fail f = FAIL_INIT;
	int ends[2];
	char text[2048];
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		int r = sandbox_enter(&internet, &stay, &words, &f);

		_exit(r < 0 || write(ends[1], words.p, words.n) != (ssize_t)words.n);
	}
	close(ends[1]);
	n = read(ends[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		assert_non_null(strstr(text, layers[i]));
	close(ends[0]);
	waitpid(pid, NULL, 0);
}

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || chdir(folder) != 0)
		return -1;
	landlock = run(&rules, open_outside) == EACCES;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink("file");
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_needed_goes_on),
		cmocka_unit_test(test_files_outside_are_refused),
		cmocka_unit_test(test_one_port_only),
		cmocka_unit_test(test_calls_outside_the_sets_end_the_process),
		cmocka_unit_test(test_words_tell_every_layer),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
