/* Two machines follow one truth over real sockets, lose it, lose their disks, and end equal. */
#include "role/applier/follow.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEYS 40
#define LOG  2000

struct entry {
	uint64_t prev;
	uint8_t kind, key;
	uint32_t value; /* 0: tombstone */
};

static struct {
	struct replica_state state;
	struct entry log[LOG];
	uint32_t table[REPLICA_TABLES][KEYS];
} truth;

struct machine {
	struct follow follow;
	struct feed_source source;
	struct ipc *server;
	char folder[16];
};

static char home[] = "/tmp/everseal-follow-XXXXXX";
static struct loop loop;
static struct machine machines[2];
static struct timer beat;
static bool away; /* the truth takes no connections */

/* ---- the truth ---- */

static void change(void)
{
	struct entry e = { .kind = (uint8_t)(1 + rand() % REPLICA_KEY),
			   .key = (uint8_t)(rand() % KEYS),
			   .value = rand() % 4 == 0 ? 0 : (uint32_t)rand() };

	e.prev = truth.state.heads[e.key];
	truth.state.heads[e.key] = ++truth.state.seq;
	truth.log[truth.state.seq] = e;
	truth.table[e.kind][e.key] = e.value;
}

static void give_page(struct feed_source *s)
{
	for (int k = s->want_after.n == 0 ? 0 : s->want_after.p[0] + 1; k < KEYS; k++) {
		uint32_t v = truth.table[s->want_kind][k];
		uint8_t key = (uint8_t)k;
		if (v != 0)
			feed_source_record(s, slice_of(&key, 1), slice_of(&v, sizeof(v)));
	}
	feed_source_page_end(s, truth.state.seq, false);
}

static void give_changes(struct feed_source *s)
{
	for (uint64_t seq = s->want_seq + 1; seq <= truth.state.seq; seq++) {
		const struct entry *e = &truth.log[seq];
		struct feed_change c = { .seq = seq,
					 .prev = e->prev,
					 .at = 1,
					 .shard = e->key,
					 .kind = e->kind,
					 .tombstone = e->value == 0,
					 .key = slice_of(&e->key, 1),
					 .value = slice_of(&e->value, sizeof(e->value)) };
		feed_source_change(s, &c);
	}
	feed_source_changes_end(s, truth.state.seq);
}

static void serve(struct machine *m)
{
	struct feed_source *s = &m->source;
	uint16_t type;
	struct slice payload;

	feed_source_head(s, truth.state.seq);
	for (enum feed_want want; (want = feed_source_want(s)) != FEED_WANT_NOTHING;) {
		if (want == FEED_WANT_START)
			feed_source_start(s, &truth.state, 1);
		else if (want == FEED_WANT_PAGE)
			give_page(s);
		else
			give_changes(s);
	}
	while (feed_source_out(s, &type, &payload)) {
		if (ipc_send(m->server, type, 0, payload, -1) < 0)
			return; /* the machine has hung up; on_closed() comes */
		feed_source_sent(s);
	}
}

static void hang_up(struct machine *m)
{
	ipc_close(m->server);
	m->server = NULL;
	feed_source_fini(&m->source);
	feed_source_init(&m->source, REPLICA_KEY);
}

static void on_frame(struct ipc *c, uint16_t type, uint32_t id, struct slice payload, int fd)
{
	struct machine *m = ipc_owner(c);
	bool changed;

	(void)id;
	(void)fd;
	assert_int_equal(feed_source_feed(&m->source, type, payload, &changed, NULL), 0);
	serve(m);
}

static void on_closed(struct ipc *c, const char *why)
{
	(void)why;
	hang_up(ipc_owner(c));
}

static const struct ipc_events events = { on_frame, on_closed, NULL };

static void want_channel(struct follow *f)
{
	struct machine *m = container_of(f, struct machine, follow);
	int fds[2];

	if (away)
		return;
	ipc_socketpair(fds);
	hang_up(m);
	m->server = ipc_open(&loop, fds[0], &ipc_control_applier, IPC_LEFT, &events, m);
	follow_channel(f, fds[1]);
}

static bool is_there(const struct machine *m)
{
	return id_eq(&m->source.acked_epoch, &truth.state.epoch) &&
	       m->source.acked_seq == truth.state.seq && follow_is_level(&m->follow);
}

static void on_beat(struct timer *t)
{
	for (int i = 0; i < 2; i++) {
		if (machines[i].server == NULL)
			continue;
		feed_source_heartbeat(&machines[i].source, 1);
		serve(&machines[i]);
	}
	timer_arm(&loop, t, 20);
	if (is_there(&machines[0]) && is_there(&machines[1]))
		loop_stop(&loop);
}

/* Until both machines have acknowledged all there is. */
static void run(void)
{
	timer_arm(&loop, &beat, 0);
	loop_run(&loop);
}

/* ---- */

static void start_machine(struct machine *m, int number)
{
	snprintf(m->folder, sizeof(m->folder), "m%d", number);
	assert_int_equal(mkdir(m->folder, 0700), 0);
	feed_source_init(&m->source, REPLICA_KEY);
	m->follow = (struct follow){ .loop = &loop,
				     .folder = m->folder,
				     .machine = { { (uint8_t)(number + 1) } },
				     .name = m->folder,
				     .want_channel = want_channel };
	assert_int_equal(follow_start(&m->follow, NULL), 0);
}

static int enter(void **state)
{
	(void)state;
	strcpy(home + strlen(home) - 6, "XXXXXX");
	assert_non_null(mkdtemp(home));
	assert_int_equal(chdir(home), 0);
	memset(&truth, 0, sizeof(truth));
	truth.state.epoch.b[0] = 1;
	memset(machines, 0, sizeof(machines));
	away = false;
	loop_init(&loop);
	timer_init(&beat, on_beat);
	start_machine(&machines[0], 0);
	start_machine(&machines[1], 1);
	return 0;
}

static void stop_all(void)
{
	timer_stop(&beat);
	for (int i = 0; i < 2; i++) {
		follow_stop(&machines[i].follow);
		hang_up(&machines[i]);
		feed_source_fini(&machines[i].source);
	}
}

static int leave(void **state)
{
	(void)state;
	loop_fini(&loop);
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", home);
	return chdir("/") == 0 ? system(command) : -1;
}

static bool matches(void *owner, struct slice key, struct slice value)
{
	const uint32_t *table = owner;
	uint32_t v;

	assert_int_equal(value.n, sizeof(v));
	memcpy(&v, value.p, sizeof(v));
	assert_int_equal(v, table[key.p[0]]);
	return true;
}

static uint64_t present(const uint32_t *table)
{
	uint64_t n = 0;

	for (int k = 0; k < KEYS; k++)
		n += table[k] != 0;
	return n;
}

static void check_replica(const char *folder, uint8_t digest[32])
{
	struct replica *r;

	assert_int_equal(replica_open_reader(&r, folder, NULL), 0);
	replica_begin(r);
	for (int t = 1; t < REPLICA_TABLES; t++) {
		replica_walk(r, (enum replica_table)t, SLICE_NONE, matches, truth.table[t]);
		assert_int_equal(replica_count(r, (enum replica_table)t), present(truth.table[t]));
	}
	replica_end(r);
	replica_digest(r, digest);
	replica_close(r);
}

/* What both have is what the truth has, whichever way it came. */
static void expect_equal(void)
{
	uint8_t one[32], two[32];

	stop_all();
	check_replica("m0", one);
	check_replica("m1", two);
	assert_memory_equal(one, two, sizeof(one));
}

static void changes(int n)
{
	while (n-- > 0)
		change();
}

static void follow_one_by_one(int n)
{
	while (n-- > 0) {
		change();
		run();
	}
}

static void replay_and_snapshot_end_equal(void **state)
{
	(void)state;
	run();
	follow_one_by_one(60);
	changes(100);
	run();
	/* One of them begins anew. */
	follow_stop(&machines[1].follow);
	assert_int_equal(system("rm -rf m1/public m1/keys"), 0);
	assert_int_equal(follow_start(&machines[1].follow, NULL), 0);
	run();
	expect_equal();
}

static void a_truth_that_goes_and_comes_is_caught_up_with(void **state)
{
	(void)state;
	changes(50);
	run();
	for (int i = 0; i < 5; i++) {
		hang_up(&machines[i % 2]);
		changes(20);
		run();
	}
	expect_equal();
}

static void another_epoch_replaces_everything(void **state)
{
	(void)state;
	changes(100);
	run();
	memset(&truth, 0, sizeof(truth));
	truth.state.epoch.b[0] = 2;
	changes(30);
	hang_up(&machines[0]);
	feed_source_restart(&machines[1].source);
	run();
	expect_equal();
}

static void limit_files(rlim_t bytes)
{
	struct rlimit now;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &now), 0);
	now.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
}

static struct timer relief;

static void on_relief(struct timer *t)
{
	(void)t;
	limit_files(RLIM_INFINITY);
}

static void a_disk_that_fails_delays_and_loses_nothing(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	changes(50);
	run();
	limit_files(4096);
	changes(50);
	timer_init(&relief, on_relief);
	timer_arm(&loop, &relief, 300);
	run();
	assert_false(timer_armed(&relief));
	follow_one_by_one(5);
	expect_equal();
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(replay_and_snapshot_end_equal),
		TEST(a_truth_that_goes_and_comes_is_caught_up_with),
		TEST(another_epoch_replaces_everything),
		TEST(a_disk_that_fails_delays_and_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
