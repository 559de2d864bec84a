/* A writer is killed at random moments, in the middle of batches and of snapshots, while a reader
 * looks on: no record is ever torn, whoever sees a name finds its key, and nothing that was
 * acknowledged is lost. */
#include "run/replica/replica.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ROUNDS 24
#define NAMES  40
#define VALUE  3000

/* A name's value is its key's id, repeated; names and keys of one seq go together. */
struct pair {
	char name[16];
	char key[24];
	uint8_t value[VALUE];
};

static void make_pair(struct pair *p, uint64_t seq)
{
	snprintf(p->name, sizeof(p->name), "n%02u", (unsigned)(seq % NAMES));
	snprintf(p->key, sizeof(p->key), "k%018llu", (unsigned long long)seq);
	for (size_t i = 0; i < VALUE; i++)
		p->value[i] = (uint8_t)p->key[i % 19];
}

static int put_pair(struct replica_writer *w, uint64_t seq)
{
	struct pair p;

	make_pair(&p, seq);
	if (replica_put(w, REPLICA_KEY, slice_str(p.key), slice_lit("wrapped"), NULL) < 0)
		return -1;
	return replica_put(w, REPLICA_NAME, slice_str(p.name), slice_of(p.value, VALUE), NULL);
}

static int step(struct replica_writer *w, struct replica_state *s)
{
	struct pair old;

	s->seq++;
	if (replica_write_begin(w, NULL) < 0 || put_pair(w, s->seq) < 0)
		return -1;
	make_pair(&old, s->seq - NAMES);
	if (s->seq > NAMES && replica_del(w, REPLICA_KEY, slice_str(old.key), NULL) < 0)
		return -1;
	return replica_write_commit(w, s, NULL);
}

static uint64_t oldest_named(uint64_t seq)
{
	return seq > NAMES ? seq - NAMES + 1 : 1;
}

static int snapshot(struct replica_writer *w, const struct replica_state *s)
{
	if (replica_load_begin(w, NULL) < 0)
		return -1;
	for (uint64_t seq = oldest_named(s->seq); seq <= s->seq; seq++) {
		if (replica_write_begin(w, NULL) < 0 || put_pair(w, seq) < 0 ||
		    replica_write_commit(w, NULL, NULL) < 0)
			return -1;
	}
	return replica_load_end(w, s, NULL);
}

static void write_until_killed(int pipe_end)
{
	struct replica_writer *w;

	if (replica_open_writer(&w, ".", 0, NULL) < 0)
		_exit(2);
	struct replica_state s = *replica_writer_state(w);
	for (;;) {
		int answer = s.seq % 16 == 15 ? snapshot(w, &s) : 0;
		if (answer < 0 || step(w, &s) < 0 ||
		    write(pipe_end, &s.seq, sizeof(s.seq)) != sizeof(s.seq))
			_exit(3);
	}
}

struct look {
	struct replica *r;
	uint64_t names;
	bool torn;
	bool orphan;
};

static bool look_at(void *owner, struct slice key, struct slice value)
{
	struct look *l = owner;
	struct slice found;

	(void)key;
	l->names++;
	l->torn |= value.n != VALUE;
	for (size_t i = 19; i < value.n; i++)
		l->torn |= value.p[i] != value.p[i - 19];
	l->orphan |= !replica_get(l->r, REPLICA_KEY, slice_sub(value, 0, 19), &found);
	return true;
}

static uint64_t look_around(struct replica *r)
{
	struct look l = { .r = r };
	struct replica_state s;

	replica_begin(r);
	replica_walk(r, REPLICA_NAME, SLICE_NONE, look_at, &l);
	replica_state(r, &s);
	replica_end(r);
	assert_false(l.torn);
	assert_false(l.orphan);
	assert_int_equal(l.names, s.seq < NAMES ? s.seq : NAMES);
	return s.seq;
}

static uint64_t told_before_kill(struct replica *r)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		write_until_killed(ends[1]);
	close(ends[1]);
	uint64_t told = 0, v;
	int lines = rand() % 60;
	while (lines-- > 0 && read(ends[0], &v, sizeof(v)) == sizeof(v)) {
		told = v;
		assert_int_equal(replica_refresh(r, NULL), 0);
		assert_true(look_around(r) >= told);
	}
	usleep((useconds_t)(rand() % 3000));
	kill(child, SIGKILL);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(ends[0], &v, sizeof(v)) == sizeof(v))
		told = v;
	close(ends[0]);
	return told;
}

static void keeps_what_was_acknowledged_and_never_tears(void **state)
{
	(void)state;
	char folder[] = "/tmp/everseal-replica-crash-XXXXXX";
	struct replica *r;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(replica_open_reader(&r, ".", NULL), 0);
	uint64_t newest = 0;
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t told = told_before_kill(r);
		assert_int_equal(replica_refresh(r, NULL), 0);
		uint64_t now = look_around(r);
		assert_true(now >= told && now >= newest && now <= told + newest + 1);
		newest = now;
	}
	replica_close(r);
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_was_acknowledged_and_never_tears),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
