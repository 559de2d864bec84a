#include "run/replica/replica.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/everseal-replica-XXXXXX";
static struct replica_writer *w;

static void open_writer(void)
{
	struct fail f = FAIL_INIT;

	assert_int_equal(replica_open_writer(&w, ".", 0, &f), 0);
}

static void reopen_writer(void)
{
	replica_close_writer(w);
	open_writer();
}

static int enter(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	open_writer();
	return 0;
}

static int leave(void **state)
{
	(void)state;
	replica_close_writer(w);
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") == 0 ? system(command) : -1;
}

static struct replica_state state_at(uint64_t seq)
{
	struct replica_state s = { .epoch = { { 1 } }, .seq = seq };

	s.heads[seq % REPLICA_SHARDS] = seq;
	return s;
}

static void put(enum replica_table t, const char *key, const char *value)
{
	struct slice k = slice_str(key), v = slice_str(value);

	assert_int_equal(replica_put(w, t, k, v, NULL), 0);
}

static void begin(void)
{
	assert_int_equal(replica_write_begin(w, NULL), 0);
}

static void commit(uint64_t seq)
{
	struct replica_state s = state_at(seq);

	assert_int_equal(replica_write_commit(w, &s, NULL), 0);
}

static void put_alone(enum replica_table t, const char *key, const char *value, uint64_t seq)
{
	begin();
	put(t, key, value);
	commit(seq);
}

static void load(uint64_t seq)
{
	struct replica_state s = state_at(seq);

	assert_int_equal(replica_write_commit(w, NULL, NULL), 0);
	assert_int_equal(replica_load_end(w, &s, NULL), 0);
}

/* LMDB wants one environment a process: what readers see is asked in a child. */
typedef bool look_f(struct replica *r);

static bool seen_by_reader(look_f *look)
{
	pid_t child = fork();

	if (child == 0) {
		struct replica *r;
		bool good = replica_open_reader(&r, ".", NULL) == 0;
		if (good)
			replica_begin(r);
		_exit(good && look(r) ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 0;
}

static bool has(struct replica *r, enum replica_table t, const char *key, const char *value)
{
	struct slice found;

	return replica_get(r, t, slice_str(key), &found) && slice_eq_str(found, value);
}

static bool lacks(struct replica *r, enum replica_table t, const char *key)
{
	struct slice found;

	return !replica_get(r, t, slice_str(key), &found);
}

static uint64_t seq_of(struct replica *r)
{
	struct replica_state s;

	replica_state(r, &s);
	return s.seq;
}

static bool look_first(struct replica *r)
{
	return has(r, REPLICA_NAME, "com.example", "one") && has(r, REPLICA_KEY, "k1", "wrapped") &&
	       lacks(r, REPLICA_ZONE, "com.example") && lacks(r, REPLICA_NAME, "com.exampl") &&
	       lacks(r, REPLICA_NAME, "") && seq_of(r) == 7;
}

static bool look_empty(struct replica *r)
{
	return lacks(r, REPLICA_NAME, "com.example") && lacks(r, REPLICA_KEY, "k1") &&
	       seq_of(r) == 0 && replica_count(r, REPLICA_NAME) == 0;
}

static void keeps_records_and_state(void **state)
{
	(void)state;
	assert_true(seen_by_reader(look_empty));
	begin();
	put(REPLICA_NAME, "com.example", "zero");
	put(REPLICA_NAME, "com.example", "one");
	put(REPLICA_KEY, "k1", "wrapped");
	assert_true(seen_by_reader(look_empty));
	commit(7);
	assert_true(seen_by_reader(look_first));
	reopen_writer();
	assert_int_equal(replica_writer_state(w)->seq, 7);
	assert_int_equal(replica_writer_state(w)->heads[7], 7);
	assert_true(seen_by_reader(look_first));
	begin();
	assert_int_equal(replica_del(w, REPLICA_NAME, slice_lit("com.example"), NULL), 0);
	replica_write_abort(w);
	assert_true(seen_by_reader(look_first));
}

static bool look_deleted(struct replica *r)
{
	return lacks(r, REPLICA_NAME, "com.example") && lacks(r, REPLICA_KEY, "k1") &&
	       has(r, REPLICA_KEY, "k2", "kept") && replica_count(r, REPLICA_KEY) == 1;
}

static void deletes_and_puts_again(void **state)
{
	(void)state;
	begin();
	put(REPLICA_NAME, "com.example", "one");
	put(REPLICA_KEY, "k1", "wrapped");
	put(REPLICA_KEY, "k2", "old");
	commit(1);
	begin();
	assert_int_equal(replica_del(w, REPLICA_NAME, slice_lit("com.example"), NULL), 0);
	assert_int_equal(replica_del(w, REPLICA_NAME, slice_lit("absent"), NULL), 0);
	assert_int_equal(replica_del(w, REPLICA_KEY, slice_lit("k1"), NULL), 0);
	assert_int_equal(replica_del(w, REPLICA_KEY, slice_lit("k2"), NULL), 0);
	put(REPLICA_KEY, "k2", "kept");
	commit(2);
	assert_true(seen_by_reader(look_deleted));
	reopen_writer();
	assert_true(seen_by_reader(look_deleted));
}

static bool is_refused(enum replica_table t, size_t key, size_t value)
{
	static uint8_t bytes[REPLICA_VALUE_MAX + 1];
	struct fail f = FAIL_INIT;
	int answer = replica_put(w, t, slice_of(bytes, key), slice_of(bytes, value), &f);

	return answer < 0 && f.kind == FAIL_INPUT;
}

static bool look_limits(struct replica *r)
{
	return replica_count(r, REPLICA_CERT) == 2;
}

static void refuses_what_is_too_long(void **state)
{
	(void)state;
	begin();
	assert_true(is_refused(REPLICA_CERT, 0, 1));
	assert_true(is_refused(REPLICA_CERT, REPLICA_KEY_MAX + 1, 1));
	assert_true(is_refused(REPLICA_CERT, 1, REPLICA_VALUE_MAX + 1));
	assert_false(is_refused(REPLICA_CERT, REPLICA_KEY_MAX, 0));
	assert_false(is_refused(REPLICA_CERT, 1, REPLICA_VALUE_MAX));
	commit(1);
	assert_true(seen_by_reader(look_limits));
}

static bool collect(void *owner, struct slice key, struct slice value)
{
	char *text = owner;

	strncat(text, (const char *)key.p, key.n);
	strncat(text, (const char *)value.p, value.n);
	return value.p[0] != '3';
}

static bool look_order(struct replica *r)
{
	char all[64] = "", from[64] = "", none[64] = "";

	replica_walk(r, REPLICA_ZONE, SLICE_NONE, collect, all);
	replica_walk(r, REPLICA_ZONE, slice_lit("aa"), collect, from);
	replica_walk(r, REPLICA_CHAIN, SLICE_NONE, collect, none);
	return strcmp(all, "a1b2c3") == 0 && strcmp(from, "b2c3") == 0 && none[0] == 0;
}

static void walks_in_order(void **state)
{
	(void)state;
	begin();
	put(REPLICA_ZONE, "c", "3");
	put(REPLICA_ZONE, "a", "1");
	put(REPLICA_ZONE, "d", "4");
	put(REPLICA_ZONE, "b", "2");
	commit(1);
	assert_true(seen_by_reader(look_order));
}

static bool look_before(struct replica *r)
{
	return has(r, REPLICA_NAME, "old", "1") && has(r, REPLICA_KEY, "gone", "1") &&
	       lacks(r, REPLICA_NAME, "new") && seq_of(r) == 5;
}

static bool look_names(struct replica *r)
{
	return lacks(r, REPLICA_NAME, "old") && has(r, REPLICA_NAME, "new", "2") &&
	       has(r, REPLICA_NAME, "late", "3") && has(r, REPLICA_KEY, "kept", "2") &&
	       seq_of(r) == 9;
}

static bool look_after(struct replica *r)
{
	return look_names(r) && lacks(r, REPLICA_KEY, "gone") && lacks(r, REPLICA_KEY, "never");
}

static void load_aside(void)
{
	assert_int_equal(replica_load_begin(w, NULL), 0);
	begin();
	put(REPLICA_NAME, "new", "2");
	put(REPLICA_KEY, "kept", "2");
	put(REPLICA_KEY, "never", "2");
	assert_int_equal(replica_write_commit(w, NULL, NULL), 0);
	begin();
	put(REPLICA_NAME, "late", "3");
	assert_int_equal(replica_del(w, REPLICA_KEY, slice_lit("never"), NULL), 0);
}

static void swaps_a_snapshot_at_once(void **state)
{
	(void)state;
	begin();
	put(REPLICA_NAME, "old", "1");
	put(REPLICA_KEY, "gone", "1");
	put(REPLICA_KEY, "kept", "1");
	commit(5);
	load_aside();
	assert_true(seen_by_reader(look_before));
	load(9);
	assert_true(seen_by_reader(look_after));
	reopen_writer();
	assert_int_equal(replica_writer_state(w)->seq, 9);
	assert_true(seen_by_reader(look_after));
	/* And back to the first side. Keys that nobody names yet may be there. */
	load_aside();
	assert_true(seen_by_reader(look_names));
	load(9);
	assert_true(seen_by_reader(look_after));
}

static bool look_followed(struct replica *r)
{
	return has(r, REPLICA_NAME, "old", "1") && has(r, REPLICA_NAME, "next", "4") &&
	       lacks(r, REPLICA_NAME, "new") && seq_of(r) == 6;
}

static void forgets_a_load_that_was_cut_short(void **state)
{
	(void)state;
	put_alone(REPLICA_NAME, "old", "1", 5);
	load_aside();
	assert_int_equal(replica_write_commit(w, NULL, NULL), 0);
	replica_load_cancel(w);
	put_alone(REPLICA_NAME, "next", "4", 6);
	assert_true(seen_by_reader(look_followed));
	load_aside();
	reopen_writer();
	assert_true(seen_by_reader(look_followed));
	load_aside();
	load(9);
	assert_true(seen_by_reader(look_after));
}

/* ---- equal content, equal digest ---- */

static uint8_t digest[32];

static void take_digest(const char *at)
{
	struct replica *r;

	assert_int_equal(replica_open_reader(&r, at, NULL), 0);
	replica_digest(r, digest);
	replica_close(r);
}

static void expect_digest(const char *at, bool same)
{
	uint8_t before[32];

	memcpy(before, digest, 32);
	take_digest(at);
	assert_int_equal(memcmp(before, digest, 32) == 0, same);
}

static void replay(unsigned seed, int steps)
{
	srand(seed);
	for (int i = 1; i <= steps; i++) {
		enum replica_table t = (enum replica_table)(1 + rand() % REPLICA_KEY);
		char key[8], value[16];
		snprintf(key, sizeof(key), "%02d", rand() % 20);
		snprintf(value, sizeof(value), "value %d", rand());
		begin();
		if (rand() % 4 == 0)
			assert_int_equal(replica_del(w, t, slice_str(key), NULL), 0);
		else
			put(t, key, value);
		commit((uint64_t)i);
	}
}

struct copy {
	enum replica_table t;
	struct replica_writer *to;
};

static bool copy_record(void *owner, struct slice key, struct slice value)
{
	struct copy *c = owner;

	return replica_put(c->to, c->t, key, value, NULL) == 0;
}

/* A snapshot of the replica in `from`, loaded here over something else. */
static void snapshot_from(const char *from)
{
	struct replica *r;
	struct replica_state s;

	assert_int_equal(replica_open_reader(&r, from, NULL), 0);
	put_alone(REPLICA_NAME, "other", "stuff", 3);
	put_alone(REPLICA_KEY, "other", "stuff", 3);
	assert_int_equal(replica_load_begin(w, NULL), 0);
	begin();
	replica_begin(r);
	for (int t = 1; t <= REPLICA_KEY; t++) {
		struct copy c = { (enum replica_table)t, w };
		replica_walk(r, c.t, SLICE_NONE, copy_record, &c);
	}
	replica_state(r, &s);
	replica_end(r);
	assert_int_equal(replica_write_commit(w, NULL, NULL), 0);
	assert_int_equal(replica_load_end(w, &s, NULL), 0);
	replica_close(r);
}

static void replay_equals_snapshot(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 5; seed++) {
		replay(seed, 200);
		replica_close_writer(w);
		take_digest(".");
		assert_int_equal(mkdir("copy", 0700), 0);
		assert_int_equal(replica_open_writer(&w, "copy", 0, NULL), 0);
		snapshot_from(".");
		replica_close_writer(w);
		expect_digest("copy", true);
		assert_int_equal(system("rm -rf copy"), 0);
		open_writer();
		put_alone(REPLICA_CHAIN, "one more", "", 200 + seed);
		replica_close_writer(w);
		expect_digest(".", false);
		open_writer();
	}
}

/* ---- faults ---- */

static void spoil(const char *file)
{
	FILE *f = fopen(file, "r+");

	assert_non_null(f);
	for (int i = 0; i < 8192; i++)
		fputc(0x5a, f);
	fclose(f);
}

static void builds_anew_what_is_unreadable(void **state)
{
	(void)state;
	put_alone(REPLICA_NAME, "com.example", "one", 7);
	replica_close_writer(w);
	spoil("public/data.mdb");
	open_writer();
	assert_int_equal(replica_writer_state(w)->seq, 0);
	assert_true(seen_by_reader(look_empty));
	assert_int_equal(access("public.bad/data.mdb", F_OK), 0);
	replica_close_writer(w);
	spoil("public/data.mdb");
	open_writer();
	put_alone(REPLICA_NAME, "com.example", "one", 1);
}

static bool look_served(struct replica *r)
{
	return has(r, REPLICA_NAME, "com.example", "one") && seq_of(r) == 0;
}

static void wants_a_snapshot_when_the_keys_are_gone(void **state)
{
	(void)state;
	put_alone(REPLICA_NAME, "com.example", "one", 7);
	replica_close_writer(w);
	assert_int_equal(system("rm -rf keys"), 0);
	open_writer();
	assert_int_equal(replica_writer_state(w)->seq, 0);
	assert_true(seen_by_reader(look_served));
	reopen_writer();
	assert_int_equal(replica_writer_state(w)->seq, 0);
}

static bool look_filled(struct replica *r)
{
	struct slice v;

	return replica_get(r, REPLICA_CERT, slice_lit("first"), &v) &&
	       replica_count(r, REPLICA_CERT) > 4;
}

static int fill(int from)
{
	static uint8_t bytes[60000];
	struct fail f = FAIL_INIT;

	for (int i = from; i < 1000; i++) {
		struct replica_state s = state_at((uint64_t)i);
		assert_int_equal(replica_write_begin(w, &f), 0);
		int answer = replica_put(w, REPLICA_CERT, slice_of(&i, sizeof(i)),
					 slice_of(bytes, sizeof(bytes)), &f);
		if (answer == 0)
			answer = replica_write_commit(w, &s, &f);
		else
			assert_int_equal(replica_write_commit(w, &s, NULL), -1);
		if (answer < 0) {
			assert_int_equal(f.kind, FAIL_UNAVAILABLE);
			return i;
		}
	}
	return 1000;
}

static void says_when_the_map_is_full_and_goes_on(void **state)
{
	(void)state;
	replica_close_writer(w);
	assert_int_equal(system("rm -rf public keys"), 0);
	assert_int_equal(replica_open_writer(&w, ".", 1 << 20, NULL), 0);
	put_alone(REPLICA_CERT, "first", "1", 1);
	int full = fill(2);
	assert_in_range(full, 5, 20);
	assert_int_equal(replica_writer_state(w)->seq, full - 1);
	assert_true(seen_by_reader(look_filled));
	replica_close_writer(w);
	assert_int_equal(replica_open_writer(&w, ".", 8 << 20, NULL), 0);
	assert_int_equal(replica_writer_state(w)->seq, full - 1);
	assert_true(fill(full) > full + 10);
}

static void a_reader_waits_for_the_first_replica_and_moves_to_a_new_one(void **state)
{
	(void)state;
	struct replica *r;
	replica_close_writer(w);
	assert_int_equal(system("rm -rf public keys"), 0);
	assert_int_equal(replica_open_reader(&r, ".", NULL), 0);
	replica_begin(r);
	assert_true(look_empty(r));
	replica_end(r);
	for (uint64_t seq = 1; seq <= 3; seq++) {
		assert_int_equal(system("rm -rf public keys"), 0);
		assert_int_equal(replica_refresh(r, NULL), 0);
		open_writer();
		put_alone(REPLICA_NAME, "com.example", "one", seq);
		replica_close_writer(w);
		assert_int_equal(replica_refresh(r, NULL), 0);
		replica_begin(r);
		assert_true(has(r, REPLICA_NAME, "com.example", "one"));
		assert_int_equal(seq_of(r), seq);
		replica_end(r);
	}
	replica_close(r);
	open_writer();
}

static void frees_the_slots_of_dead_readers(void **state)
{
	(void)state;
	uint64_t behind;
	int pid, ends[2];
	put_alone(REPLICA_NAME, "a", "1", 1);
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct replica *r;
		if (replica_open_reader(&r, ".", NULL) == 0)
			replica_begin(r);
		(void)!write(ends[1], "x", 1);
		pause();
		_exit(0);
	}
	char x;
	assert_int_equal(read(ends[0], &x, 1), 1);
	for (uint64_t seq = 2; seq < 20; seq++)
		put_alone(REPLICA_NAME, "a", "1", seq);
	assert_int_equal(replica_tend(w, &behind, &pid), 0);
	assert_in_range(behind, 18, 40);
	assert_int_equal(pid, child);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(replica_tend(w, &behind, &pid) > 0);
	assert_int_equal(replica_tend(w, &behind, &pid), 0);
	close(ends[0]);
	close(ends[1]);
}

static void lets_the_group_read_and_keeps_others_out(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(stat("public/data.mdb", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(stat("keys/data.mdb", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(stat("public/lock.mdb", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_true(st.st_blocks * 512 >= st.st_size);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_records_and_state),
		TEST(deletes_and_puts_again),
		TEST(refuses_what_is_too_long),
		TEST(walks_in_order),
		TEST(swaps_a_snapshot_at_once),
		TEST(forgets_a_load_that_was_cut_short),
		TEST(replay_equals_snapshot),
		TEST(builds_anew_what_is_unreadable),
		TEST(wants_a_snapshot_when_the_keys_are_gone),
		TEST(says_when_the_map_is_full_and_goes_on),
		TEST(a_reader_waits_for_the_first_replica_and_moves_to_a_new_one),
		TEST(frees_the_slots_of_dead_readers),
		TEST(lets_the_group_read_and_keeps_others_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
